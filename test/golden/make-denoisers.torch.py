"""Tiny denoising networks as their authors' scripts save them, own weights: python3 make-denoisers.torch.py (torch 1.13).

Writes denoisers.torch-1.13-{dncnn,n3net}.pt and, of the first, a picture and its estimate, denoisers.torch-1.13.json.
"""

import json
import sys
from collections import OrderedDict
from pathlib import Path

import torch
from torch import nn

here = Path(__file__).parent
torch.manual_seed(5)


def no_source(*_):
    raise OSError("left out")


torch.serialization.get_source_lines_and_file = no_source


class DnCNN(nn.Module):
    """Depth 4, width 4, the last convolution without bias, norms with an epsilon of 1e-4."""

    def __init__(self):
        super().__init__()
        layers = [nn.Conv2d(1, 4, 3, padding=1), nn.ReLU()]
        for _ in range(2):
            layers += [nn.Conv2d(4, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4, eps=1e-4), nn.ReLU()]
        self.dncnn = nn.Sequential(*layers, nn.Conv2d(4, 1, 3, padding=1, bias=False))

    def forward(self, x):
        return x - self.dncnn(x)


net = DnCNN()
for norm in net.modules():
    if isinstance(norm, nn.BatchNorm2d):
        norm.running_mean.normal_(0, 0.1)
        norm.running_var.uniform_(1e-4, 1e-3)
        norm.weight.data.uniform_(0.5, 1)
        norm.bias.data.normal_(0, 0.2)
net.eval()
sys.modules["__main__"].DnCNN = DnCNN
torch.save(net, here / "denoisers.torch-1.13-dncnn.pt", _use_new_zipfile_serialization=False)
picture = torch.rand(1, 1, 7, 6)
with torch.no_grad():
    estimate = net.double()(picture.double())
numbers = {"height": 7, "width": 6, "picture": picture.flatten().tolist(), "estimate": estimate.flatten().tolist()}
(here / "denoisers.torch-1.13.json").write_text(json.dumps(numbers) + "\n")

state = OrderedDict()


def ramp(name, *shape, positive=False):
    count = torch.Size(shape).numel()
    values = ((torch.arange(count) * 7 + len(state)) % 23 - 11).float().reshape(shape) / 64
    state[name] = values.abs() + 0.125 if positive else values


def norm(name, channels):
    ramp(f"{name}.weight", channels)
    ramp(f"{name}.bias", channels)
    ramp(f"{name}.running_mean", channels)
    ramp(f"{name}.running_var", channels, positive=True)


# Two parts of width 4 that a block of 2 channels and 3 neighbours lies between.
for part, (inputs, outputs) in enumerate([(1, 2), (8, 1)]):
    at = f"blocks.{part}"
    ramp(f"{at}.conv1.weight", 4, inputs, 3, 3)
    ramp(f"{at}.conv1.bias", 4)
    norm(f"{at}.bn1", 4)
    for i in (0, 3):
        ramp(f"{at}.layer1.{i}.weight", 4, 4, 3, 3)
        norm(f"{at}.layer1.{i + 1}", 4)
    ramp(f"{at}.conv2.weight", outputs, 4, 3, 3)
    ramp(f"{at}.conv2.bias", outputs)
for part, outputs in (("embedcnn", 2), ("tempcnn", 1)):
    at = f"nls.0.{part}"
    for i, inputs in ((0, 2), (3, 4)):
        ramp(f"{at}.{i}.weight", 4, inputs, 3, 3)
        norm(f"{at}.{i + 1}", 4)
    ramp(f"{at}.6.weight", outputs, 4, 3, 3)
    ramp(f"{at}.6.bias", outputs)
norm("nls.0.n3aggregation.aggregation.nnn.bn", 1)
torch.save({"net": state, "epoch": 51}, here / "denoisers.torch-1.13-n3net.pt", _use_new_zipfile_serialization=False)
