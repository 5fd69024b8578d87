"""Reference figures for what guesses about canaries prove of epsilon.

Run with Python 3.11, mpmath 1.4 and scipy 1.17 in this folder. Every probability is a plain sum of
binomial terms with 60 digits: no tail function, no recurrence. File: audit.json.
"""
import json

from mpmath import binomial, exp, mp, mpf
from scipy.stats import binom

mp.dps = 60


def value(canaries, guesses, correct, epsilon, delta):
    p = 1 / (1 + exp(-mpf(epsilon)))
    mass = [binomial(guesses, k) * p**k * (1 - p)**(guesses - k) for k in range(guesses + 1)]
    tail = sum(mass[correct:])
    window, worst = mpf(0), mpf(0)
    for i in range(1, correct + 1):
        window += mass[correct - i]
        worst = max(worst, window / i)
    return min(tail + 2 * canaries * mpf(delta) * worst, mpf(1))


def rough(canaries, guesses, correct, epsilon, delta):
    p = 1 / (1 + float(exp(-mpf(epsilon))))
    mass = binom.pmf(range(correct - 1, -1, -1), guesses, p).cumsum()
    worst = max(mass / range(1, correct + 1))
    return min(binom.sf(correct - 1, guesses, p) + 2 * canaries * delta * worst, 1)


def bound(canaries, guesses, correct, delta, confidence):
    """Scanned in double precision; the last rejection and the first acceptance with 60 digits."""
    step = 0
    while rough(canaries, guesses, correct, mpf(step) / 256, delta) <= 1 - confidence:
        step += 1
    limit = 1 - mpf(confidence)
    assert value(canaries, guesses, correct, mpf(step) / 256, delta) > limit
    assert step == 0 or value(canaries, guesses, correct, mpf(step - 1) / 256, delta) <= limit
    return max(mpf(step - 1) / 256, 0)


values = []
for canaries, guesses, correct in [(1, 1, 1), (4, 4, 4), (10, 7, 5), (100, 100, 60), (100, 30, 30),
                                   (1000, 200, 160), (1000, 1000, 510), (1000, 1000, 900), (500, 40, 0)]:
    for epsilon in [0, 0.1, 1, 2.5, 6]:
        for delta in [0, 1e-5, 1e-3]:
            values.append({
                "canaries": canaries, "guesses": guesses, "correct": correct, "epsilon": epsilon,
                "delta": delta, "pValue": float(value(canaries, guesses, correct, epsilon, delta))})

bounds = []
for canaries, guesses, correct in [(100, 100, 60), (100, 30, 30), (1000, 200, 160), (1000, 1000, 510),
                                   (1000, 300, 299), (50, 50, 50)]:
    for delta in [0, 1e-5, 1e-3]:
        for confidence in [0.95, 0.999]:
            bounds.append({
                "canaries": canaries, "guesses": guesses, "correct": correct, "delta": delta,
                "confidence": confidence,
                "epsilon": float(bound(canaries, guesses, correct, delta, confidence))})

with open("audit.json", "w") as file:
    json.dump({"values": values, "bounds": bounds}, file, indent=1)
    file.write("\n")
