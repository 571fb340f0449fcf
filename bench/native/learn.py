"""PyTorch on the CPU as a contender of the learning bench, on one thread.

    learn.py FOLDER [nchw|nhwc]

The second argument is how images lie in memory. Commands and replies are those of src/learn/child.mjs, which has the
same networks; `truth PATH` gives the outputs in float64.
"""
import ctypes
import json
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

from commands import serve

folder = sys.argv[1]
memory_format = torch.channels_last if sys.argv[2:] == ["nhwc"] else torch.contiguous_format
torch.set_num_threads(1)
cases = {case["name"]: case for case in json.load(open(f"{folder}/cases.json"))}


def images(t):
    return t.permute(0, 3, 1, 2).contiguous(memory_format=memory_format)


def load(name, dtype):
    """The case's arrays, in PyTorch's layouts: images n c h w, kernels out in h w, dense weights out in."""
    arrays = {}
    for key, spec in cases[name]["arrays"].items():
        t = torch.from_numpy(np.fromfile(f"{folder}/{name}.{key}", np.float32).reshape(spec["shape"])).to(dtype)
        if t.dim() == 4:
            t = images(t) if key in ("x", "target") else t.permute(3, 2, 0, 1).contiguous(memory_format=memory_format)
        elif name == "convnet" and key == "w2":
            t = t.reshape(14, 14, 64, 64).permute(3, 2, 0, 1).reshape(64, -1).contiguous()
        elif key[0] == "w":
            t = t.t().contiguous()
        arrays[key] = t
    return arrays


def ours(name, key, g):
    """A gradient in the layout of src/learn/cases.mjs."""
    if g.dim() == 4:
        return g.permute(2, 3, 1, 0)
    if name == "convnet" and key == "w2":
        return g.reshape(64, 64, 14, 14).permute(2, 3, 1, 0)
    return g.t() if key[0] == "w" else g


def denoise(p, x, running, depth, training):
    h = F.relu(F.conv2d(x, p["w0"], p["b0"], padding=1))
    for i in range(1, depth - 1):
        h = F.conv2d(h, p[f"w{i}"], padding=1)
        mean, variance = running[i]
        h = F.relu(F.batch_norm(h, mean, variance, p[f"gain{i}"], p[f"shift{i}"], training), inplace=True)
    return x - F.conv2d(h, p[f"w{depth - 1}"], padding=1)


def network(name, p, given, running):
    if name == "mlp":
        hidden = F.relu(F.linear(given["x"], p["w0"], p["b0"]))
        return F.mse_loss(F.linear(hidden, p["w1"], p["b1"]), given["target"])
    if name == "convnet":
        h = F.relu(F.conv2d(given["x"], p["w0"], p["b0"], padding=1), inplace=True)
        h = F.max_pool2d(F.relu(F.conv2d(h, p["w1"], p["b1"], padding=1), inplace=True), 2)
        h = h.contiguous().reshape(64, -1)
        return F.mse_loss(F.linear(h, p["w2"], p["b2"]), given["target"])
    if name == "dncnn6":
        return F.mse_loss(denoise(p, given["x"], running, 6, True), given["target"])
    if name == "dncnn17":
        return denoise(p, given["x"], running, 17, False)
    x = p["x"]
    length = (x * x).sum(1)
    distances = length[:, None] + length[None, :] - 2 * (x @ x.t())
    return (F.softmax(-0.05 * distances, 1) * given["target"]).sum()


def prepare(name, dtype=torch.float32):
    arrays = load(name, dtype)
    inputs = {"target"} | (set() if name == "distances" else {"x"})
    given = {key: t for key, t in arrays.items() if key in inputs}
    p = {key: t.requires_grad_(name != "dncnn17") for key, t in arrays.items() if key not in inputs}
    running = [(torch.zeros(64, dtype=dtype), torch.ones(64, dtype=dtype)) for _ in range(17)]
    trains = name not in ("dncnn17", "distances")
    optimiser = torch.optim.Adam(p.values(), lr=1e-4) if trains else None

    def gradients():
        for t in p.values():
            t.grad = None
        loss = network(name, p, given, running)
        loss.backward()
        return loss

    def step():
        if name == "dncnn17":
            with torch.no_grad():
                return float(network(name, p, given, running).flatten()[0])
        loss = gradients()
        if optimiser:
            optimiser.step()
        return float(loss)

    def output():
        if name == "dncnn17":
            with torch.no_grad():
                return [network(name, p, given, running).permute(0, 2, 3, 1)]
        loss = gradients()
        return [loss.detach()] + [ours(name, key, t.grad) for key, t in p.items()]

    return step, output


current = {}


def write(output, path):
    np.concatenate([t.detach().double().contiguous().numpy().ravel() for t in output()]).tofile(path)
    return {}


def blas_core():
    """The BLAS under PyTorch, as it calls itself."""
    with open("/proc/self/maps") as maps:
        paths = sorted({line.split()[-1] for line in maps if "blas" in line and line.split()[-1].startswith("/")})
    for path in paths:
        try:
            library = ctypes.CDLL(path)
            library.openblas_get_config.restype = ctypes.c_char_p
            library.openblas_get_corename.restype = ctypes.c_char_p
            return f"{library.openblas_get_config().decode()}, kernels for {library.openblas_get_corename().decode()}"
        except AttributeError:
            continue
    return ", ".join(paths) or "unknown"


def reply_to(command, rest):
    if command == "prepare":
        current["name"] = rest
        current["step"], current["output"] = prepare(rest)
        return {}
    if command == "outputs":
        return write(current["output"], rest)
    if command == "truth":
        return write(prepare(current["name"], torch.float64)[1], rest)
    if command == "time":
        cpu, start, count = time.process_time(), time.perf_counter(), 0
        while True:
            current["step"]()
            count += 1
            elapsed = time.perf_counter() - start
            if elapsed >= float(rest):
                return {"queries": count, "seconds": elapsed, "cpu": time.process_time() - cpu}
    if command == "facts":
        onednn = [line for line in torch.__config__.show().split("\n") if "MKL-DNN" in line]
        return {"version": torch.__version__, "blas": blas_core(), "dnn": "".join(onednn).strip(" -")}
    return {"error": f"unknown command {command}"}


serve(reply_to)
