#!/usr/bin/env python3
"""serve_client.py HOST PORT SECONDS: commands every pulse of `nmes serve`, and says how long commands took."""
import json, math, socket, sys, time

host, port, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
line = socket.create_connection((host, port))
line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
lines = line.makefile("r", encoding="utf-8")


def say(**what):
    line.sendall((json.dumps(what) + "\n").encode())


hello = json.loads(lines.readline())
assert hello["hello"] == "nmes-serve" and hello["version"] == 1 and hello["role"] == "writer", hello
say(do="arm")
while json.loads(lines.readline()).get("event") != "armed":
    pass  # what is authorised rises by itself; nothing is put out meanwhile
channels, sent, begin, seq = hello["channels"], {}, time.monotonic(), 0
period, applied, errors = 1e3 / channels[0]["rate_mhz"], [], []
while time.monotonic() - begin < seconds or sent:
    for channel in channels if time.monotonic() - begin < seconds else []:
        level = 0.6 + 0.4 * math.sin(time.monotonic() * 2 + channel["ch"])
        sent[seq] = time.monotonic()
        say(do="set", ch=channel["ch"], ua=int(channel["ceiling_ua"] * level), us=channel["ceiling_us"], seq=seq)
        seq += 1
    for _ in channels if sent else []:
        answer = json.loads(lines.readline())
        errors += [answer] if "error" in answer or "event" in answer else []
        answer["ms"] = 1e3 * (time.monotonic() - sent.pop(answer.get("receipt", answer.get("seq")), 0))
        applied += [answer] if "passed" in answer else []
    time.sleep(max(0, begin + period * (seq // len(channels)) - time.monotonic()))
say(do="stop")
at = lambda key, part: sorted(a[key] for a in applied)[min(len(applied) - 1, int(part * len(applied)))]
print(f"{seq} commands, {len(applied)} applied, {len(sent)} without an answer, {len(errors)} errors or events", *errors[:3])
print(f"from the command to its receipt at the client: median {at('ms', .5):.1f} ms, p99 {at('ms', .99):.1f} ms")
print(f"from its arrival to its pulse: median {at('waited_us', .5) / 1e3:.1f} ms, p99 {at('waited_us', .99) / 1e3:.1f} ms")
print(f"pulses that went out without it: p99 {at('passed', .99)}, most {at('passed', 1)}")
