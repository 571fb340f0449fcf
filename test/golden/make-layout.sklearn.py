# Writes layout.sklearn-<version>.json: UMAP's curves fitted by SciPy, and trustworthiness of given layouts.
# Run with Python, SciPy and scikit-learn installed.
import json
import os

import numpy as np
import scipy
import sklearn
from scipy.optimize import curve_fit
from sklearn.manifold import trustworthiness

curves = []
for min_dist, spread in ((0.1, 1.0), (0.5, 1.0), (0.0, 1.0), (0.25, 2.0), (1.0, 0.5), (0.001, 1.0)):
    x = np.linspace(0, spread * 3, 300)
    y = np.where(x < min_dist, 1.0, np.exp(-(x - min_dist) / spread))
    (a, b), _ = curve_fit(lambda d, a, b: 1.0 / (1.0 + a * d ** (2 * b)), x, y, ftol=1e-14, xtol=1e-14, gtol=1e-14)
    curves.append({"minDist": min_dist, "spread": spread, "a": float(a), "b": float(b)})


def rows(n, d, factor):
    return np.array(
        [[((i * factor + j * 37 + i * i * (j + 3)) % 97 - 48) / 16 * (1 + j % 4) for j in range(d)] for i in range(n)]
    )


x = rows(60, 7, 29)
cases = []
for layout in ("first", "sum"):
    y = x[:, :2] if layout == "first" else np.stack([x[:, :4].sum(1), x[:, 3:].sum(1)], 1)
    for k in (1, 5, 12):
        cases.append({
            "layout": layout, "k": k, "trustworthiness": float(trustworthiness(x, y, n_neighbors=k)),
            "continuity": float(trustworthiness(y, x, n_neighbors=k)),
        })
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"layout.sklearn-{sklearn.__version__}.json")
with open(path, "w") as file:
    json.dump({"scipy": scipy.__version__, "curves": curves, "quality": cases}, file)
    file.write("\n")
