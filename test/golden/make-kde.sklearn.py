# Writes kde.sklearn-<version>.json: log densities of scikit-learn's KernelDensity, to 1e-13, over rows that
# are multiples of 1/16, so that float32 holds them. Run with Python and scikit-learn installed.
import json
import os

import sklearn
from sklearn.neighbors import KernelDensity

KERNELS = ["gaussian", "exponential", "tophat", "epanechnikov", "linear", "cosine"]


def rows(n, d, factor):
    return [[((i * factor + j * 37 + i * i * (j + 3)) % 97 - 48) / 16 for j in range(d)] for i in range(n)]


cases = []
for d in (1, 2, 3, 8):
    data, queries = rows(150, d, 29), rows(12, d, 31) + [[40.0] * d]
    for kernel in KERNELS:
        if kernel == "cosine" and d % 2 == 0:
            continue  # This version's integral of the kernel lacks a term in even dimensions.
        for bandwidth in (0.5, 2.0):
            model = KernelDensity(kernel=kernel, bandwidth=bandwidth, algorithm="ball_tree", atol=0, rtol=1e-13).fit(data)
            scores = [None if s == float("-inf") else s for s in model.score_samples(queries)]
            cases.append({"d": d, "kernel": kernel, "bandwidth": bandwidth, "log": scores})
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"kde.sklearn-{sklearn.__version__}.json")
with open(path, "w") as file:
    json.dump({"rows": 150, "cases": cases}, file)
    file.write("\n")
