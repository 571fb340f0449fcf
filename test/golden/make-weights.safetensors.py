# Writes weights.safetensors-<version>.safetensors: a tensor of each type that NumPy has, with metadata, by the format's own
# library. Run with Python, NumPy and safetensors installed.
import os

import numpy as np
import safetensors
from safetensors.numpy import save_file

ramp = np.arange(6).reshape(2, 3)
tensors = {
    "f32": (ramp / 8 - 0.25).astype(np.float32),
    "f64": ramp / 7,
    "f16": np.array([0, -0.0, 1, -2.5, 65504, 6e-8, 1e-5, np.inf, 1 / 3], dtype=np.float16),
    "i64": (ramp - 3).astype(np.int64) * 10**12,
    "u64": ramp.astype(np.uint64),
    "i32": (ramp - 3).astype(np.int32) * 500_000_000,
    "u32": ramp.astype(np.uint32) * 800_000_000,
    "i16": (ramp - 3).astype(np.int16) * 10_000,
    "u16": ramp.astype(np.uint16) * 13_000,
    "i8": (ramp - 3).astype(np.int8) * 40,
    "u8": ramp.astype(np.uint8) * 50,
    "bool": ramp % 2 == 0,
    "number": np.array(2.5, dtype=np.float32),
    "empty": np.zeros((0, 4), dtype=np.float32),
    "10": np.array([10.0], dtype=np.float32),
    "9": np.array([9.0], dtype=np.float32),
    'odd "name" é': np.array([1.0], dtype=np.float32),
}
folder = os.path.dirname(os.path.abspath(__file__))
save_file(tensors, os.path.join(folder, f"weights.safetensors-{safetensors.__version__}.safetensors"), metadata={"made": "by formula"})
