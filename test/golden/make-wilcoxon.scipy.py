# Writes wilcoxon.scipy-<version>.json: SciPy's signed-rank test of pairs that are multiples of 1/4096, or of 1/4 where there
# are to be ties. SciPy counts signs for up to 50 pairs without ties and takes the normal distribution for all others; ties
# are only among the latter here. Run with Python and SciPy installed.
import json
import os

import numpy as np
import scipy
from scipy.stats import wilcoxon


def pairs(seed, n, shift, unit):
    draw = np.random.default_rng(seed)
    a, b = draw.standard_normal(n) + shift, draw.standard_normal(n)
    return [(np.round(x / unit) * unit).tolist() for x in (a, b)]


FINE, COARSE = 1 / 4096, 1 / 4
CASES = [
    (1, 5, 0.5, FINE),
    (2, 12, 0.3, FINE),
    (3, 12, 1.5, FINE),
    (4, 30, 0.1, FINE),
    (5, 50, 0.4, FINE),
    (6, 68, 0.2, FINE),
    (7, 68, 2.0, FINE),
    (8, 110, 0.0, FINE),
    (9, 90, 0.2, COARSE),
    (10, 150, 0.1, COARSE),
]

cases = []
for case in CASES:
    a, b = pairs(*case)
    found = wilcoxon(a, b)
    cases.append({"a": a, "b": b, "statistic": float(found.statistic), "pvalue": float(found.pvalue)})

path = os.path.join(os.path.dirname(__file__), f"wilcoxon.scipy-{scipy.__version__}.json")
with open(path, "w") as out:
    json.dump(cases, out, separators=(",", ":"))
    out.write("\n")
