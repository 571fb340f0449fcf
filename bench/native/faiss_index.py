"""An index of FAISS's factory as a contender: one query a call, on one thread.

    faiss_index.py BASE QUERIES d k l2sq|cosine SPEC

A setting is JSON: nprobe, efSearch, and k_factor of an index that refines. Commands and replies are those of
src/child.mjs.
"""
import json
import sys
import time

import faiss
import numpy as np

from commands import serve

base_path, queries_path, d, k, metric, spec = (
    sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5], sys.argv[6])
faiss.omp_set_num_threads(1)
base = np.fromfile(base_path, np.float32).reshape(-1, d)
queries = np.fromfile(queries_path, np.float32).reshape(-1, d)
# Rows of a cosine set have unit length, for which inner product ranks the same.
index = faiss.index_factory(d, spec, faiss.METRIC_INNER_PRODUCT if metric == "cosine" else faiss.METRIC_L2)
if hasattr(index, "hnsw"):
    index.hnsw.efConstruction = 200


def use(setting):
    inner = index
    if hasattr(index, "k_factor"):
        index.k_factor = setting.get("k_factor", 1)
        inner = faiss.downcast_index(index.base_index)
    if "nprobe" in setting:
        inner.nprobe = setting["nprobe"]
    if "efSearch" in setting:
        inner.hnsw.efSearch = setting["efSearch"]


def timed(seconds):
    """Whole passes over the queries, one a call, until `seconds` have gone by."""
    singles = [queries[q : q + 1] for q in range(len(queries))]
    warm = time.perf_counter()
    for one in singles:
        index.search(one, k)
        if time.perf_counter() - warm > min(0.1, seconds / 5):
            break
    cpu, start, count = time.process_time(), time.perf_counter(), 0
    while True:
        for one in singles:
            index.search(one, k)
        count += len(singles)
        elapsed = time.perf_counter() - start
        if elapsed >= seconds:
            return {"queries": count, "seconds": elapsed, "cpu": time.process_time() - cpu}


def reply_to(command, rest):
    if command == "build":
        cpu, start = time.process_time(), time.perf_counter()
        index.train(base)
        index.add(base)
        return {"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu}
    if command == "answers":
        setting, path = rest.split(" ", 1)
        use(json.loads(setting))
        ids = np.vstack([index.search(queries[q : q + 1], k)[1] for q in range(len(queries))])
        ids.astype(np.int32).tofile(path)
        return {}
    if command == "time":
        setting, seconds = rest.split(" ", 1)
        use(json.loads(setting))
        return timed(float(seconds))
    if command == "facts":
        return {"bytes": int(faiss.serialize_index(index).size)}
    return {"error": f"unknown command {command}"}


serve(reply_to)
