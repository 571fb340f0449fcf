"""FAISS's flat index as a contender: exact search on one thread, singly and in batches.

    faiss_flat.py BASE QUERIES d k l2sq|cosine [blas]

With `blas` every batch goes through the matrix product, where FAISS by default waits for a larger one.
Commands and replies are those of src/child.mjs.
"""
import ctypes
import sys
import time

import faiss
import numpy as np

from commands import serve

base_path, queries_path, d, k, metric = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
faiss.omp_set_num_threads(1)
base = np.fromfile(base_path, np.float32).reshape(-1, d)
queries = np.fromfile(queries_path, np.float32).reshape(-1, d)
# Rows of a cosine set have unit length, for which inner product ranks the same.
index = faiss.IndexFlatIP(d) if metric == "cosine" else faiss.IndexFlatL2(d)


def blas_core():
    """The processor that the OpenBLAS under FAISS takes this one for; numpy may hold another OpenBLAS."""
    with open("/proc/self/maps") as maps:
        paths = sorted({line.split()[-1] for line in maps if "openblas" in line and "numpy" not in line})
    for path in paths:
        try:
            name = ctypes.CDLL(path).openblas_get_corename
        except AttributeError:
            continue
        name.restype = ctypes.c_char_p
        return name().decode()
    return "unknown"


def timed(calls, seconds, per_call):
    """Whole rounds of `calls` until `seconds` have gone by."""
    cpu, start, count = time.process_time(), time.perf_counter(), 0
    while True:
        for call in calls:
            index.search(call, k)
            count += per_call
        elapsed = time.perf_counter() - start
        if elapsed >= seconds:
            return {"queries": count, "seconds": elapsed, "cpu": time.process_time() - cpu}


def reply_to(command, rest):
    if command == "build":
        start = time.perf_counter()
        index.add(base)
        return {"seconds": time.perf_counter() - start}
    if command == "answers":
        _, path = rest.split(" ", 1)
        ids = np.vstack([index.search(queries[q : q + 1], k)[1] for q in range(len(queries))])
        ids.astype(np.int32).tofile(path)
        return {}
    if command == "singles":
        count, seconds = rest.split(" ")
        return timed([queries[q : q + 1] for q in range(min(int(count), len(queries)))], float(seconds), 1)
    if command == "batch":
        count, seconds = rest.split(" ")
        usual = faiss.cvar.distance_compute_blas_threshold
        if "blas" in sys.argv[6:]:
            faiss.cvar.distance_compute_blas_threshold = 1
        result = timed([queries[: int(count)]], float(seconds), int(count))
        faiss.cvar.distance_compute_blas_threshold = usual
        return result
    if command == "facts":
        options = faiss.get_compile_options().strip()
        return {"version": faiss.__version__, "options": options, "blas": f"OpenBLAS for {blas_core()}"}
    return {"error": f"unknown command {command}"}


serve(reply_to)
