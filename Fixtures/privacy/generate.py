"""Reference figures for the normal distribution, noise scales, privacy profiles and binomial bounds.

Run with Python 3.11 and mpmath 1.3 in this folder; everything is computed with 60 digits or more
and rounded to the nearest double. Files: mechanisms.json, bounds.json.
"""
import json

from mpmath import (betainc, erfc, exp, findroot, log, log1p, mp, mpf, pi, sqrt)

mp.dps = 80


def upper(x):
    return erfc(x / sqrt(mpf(2))) / 2


def profile(epsilon, ratio):
    return upper(epsilon / ratio - ratio / 2) - exp(epsilon) * upper(epsilon / ratio + ratio / 2)


def bisect(function, low, high, target, steps=250):
    """The root of a function that grows, by geometric bisection."""
    for _ in range(steps):
        middle = sqrt(low * high)
        if function(middle) <= target:
            low = middle
        else:
            high = middle
    return low



normal = []
for x in [-1e6, -300, -37.6, -30, -20.5, -10, -5.3, -3.0001, -2.9999, -2, -1, -0.3, -1e-9, 0, 1e-5, 0.7,
          1.9, 3, 6.5, 12, 37]:
    t = mpf(x)
    tail = upper(-t)
    normal.append({
        "x": x, "cumulative": float(tail), "logCumulative": float(log(tail) if x < 3 else log1p(-upper(t))),
        "upperTail": float(upper(t))})

quantiles = []
for p in [5e-320, 1e-300, 3e-100, 1e-16, 2e-9, 1e-4, 0.02, 0.2, 0.3999, 0.41, 0.499999999, 0.5]:
    if p == 0.5:
        x = mpf(0)
    else:
        x = findroot(lambda t: log(upper(t)) - log(mpf(p)), sqrt(-2 * log(mpf(p))) if p < 0.2 else
                     (mpf(1) / 2 - mpf(p)) * sqrt(2 * pi))
    quantiles.append({"upperTail": p, "x": float(x)})

scales = []
for epsilon, delta in [(1e-9, 1e-12), (1e-6, 0.3), (1e-4, 1e-300), (0.03, 1e-5), (0.7, 0.999), (1, 1e-300), (3, 0.5),
                       (30, 1e-20), (100, 1e-5), (100, 1e-300), (709, 1e-7), (800, 1e-200),
                       (2000, 1e-5), (10000, 0.05), (10000, 1e-9), (10000, 1e-300)]:
    e, d = mpf(epsilon), mpf(delta)
    a = bisect(lambda r: profile(e, r), mpf(10) ** -30, mpf(10) ** 6, d)
    scales.append({"epsilon": epsilon, "delta": delta, "analytic": float(1 / a)})

profiles = []
for epsilon, sensitivity, sigma in [(0, 1, 1e6), (1e-8, 1, 1e7), (0.2, 3, 40), (1, 0.01, 1), (2, 1, 0.1), (0.5, 1, 0.05),
                                    (8, 1, 0.62), (40, 2, 1), (1000, 1, 0.025), (10000, 1, 0.01), (5, 1, 2.5), (300, 1, 2)]:
    a = mpf(sensitivity) / mpf(sigma)
    d = profile(mpf(epsilon), a)
    profiles.append({
        "epsilon": epsilon, "sensitivity": sensitivity, "sigma": sigma, "delta": float(d), "logDelta": float(log(d))})

epsilons = []
for delta, sensitivity, sigma in [(1e-5, 1, 1), (1e-5, 1, 0.05), (1e-300, 1, 3), (0.3, 1, 1), (1e-10, 1, 1e4), (0.01, 1, 10)]:
    a = mpf(sensitivity) / mpf(sigma)
    e = bisect(lambda t: -profile(t, a), mpf(10) ** -40, mpf(10) ** 6, -mpf(delta))
    epsilons.append({"delta": delta, "sensitivity": sensitivity, "sigma": sigma, "epsilon": float(e)})

json.dump({"normal": normal, "quantiles": quantiles, "scales": scales, "profiles": profiles, "epsilons": epsilons},
          open("mechanisms.json", "w"), indent=1)

mp.dps = 50


def sum_tail(x, a, b):
    """I_x(a, b) for whole a, b: the binomial tail, by its terms from the larger end."""
    x, n = mpf(x), int(a + b - 1)
    a = int(a)
    term = mp.binomial(n, a) * x ** a * (1 - x) ** (n - a)
    total = mpf(0)
    for k in range(a, n + 1):
        total += term
        if term < total * mpf(10) ** -45 and k > n * x:
            break
        term *= mpf(n - k) / (k + 1) * x / (1 - x)
    return total


tails = []
for x, a, b in [(0.5, 0.5, 0.5), (0.01, 2.5, 700), (0.999, 1.25, 0.3), (1e-9, 3, 4), (0.97, 55.5, 3.25), (0.3, 400, 1000.5)]:
    low = betainc(a, b, 0, mpf(x), regularized=True)
    high = betainc(a, b, mpf(x), 1, regularized=True)
    tails.append({"x": x, "a": a, "b": b, "logLower": float(log(low)), "logUpper": float(log(high))})

clopper = []
for n, count, alpha in [(1, 1, 0.05), (10, 0, 0.001), (10, 3, 0.3), (1000, 999, 0.001), (1000, 500, 1e-6), (100000, 99990, 0.001),
                        (100000, 1, 0.001), (1000000, 700000, 0.001), (64, 64, 1e-12)]:
    def lower_of(k):
        if k == 0:
            return mpf(0)
        if k == n:
            return mpf(alpha) ** (mpf(1) / n)
        low, high = mpf(0), mpf(k) / n
        for _ in range(70):
            middle = (low + high) / 2
            if sum_tail(middle, k, n - k + 1) <= mpf(alpha):
                low = middle
            else:
                high = middle
        return low
    clopper.append({
        "n": n, "count": count, "alpha": alpha, "lower": float(lower_of(count)), "upper": float(1 - lower_of(n - count))})

json.dump({"tails": tails, "clopperPearson": clopper}, open("bounds.json", "w"), indent=1)
