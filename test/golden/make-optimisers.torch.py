# Writes optimisers.torch-<version>.json: parameters after each of some steps of PyTorch's optimisers in float64, on
# gradients that are a formula of the step. Run with Python and PyTorch installed.
import json
import os

import torch

START = [[0.5, -1.25], [2.0, 0.0]]
STEPS = 6
CASES = [
    ("sgd", dict(lr=0.1)),
    ("sgd", dict(lr=0.1, momentum=0.9)),
    ("sgd", dict(lr=0.05, momentum=0.8, nesterov=True, weight_decay=0.1)),
    ("adam", dict(lr=0.01)),
    ("adam", dict(lr=0.02, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.2)),
    ("adamW", dict(lr=0.02)),
    ("adamW", dict(lr=0.03, betas=(0.7, 0.9), weight_decay=0.3)),
]
KINDS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamW": torch.optim.AdamW}
NAMES = {"lr": "learningRate", "momentum": "momentum", "nesterov": "nesterov", "weight_decay": "weightDecay", "eps": "epsilon"}

cases = []
for kind, options in CASES:
    w = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimiser = KINDS[kind]([w], **options)
    after = []
    for step in range(STEPS):
        w.grad = torch.tensor([[(((step * 4 + i * 2 + j) * 37) % 17 - 8) / 8 for j in range(2)] for i in range(2)], dtype=torch.float64)
        optimiser.step()
        after.append(w.detach().flatten().tolist())
    ours = {NAMES[name]: value for name, value in options.items() if name in NAMES}
    if "betas" in options:
        ours["beta1"], ours["beta2"] = options["betas"]
    cases.append({"kind": kind, "options": ours, "after": after})
version = torch.__version__.split("a")[0]
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"optimisers.torch-{version}.json")
with open(path, "w") as file:
    json.dump({"start": START, "cases": cases}, file)
    file.write("\n")
