# Writes estimators.sklearn-<version>.json: what scikit-learn's estimators over neighbours predict for rows made by a
# formula in whole numbers, multiples of 1/512, so that float32 holds them. Run with Python and scikit-learn installed.
import json
import os
import warnings

import numpy as np
import sklearn
from sklearn.neighbors import (
    KernelDensity,
    KNeighborsClassifier,
    KNeighborsRegressor,
    LocalOutlierFactor,
    NearestCentroid,
    RadiusNeighborsClassifier,
    RadiusNeighborsRegressor,
)

warnings.filterwarnings("ignore")
N, D, Q = 120, 3, 20


def formula(n, d, salt):
    return np.array(
        [[((i * 7919 + j * 104729 + i * i * (31 + j + salt) + 17 * salt) % 9973 - 4986) / 512 for j in range(d)] for i in range(n)]
    )


data, queries = formula(N, D, 0), formula(Q, D, 5)
# Rows that meet: two fitted rows far from all others are alike with different labels, three queries are fitted rows.
data[0] = data[1] = 30
queries[0], queries[1], queries[2] = data[0], data[7], data[50]
queries[3] = [25, -25, 0]  # no row is near
labels = np.array([(i * i + i // 7) % 4 for i in range(N)])
truth = np.array([(i * 5 + i // 3) % 5 for i in range(Q)])
names = np.array(["delta", "alpha", "charlie", "bravo"])[labels]
values = data[:, 0] * 2 - data[:, 1] ** 2 / 8 + labels
outputs = np.stack([values, data.sum(axis=1)], axis=1)


def check_gaps():
    """No answer may depend on the order of rows equally far, the two that are alike apart."""
    distances = np.sqrt(((queries[:, None] - data[None]) ** 2).sum(axis=2))
    gaps = np.diff(np.sort(distances, axis=1), axis=1)
    gaps[0, 0] = 1
    assert (gaps[:, :12] > 1e-6).all()


def inverse_square(distances):
    return 1 / (1 + distances**2)


def listed(a):
    a = np.asarray(a)
    if a.dtype.kind == "f":
        return [None if np.isnan(x) else float("%.9g" % x) for x in a.ravel()]
    return a.ravel().tolist()


check_gaps()
out = {"n": N, "d": D, "q": Q, "labels": listed(labels), "truth": listed(truth), "names": listed(names), "outputs": listed(outputs)}
WEIGHTS = [("uniform", "uniform"), ("distance", "distance"), ("function", inverse_square)]
METRICS = [("l2", "euclidean"), ("l1", "manhattan"), ("linf", "chebyshev")]
out["classifier"] = []
out["regressor"] = []
for k in (1, 4, 9):
    for weights, given in WEIGHTS:
        for metric, theirs in METRICS if k == 4 else METRICS[:1]:
            options = {"n_neighbors": k, "weights": given, "metric": theirs, "algorithm": "brute"}
            model = KNeighborsClassifier(**options).fit(data, labels)
            asnames = KNeighborsClassifier(**options).fit(data, names)
            case = {"k": k, "weights": weights, "metric": metric}
            out["classifier"].append(
                {
                    **case,
                    "predict": listed(model.predict(queries)),
                    "names": listed(asnames.predict(queries)),
                    "proba": listed(model.predict_proba(queries)),
                    "score": model.score(queries, truth),
                }
            )
            regressor = KNeighborsRegressor(**options)
            single = regressor.fit(data, values).predict(queries)
            score = regressor.score(queries, queries.sum(axis=1))
            many = regressor.fit(data, outputs)
            out["regressor"].append(
                {
                    **case,
                    "single": listed(single),
                    "score": score,
                    "multi": listed(many.predict(queries)),
                    "multiScore": many.score(queries, np.stack([queries[:, 0], queries[:, 1]], axis=1)),
                }
            )
out["radius"] = []
for radius in (1.5, 4.03):
    for weights, given in WEIGHTS:
        options = {"radius": radius, "weights": given, "algorithm": "brute"}
        most = RadiusNeighborsClassifier(**options, outlier_label="most_frequent").fit(data, labels)
        named = RadiusNeighborsClassifier(**options, outlier_label=2).fit(data, labels)
        regressor = RadiusNeighborsRegressor(**options).fit(data, outputs)
        out["radius"].append(
            {
                "radius": radius,
                "weights": weights,
                "mostFrequent": listed(most.predict(queries)),
                "proba": listed(most.predict_proba(queries)),
                "label2": listed(named.predict(queries)),
                "multi": listed(regressor.predict(queries)),
            }
        )
out["centroid"] = []
for metric, theirs in METRICS[:2]:
    for shrink in (None, 0.3, 1.5):
        model = NearestCentroid(metric=theirs, shrink_threshold=shrink).fit(data, labels)
        out["centroid"].append(
            {"metric": metric, "shrink": shrink, "centroids": listed(model.centroids_), "predict": listed(model.predict(queries))}
        )
out["lof"] = []
for k in (5, 20):
    for contamination in ("auto", 0.1):
        model = LocalOutlierFactor(n_neighbors=k, contamination=contamination, algorithm="brute")
        fitted = model.fit_predict(data)
        novel = LocalOutlierFactor(n_neighbors=k, contamination=contamination, algorithm="brute", novelty=True).fit(data)
        out["lof"].append(
            {
                "k": k,
                "contamination": contamination,
                "fitPredict": listed(fitted),
                "factors": listed(model.negative_outlier_factor_),
                "offset": float(model.offset_),
                "scoreSamples": listed(novel.score_samples(queries)),
                "decision": listed(novel.decision_function(queries)),
                "predict": listed(novel.predict(queries)),
            }
        )
out["density"] = []
for bandwidth in (1.5, "scott", "silverman"):
    for kernel in ("gaussian", "epanechnikov", "tophat", "exponential", "linear", "cosine"):
        model = KernelDensity(bandwidth=bandwidth, kernel=kernel, atol=0, rtol=1e-13).fit(data)
        scores = model.score_samples(queries)
        scores[np.isinf(scores)] = np.nan
        out["density"].append({"bandwidth": bandwidth, "kernel": kernel, "width": float(model.bandwidth_), "scores": listed(scores)})
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"estimators.sklearn-{sklearn.__version__}.json")
with open(path, "w") as file:
    json.dump(out, file, separators=(",", ":"))
    file.write("\n")
print(os.path.getsize(path))
