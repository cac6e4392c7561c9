"""Reference vectors for nmes-protocols/tests/models_reference.rs, from another road than the crate's.

Calcium here is the plain sum over all pulses inside a differential equation; all states, calcium too, are integrated
by scipy's DOP853. Nothing is shared with the crate but the published equations and numbers.

    python3 -m venv venv && venv/bin/pip install numpy==2.4.6 scipy==1.17.1
    venv/bin/python nmes-protocols/tests/models_reference/reference.py
"""

import csv
import math
import pathlib

import numpy as np
from scipy.integrate import solve_ivp

HERE = pathlib.Path(__file__).parent
DING_2003 = dict(tc=0.020, a=3009.0, tau1=0.050957, tau2=0.060, km=0.103, r0=1.143)
DING_2007 = dict(tc=0.011, a=4920.0, tau1=0.060601, tau2=0.001, km=0.137, r0=1.177)
MARION = dict(tc=0.020, a=1473.0, tau1=0.04298, tau2=0.10536, km=0.128, r0=1.168)
FATIGUE_2003 = dict(aa=-0.4, at=2.1e-5, ak=1.9e-5, tf=127.0)
FATIGUE_MARION = dict(aa=-0.2006, at=1.563e-4, ak=6.269e-5, tf=97.48)
FRESH = dict(aa=0.0, at=0.0, ak=0.0, tf=1.0)


def run(muscle, fatigue, pulses, asked, share=1.0, tol=1e-11):
    """States at the asked times; `pulses` are (time, weight)."""
    tc = muscle["tc"]

    def slope(t, y, fired):
        cn, f, a, tau1, km = y
        driven = sum(w * r * math.exp(-(t - at) / tc) for at, w, r in fired)
        bound = cn / (km + cn)
        back = lambda value, rest, alpha: (rest - value) / fatigue["tf"] + alpha * f
        return [
            (driven - cn) / tc,
            share * a * bound - f / (tau1 + muscle["tau2"] * bound),
            back(a, muscle["a"], fatigue["aa"]) if fatigue is not FRESH else 0.0,
            back(tau1, muscle["tau1"], fatigue["at"]) if fatigue is not FRESH else 0.0,
            back(km, muscle["km"], fatigue["ak"]) if fatigue is not FRESH else 0.0,
        ]

    y, t, fired, out = np.array([0.0, 0.0, muscle["a"], muscle["tau1"], muscle["km"]]), 0.0, [], {}
    weights = dict(pulses)
    for at in sorted(set(weights) | set(asked)):
        if at > t:
            near = [p for p in fired if t - p[0] < 60 * tc]
            y = solve_ivp(slope, (t, at), y, method="DOP853", rtol=tol, atol=tol, args=(near,), max_step=0.05).y[:, -1]
            t = at
        if at in asked:
            out[at] = y.copy()
        if at in weights:
            enhanced = 1 + (muscle["r0"] - 1) * math.exp(-(at - fired[-1][0]) / tc) if fired else 1.0
            fired.append((at, weights[at], enhanced))
    return out


def train(hertz, begin=0.0, seconds=1.0, weight=1.0):
    return [(begin + i / hertz, weight) for i in range(round(hertz * seconds))]


def hmed(ma):
    return max(0.0, 0.586 * (math.tanh(0.026 * (ma - 63.1)) + 0.833))


def width(us):
    return max(0.0, 1 - math.exp(-(us - 131.405) / 194.138))


def force_runs():
    times = [0.005, 0.02, 0.05, 0.08, 0.1, 0.15, 0.2, 0.35, 0.5, 0.75, 1.0, 1.1, 1.3]
    yield "twitch", run(DING_2003, FRESH, [(0.0, 1.0)], times)
    for hertz in (10, 20, 33, 50, 100):
        yield f"ding2003_{hertz}", run(DING_2003, FRESH, train(hertz), times)
        yield f"ding2003_fatigue_{hertz}", run(DING_2003, FATIGUE_2003, train(hertz), times)
    for us in (200, 300, 600):
        yield f"ding2007_{us}us", run(DING_2007, FRESH, train(40), times, share=width(us))
    for ma in (20, 40, 60, 100):
        yield f"hmed2018_{ma}ma", run(DING_2003, FATIGUE_2003, train(33, weight=hmed(ma)), times)
    yield "marion2009", run(MARION, FATIGUE_MARION, train(33), times)


def write(name, head, rows):
    with open(HERE / name, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        writer.writerows([[f"{c:.10g}" if isinstance(c, float) else c for c in row] for row in rows])


def main():
    states = ("cn", "force_n", "a", "tau1_s", "km")
    write("force.csv", ("run", "t_s", *states), [
        (name, t, *map(float, y)) for name, out in force_runs() for t, y in out.items()
    ])
    pulses = [p for c in range(90) for p in train(33, begin=2.0 * c)]
    ends = [2.0 * c + 1.0 for c in range(90)] + [180.0, 240.0, 480.0]
    out = run(DING_2003, FATIGUE_2003, pulses, ends, tol=1e-9)
    write("fatigue.csv", ("t_s", *states), [(t, *map(float, y)) for t, y in out.items()])
    rows, mu, t = [], 1.0, 0.0
    for active, seconds in [(1.0, 10.0), (0.0, 50.0), (0.5, 20.0), (0.25, 7.0), (1.0, 100.0), (0.0, 300.0)]:
        slope = lambda _, y: (0.2 - y) * active / 30.0 + (1 - y) * (1 - active) / 50.0
        mu = float(solve_ivp(slope, (0.0, seconds), [mu], method="DOP853", rtol=1e-12, atol=1e-12).y[0, -1])
        rows.append((active, seconds, mu))
    write("fitness.csv", ("activation", "seconds", "fitness"), rows)


main()
