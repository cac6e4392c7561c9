"""Random trains, put out by nmes-core and built by pulse2percept, compared pulse by pulse.

Usage: pulse2percept.py path/to/oracle_trains [trains] [seed]

Where the two differ and are meant to, the difference has a name in EXPECTED below and a row in docs/oracles.md. Any other
difference is printed, and the exit code is 1; so is it when an expected one no longer occurs.
"""

import math
import random
import subprocess
import sys
import warnings

# this file's own folder, where it would be found in place of the package of its name
sys.path.pop(0)
import numpy as np
from pulse2percept.stimuli import AsymmetricBiphasicPulseTrain, BiphasicPulseTrain

# Edges of pulse2percept take DT, a microsecond; its times are floating-point milliseconds.
SLACK_TICKS = 1e-3
# nmes-core, at 1 MHz: the least time between edges, and the ticks by which a balancing phase may have to be widened.
SPACING, WIDEN = 1, 16
CODE_UA = 10
# pulse2percept sums the charge of a train in 32-bit floats and calls it balanced below 10 pA (here µA·ms).
FLOAT32, MIN_AMP = 2.0**-24, 1e-5

EXPECTED = ("first-onset", "last-pulse", "no-room", "half-a-code", "ramps-of-asymmetric", "float-balance")


class Train:
    """What is asked of both."""

    def __init__(self, rng, symmetric):
        self.ua = rng.choice([rng.randrange(100, 100_000), rng.randrange(10, 10_000) * 10])
        self.us = rng.randrange(20, 1_000)
        self.gap = rng.choice([0, 0, rng.randrange(1, 500)])
        self.percent = 100 if symmetric else rng.choice([200, 300, 400, 500, 800])
        self.cathodic_first = rng.random() < 0.5
        room = self.us + self.gap + self.us * self.percent // 100
        kind = rng.randrange(5)
        if kind == 0:  # whole microseconds a period, some of them with hardly any room
            self.pulses, self.per_us = 1, room + rng.choice([rng.randrange(0, 30), rng.randrange(30, 60_000)])
        elif kind == 1:  # whole pulses a second
            self.pulses, self.per_us = rng.randrange(1, max(2, min(400, 1_000_000 // (room + 20)))), 1_000_000
        elif kind == 2:  # tenths
            self.pulses, self.per_us = rng.randrange(5, max(6, min(1_500, 10_000_000 // (room + 20)))), 10_000_000
        elif kind == 3:  # thousandths
            most = max(501, min(150_000, 1_000_000_000 // (room + 20)))
            self.pulses, self.per_us = rng.randrange(500, most), 1_000_000_000
        else:
            self.pulses, self.per_us = 1, room + 20
        period_ms = self.per_us / self.pulses / 1e3
        near = max(1, round(period_ms * rng.randrange(1, 40)))  # often a pulse stands at the very end
        longest = min(1_500, max(5, int(period_ms * 200)))
        self.ms = min(longest, rng.choice([near, rng.randrange(5, 1_500)]))
        if kind == 4:  # a pulse ends with the train, to the microsecond
            count = rng.randrange(1, 20)
            self.ms = -(-count * (room + 20 + rng.randrange(20_000)) // 1_000)
            while (self.ms * 1_000 - room) % count or (self.ms * 1_000 - room) // count < room + 20:
                self.ms += 1
                count -= self.ms % 50 == 0 and count > 1
            self.pulses, self.per_us = 1, (self.ms * 1_000 - room) // count

    def line(self):
        leading = "-" if self.cathodic_first else "+"
        return f"{self.ua} {self.us} {self.gap} {self.percent} {self.pulses} {self.per_us} {self.ms} {leading}"

    def period(self):
        return self.per_us / self.pulses

    def length(self):
        return self.us + self.gap + self.us * self.percent // 100

    def ideal(self, n):
        """Onset n in whole ticks."""
        return n * self.per_us // self.pulses

    def onsets(self):
        """How many onsets stand before the end."""
        return -(-self.ms * 1_000 * self.pulses // self.per_us)


def ours(binary, trains):
    lines = "".join(train.line() + "\n" for train in trains)
    text = subprocess.run([binary], input=lines, capture_output=True, text=True, check=True).stdout
    answers = []
    for line in text.splitlines():
        if line == "train":
            answers.append([])
        elif line.startswith("refused"):
            answers.append(line)
        else:
            onset, *levels = line.split()
            answers[-1].append((int(onset), [tuple(map(int, level.split(":"))) for level in levels]))
    assert len(answers) == len(trains)
    return answers


def theirs(train):
    """(pulses, is_charge_balanced, net charge), or the text of a refusal."""
    common = dict(interphase_dur=train.gap / 1e3, stim_dur=train.ms, cathodic_first=train.cathodic_first)
    freq = train.pulses * 1e6 / train.per_us
    try:
        if train.percent == 100:
            built = BiphasicPulseTrain(freq, train.ua, train.us / 1e3, **common)
        else:
            weak, long = train.ua * 100 / train.percent, train.us * train.percent / 100e3
            built = AsymmetricBiphasicPulseTrain(freq, train.ua, weak, train.us / 1e3, long, **common)
        data = built.data[0].astype(float)
        net = float(np.sum((data[1:] + data[:-1]) / 2 * np.diff(built.time)))
        return pulses_of(built.time * 1e3, data), built.is_charge_balanced, net
    except ValueError as error:
        return f"refused {error}", None, None


def pulses_of(time, data):
    """Phases of a waveform: a phase begins at the last zero before a level and ends at the first zero after it."""
    found, begin = [], None
    for index in range(1, len(time)):
        if data[index - 1] == 0 and data[index] != 0:
            begin = index - 1
        if data[index - 1] != 0 and data[index] == 0 and begin is not None:
            found.append((time[begin], time[index], data[index - 1]))
            begin = None
    if begin is not None:
        found.append((time[begin], time[-1], data[-1]))
    return [found[n : n + 2] for n in range(0, len(found), 2)]


def close(a, b, slack=SLACK_TICKS):
    return abs(a - b) <= slack + 1e-9 * abs(b)


def compare_pulse(train, n, pulse, phases):
    """Differences of one pulse that both have."""
    onset, levels = pulse
    driven = [level for level in levels if level[0] != 0]
    if len(phases) != 2:
        yield "phases", f"pulse {n}: {len(phases)} phases"
        return
    (begin, first_end, first), (second_begin, end, second) = phases
    wanted = train.ideal(n)
    if n == 0 and onset == SPACING and wanted == 0:
        yield "first-onset", ""
        onset = 0
    if not (onset == wanted and -SLACK_TICKS <= begin - onset < 1 + SLACK_TICKS):
        yield "onset", f"pulse {n} at {onset}, theirs at {begin}, ideal {wanted}"
    lengths = [driven[0][1], sum(ticks for _, ticks in driven[1:])]
    if not (close(first_end - begin, lengths[0]) and close(end - second_begin, train.us * train.percent // 100)):
        yield "length", f"pulse {n}: {levels}, theirs {phases}"
    if train.percent == 100 and lengths[1] != lengths[0]:
        yield "length", f"pulse {n}: {levels}"
    gap = sum(ticks for level, ticks in levels if level == 0)
    if not close(second_begin - first_end, gap):
        yield "gap", f"pulse {n}: gap {gap}, theirs {second_begin - first_end}"
    if driven[0][0] != first:
        near = abs(driven[0][0] - first) <= CODE_UA / 2
        yield ("half-a-code" if near else "level"), f"pulse {n}: {driven[0][0]} µA, theirs {first}"
    if math.copysign(1, driven[0][0]) != math.copysign(1, first) or (driven[-1][0] > 0) != (second > 0):
        yield "polarity", f"pulse {n}: {levels}, theirs {phases}"
    if sum(level * ticks for level, ticks in levels) != 0:
        yield "balance", f"pulse {n}: {levels}"


def compare_counts(train, mine, them):
    """Both deliver whole pulses only; they differ in what is done with one that would end after the train."""
    expected = train.onsets()
    if len(mine) != expected:
        yield "count", f"{len(mine)} pulses, {expected} onsets before the end"
    # onsets at which a pulse would still end in time, in whole numbers
    end = train.ms * 1_000 * train.pulses
    fits = sum(end - n * train.per_us >= train.length() * train.pulses for n in range(expected))
    if len(them) != fits:
        yield "their-count", f"theirs has {len(them)} pulses, {fits} fit"
    if len(mine) != len(them):
        last = len(mine) == len(them) + 1
        yield ("last-pulse" if last else "count"), f"{len(mine)} pulses, theirs {len(them)}"


def compare_balance(train, them, answer):
    balanced, net = answer
    phase = train.ua * train.us / 1e3
    if train.percent != 100:
        if not balanced:
            yield "ramps-of-asymmetric", ""
        return
    # their waveform, added up in 64 bits
    if abs(net) > phase * max(1, len(them)) * 1e-9:
        yield "their-balance", f"net {net} µA·ms of {phase} a phase"
    if not balanced:
        wobble = phase * len(them) * 2 * FLOAT32
        yield ("float-balance" if wobble > MIN_AMP else "their-balance"), f"{len(them)} pulses of {train.ua} µA"


def compare(train, mine, answer):
    them, *charge = answer
    if isinstance(mine, str) or isinstance(them, str):
        room = train.period() - train.length()
        short = isinstance(mine, str) and "the period has to hold" in mine and room < WIDEN + SPACING + 1
        if not (short and isinstance(them, str) and room < 0):
            yield ("no-room" if short else "refusal"), f"{mine} against {them}"
        return
    yield from compare_counts(train, mine, them)
    for n, (pulse, phases) in enumerate(zip(mine, them)):
        yield from compare_pulse(train, n, pulse, phases)
    yield from compare_balance(train, them, charge)


def main():
    binary = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 500
    rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 20261121)
    warnings.simplefilter("ignore")
    trains = [Train(rng, symmetric=True) for _ in range(count)] + [Train(rng, symmetric=False) for _ in range(count // 5)]
    names, new, pulses = {}, 0, 0
    for train, mine in zip(trains, ours(binary, trains)):
        answer = theirs(train)
        pulses += 0 if isinstance(mine, str) else len(mine)
        seen = {}
        for name, text in compare(train, mine, answer):
            seen.setdefault(name, text)
        for name, text in seen.items():
            names[name] = names.get(name, 0) + 1
            if name not in EXPECTED:
                new += 1
                if new <= 20:
                    print(f"NEW {name}: {text}\n  {train.line()}")
    print(f"{count} symmetric and {count // 5} asymmetric trains, {pulses} pulses")
    for name in EXPECTED:
        print(f"  expected: {name}: {names.get(name, 0)} trains")
    gone = [name for name in EXPECTED if name not in names]
    if gone and count >= 500:
        print(f"no longer seen, take it off the list and off docs/oracles.md: {' '.join(gone)}")
    print(f"new disagreements: {new}")
    return 1 if new or (gone and count >= 500) else 0


if __name__ == "__main__":
    sys.exit(main())
