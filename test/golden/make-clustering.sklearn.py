# Writes clustering.sklearn-<version>.json: scikit-learn's scores of partitions, of labelled rows that are multiples of
# 1/16 (so that float32 holds them), and of chances that are multiples of 1/64. Run with Python and scikit-learn installed.
import json
import os

import numpy as np
import sklearn
from sklearn import metrics


def pick(i, parts, factor):
    return (i * factor + i * i // 7 + (i * i * i) // 13) % parts


def partition(n, parts, factor):
    return [pick(i, parts, factor) for i in range(n)]


def rows(n, d, labels):
    return [[((i * 29 + j * 37 + i * i * (j + 3)) % 97 - 48) / 16 + labels[i] * (j % 2 + 1) for j in range(d)] for i in range(n)]


def chances(n, classes):
    out = []
    for i in range(n):
        row = [1 + (i * 5 + c * 11 + i * i * (c + 1)) % 13 for c in range(classes)]
        row[0] += 64 - sum(row)
        out.append([x / 64 for x in row])
    return out


pairs = [
    ("independent", partition(60, 4, 3), partition(60, 5, 11)),
    ("same but renamed", partition(40, 4, 3), [3 - x for x in partition(40, 4, 3)]),
    ("finer", partition(90, 3, 5), [3 * x + i % 3 for i, x in enumerate(partition(90, 3, 5))]),
    ("partly", partition(200, 6, 5), [x if i % 3 else pick(i, 6, 17) for i, x in enumerate(partition(200, 6, 5))]),
    ("one against many", [0] * 12, list(range(12))),
    ("one against one", [0] * 5, [7] * 5),
    ("singletons", list(range(6)), [5 - i for i in range(6)]),
    ("unequal", [min(9, i * i // 90) for i in range(120)], [min(4, i // 20) for i in range(120)]),
]
partitions = []
for name, a, b in pairs:
    case = {"name": name, "labels": a, "clusters": b, "ari": metrics.adjusted_rand_score(a, b)}
    for average in ("arithmetic", "geometric", "min", "max"):
        case["nmi " + average] = metrics.normalized_mutual_info_score(a, b, average_method=average)
        case["ami " + average] = metrics.adjusted_mutual_info_score(a, b, average_method=average)
    partitions.append(case)
separated = []
for n, d, k in ((30, 1, 2), (80, 3, 4), (50, 8, 5), (40, 2, 39)):
    labels = [i if i < n - 1 else 0 for i in range(n)] if k == n - 1 else partition(n, k, 7)
    x = np.array(rows(n, d, labels if k < n - 1 else [0] * n))
    separated.append({
        "n": n, "d": d, "labels": labels, "spread": k < n - 1,
        "silhouette": metrics.silhouette_score(x, labels),
        "daviesBouldin": metrics.davies_bouldin_score(x, labels),
        "calinskiHarabasz": metrics.calinski_harabasz_score(x, labels),
    })
told = []
for n, classes in ((50, 2), (80, 4)):
    truth, p = partition(n, classes, 3), np.array(chances(n, classes))
    best = p.argmax(axis=1)
    told.append({
        "n": n, "classes": classes, "truth": truth,
        "logLoss": metrics.log_loss(truth, p), "accuracy": metrics.accuracy_score(truth, best),
        "confusion": metrics.confusion_matrix(truth, best, labels=list(range(classes))).tolist(),
        "brierOfOne": metrics.brier_score_loss(truth, p[:, 1]) if classes == 2 else None,
    })
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"clustering.sklearn-{sklearn.__version__}.json")
with open(path, "w") as file:
    json.dump({"partitions": partitions, "separated": separated, "told": told}, file)
    file.write("\n")
