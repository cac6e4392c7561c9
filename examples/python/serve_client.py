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
period, waits, passed, errors = 1e3 / channels[0]["rate_mhz"], [], [], []
while time.monotonic() - begin < seconds or sent:
    for channel in channels if time.monotonic() - begin < seconds else []:
        level = 0.6 + 0.4 * math.sin(time.monotonic() * 2 + channel["ch"])
        sent[seq] = time.monotonic()
        say(do="set", ch=channel["ch"], ua=int(channel["ceiling_ua"] * level), us=channel["ceiling_us"], seq=seq)
        seq += 1
    for _ in channels if sent else []:
        answer = json.loads(lines.readline())
        errors += [answer] if "error" in answer or "event" in answer else []
        at = sent.pop(answer.get("receipt", answer.get("seq")), None)
        waits += [1e3 * (time.monotonic() - at)] if "passed" in answer else []
        passed += [answer["passed"]] if "passed" in answer else []
    time.sleep(max(0, begin + period * (seq // len(channels)) - time.monotonic()))
say(do="stop")
at = lambda values, part: sorted(values)[min(len(values) - 1, int(part * len(values)))]
print(f"{seq} commands, {len(waits)} applied, {len(sent)} without an answer, {len(errors)} errors or events", *errors[:3])
print(f"command to applied, as the client sees it: median {at(waits, .5):.1f} ms, p99 {at(waits, .99):.1f} ms")
print(f"pulses that went out without it: p99 {at(passed, .99)}, most {max(passed)}")
