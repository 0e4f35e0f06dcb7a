# SPDX-License-Identifier: GPL-2.0
"""What ratios say: their geometric mean and how far it can be trusted."""

import math

# Student's t, two-sided 95 %, by degrees of freedom
T95 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
       2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
       2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042)
T95_LIMIT = 1.960


def interval(ratios):
    """(low, geometric mean, high); the mean's 95 % interval, from the logs."""
    logs = [math.log(max(r, 1e-9)) for r in ratios]
    n = len(logs)
    mean = sum(logs) / n
    if n == 1:
        return 0.0, math.exp(mean), math.inf
    spread = math.sqrt(sum((x - mean) ** 2 for x in logs) / (n - 1))
    half = (T95[n - 2] if n - 2 < len(T95) else T95_LIMIT) * spread / math.sqrt(n)
    return math.exp(mean - half), math.exp(mean), math.exp(mean + half)


def jain(shares):
    """Jain's index of fairness: 1 when all are equal, 1/n when one has all."""
    squares = sum(x * x for x in shares)
    return sum(shares) ** 2 / (len(shares) * squares) if squares else 0.0
