"""Exact trees of scikit-learn and SciPy as contenders, in batches on one thread.

    trees.py BASE QUERIES d k sklearn-kd|sklearn-ball|scipy-kd

Commands and replies are those of src/child.mjs.
"""
import sys
import time

import numpy as np

from commands import serve

base_path, queries_path, d, k, which = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
# These trees compute in float64: they get it, outside the clock.
base = np.fromfile(base_path, np.float32).reshape(-1, d).astype(np.float64)
queries = np.fromfile(queries_path, np.float32).reshape(-1, d).astype(np.float64)
tree = None


def build():
    global tree
    if which == "scipy-kd":
        from scipy.spatial import cKDTree

        start = time.perf_counter()
        tree = cKDTree(base)
    else:
        from sklearn.neighbors import BallTree, KDTree

        start = time.perf_counter()
        tree = KDTree(base) if which == "sklearn-kd" else BallTree(base)
    return time.perf_counter() - start


def ask(rows):
    found = tree.query(rows, k=k)[1]
    return found.reshape(len(rows), -1)


def reply_to(command, rest):
    if command == "build":
        return {"seconds": build()}
    if command == "answers":
        ask(queries).astype(np.int32).tofile(rest.split(" ", 1)[1])
        return {}
    if command == "batch":
        count, seconds = rest.split(" ")
        rows = queries[: int(count)]
        cpu, start, done = time.process_time(), time.perf_counter(), 0
        while True:
            ask(rows)
            done += len(rows)
            elapsed = time.perf_counter() - start
            if elapsed >= float(seconds):
                return {"queries": done, "seconds": elapsed, "cpu": time.process_time() - cpu}
    if command == "facts":
        if which == "scipy-kd":
            import scipy

            return {"version": f"SciPy {scipy.__version__}"}
        import sklearn

        return {"version": f"scikit-learn {sklearn.__version__}"}
    return {"error": f"unknown command {command}"}


serve(reply_to)
