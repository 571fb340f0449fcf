# Writes text.sklearn-<version>.json: TF-IDF rows of a few texts under each option, and the singular values and the
# subspace of a truncated SVD. Run with Python and scikit-learn installed.
import json
import os

import numpy as np
import sklearn
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

TEXTS = [
    "The quick brown fox jumps over the lazy dog.",
    "A lazy dog is a happy dog, and happy dogs sleep.",
    "Über den Wolken: naïve café owners don't jump over foxes!",
    "Nearest neighbours of the fox: the wolf, the dog and the jackal.",
    "Snake_case words, numbers like 42 and 3.14, and x1 y2.",
    "the the the fox fox",
    "",
    "Ναι, ο σκύλος и лиса прыгает 狐狸 跳 dog",
]
OPTIONS = [
    {},
    {"sublinear_tf": True, "smooth_idf": False},
    {"norm": "l1", "use_idf": False},
    {"norm": None, "binary": True},
    {"ngram_range": [1, 2], "stop_words": ["the", "and", "a"]},
    {"ngram_range": [2, 3], "lowercase": False},
    {"min_df": 2, "max_df": 0.6},
    {"min_df": 0.2, "max_df": 5, "max_features": 5, "sublinear_tf": True},
]
UNSEEN = ["the dog and the cat", "nothing known", "Fox over dog, over fox"]
NAMES = {
    "sublinear_tf": "sublinearTf", "smooth_idf": "smoothIdf", "use_idf": "useIdf", "norm": "norm", "binary": "binary",
    "ngram_range": "ngramRange", "stop_words": "stopWords", "lowercase": "lowercase", "min_df": "minDf",
    "max_df": "maxDf", "max_features": "maxFeatures",
}

cases = []
for options in OPTIONS:
    given = {k: tuple(v) if k == "ngram_range" else v for k, v in options.items()}
    model = TfidfVectorizer(**given)
    rows = model.fit_transform(TEXTS).toarray()
    named = {NAMES[k]: ("none" if k == "norm" and v is None else v) for k, v in options.items()}
    sparse = lambda m: [[[int(j), float(r[j])] for j in np.nonzero(r)[0]] for r in m]
    cases.append({
        "options": named, "terms": list(model.get_feature_names_out()),
        "idf": model.idf_.tolist() if given.get("use_idf", True) else None,
        "rows": sparse(rows), "unseen": sparse(model.transform(UNSEEN).toarray()),
    })

rows = TfidfVectorizer().fit_transform(TEXTS)
svd = TruncatedSVD(n_components=3, algorithm="arpack", random_state=0).fit(rows)
v = svd.components_
out = {
    "texts": TEXTS, "unseen": UNSEEN, "cases": cases,
    "svd": {
        "singular": svd.singular_values_.tolist(), "variance": svd.explained_variance_.tolist(),
        "ratio": svd.explained_variance_ratio_.tolist(), "components": v.tolist(),
    },
}
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"text.sklearn-{sklearn.__version__}.json")
with open(path, "w") as file:
    json.dump(out, file, ensure_ascii=False)
    file.write("\n")
