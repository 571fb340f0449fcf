# Writes linear.sklearn-<version>.json: what scikit-learn learns of rows that are multiples of 1/16 (so that float32
# holds them): PCA, whitening, Ledoit-Wolf shrinkage, discriminants, the objective of NCA with its gradient and where
# its fit ends, dimensions of random projections. Run with Python and scikit-learn installed.
import json
import os

import numpy as np
import sklearn
from sklearn.covariance import ledoit_wolf
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.neighbors import KNeighborsClassifier, NeighborhoodComponentsAnalysis
from sklearn.random_projection import johnson_lindenstrauss_min_dim
from sklearn.utils.extmath import svd_flip


def rows(n, d, factor):
    return np.array(
        [[((i * factor + j * 37 + i * i * (j + 3)) % 97 - 48) / 16 * (1 + j % 4) for j in range(d)] for i in range(n)]
    )


def labelled(n, d, factor):
    """Three classes apart on two axes, others noise of larger spread."""
    y = np.arange(n) % 3
    x = rows(n, d, factor)
    x[:, 0] = x[:, 0] / 4 + 2 * y
    x[:, 1] = x[:, 1] / 4 + (y == 1) * 3
    return x, y


def listed(a):
    return np.asarray(a).tolist()


pcas = []
for n, d, k, whiten in ((60, 7, None, False), (60, 7, 3, True), (60, 7, 0.8, False), (6, 11, 4, False)):
    x = rows(n, d, 29)
    model = PCA(n_components=k, whiten=whiten, svd_solver="full").fit(x)
    _, v = svd_flip(np.zeros((n, len(model.components_))), model.components_.copy(), u_based_decision=False)
    model.components_ = v
    pcas.append({
        "n": n, "d": d, "k": k, "whiten": whiten,
        "components": listed(v), "mean": listed(model.mean_),
        "variance": listed(model.explained_variance_), "ratio": listed(model.explained_variance_ratio_),
        "singular": listed(model.singular_values_), "noise": float(model.noise_variance_),
        "transformed": listed(model.transform(x[:5])),
    })

x = rows(60, 7, 29)
covariance = np.cov(x.T)
values, vectors = np.linalg.eigh(covariance)
zca = vectors @ np.diag(values**-0.5) @ vectors.T
shrunk, shrinkage = ledoit_wolf(x)

lx, ly = labelled(90, 6, 31)
lda = LinearDiscriminantAnalysis(solver="svd").fit(lx, ly)

start = np.array([[((i * 5 + j * 3) % 7 - 3) / 8 for j in range(6)] for i in range(3)])
nca = NeighborhoodComponentsAnalysis()
nca.n_iter_ = 0
mask = ly[:, None] == ly[None, :]
value, gradient = nca._loss_grad_lbfgs(start.ravel(), lx, mask, -1.0)
fits = []
test_x, test_y = labelled(60, 6, 43)
for init in ("identity", "pca", "lda"):
    model = NeighborhoodComponentsAnalysis(n_components=2, init=init, max_iter=60, tol=1e-5).fit(lx, ly)
    end, _ = model._loss_grad_lbfgs(model.components_.ravel(), lx, mask, -1.0)
    knn = KNeighborsClassifier(3).fit(model.transform(lx), ly)
    fits.append({"init": init, "value": float(end), "accuracy": float(knn.score(model.transform(test_x), test_y))})
raw = float(KNeighborsClassifier(3).fit(lx, ly).score(test_x, test_y))

dims = [
    {"n": n, "eps": eps, "dim": int(johnson_lindenstrauss_min_dim(n, eps=eps))}
    for n in (2, 100, 10_000, 1_000_000)
    for eps in (0.1, 0.3, 0.5, 0.99)
]
out = {
    "pca": pcas,
    "whitening": {"zca": listed(zca)},
    "ledoitWolf": {"covariance": listed(shrunk), "shrinkage": float(shrinkage)},
    "lda": {"scalings": listed(lda.scalings_[:, :2].T)},
    "nca": {"start": listed(start), "value": float(value), "gradient": listed(gradient.reshape(3, 6)), "fits": fits, "raw": raw},
    "johnsonLindenstrauss": dims,
}
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"linear.sklearn-{sklearn.__version__}.json")
with open(path, "w") as file:
    json.dump(out, file)
    file.write("\n")
