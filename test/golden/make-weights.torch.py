"""Files of torch.save in both forms, from formulas: python3 make-weights.torch.py (torch 1.13).

Writes weights.torch-1.13-{state,types,strided,module}-{zip,legacy}.pt beside itself.
"""

import sys
from collections import OrderedDict
from pathlib import Path

import torch
from torch import nn

here = Path(__file__).parent


def save(value, name):
    for form, zipped in (("zip", True), ("legacy", False)):
        torch.save(value, here / f"weights.torch-1.13-{name}-{form}.pt", _use_new_zipfile_serialization=zipped)


def ramp(*shape, scale=0.125):
    count = 1
    for extent in shape:
        count *= extent
    return (torch.arange(count, dtype=torch.float32) * scale - 0.25).reshape(shape)


class Net(nn.Module):
    """A convolution, batch norm, a convolution without bias, as denoisers have them."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), nn.Conv2d(2, 2, 3, padding=1, bias=False), nn.BatchNorm2d(2)
        )
        self.register_buffer("scale", ramp(2))


net = Net()
with torch.no_grad():
    for i, value in enumerate(net.state_dict().values()):
        value.copy_((ramp(*value.shape) + i).to(value.dtype))

save({"net": net.state_dict(), "epoch": 3, "note": "by formula", "rate": 0.5, "done": True, "big": 2**70}, "state")

ints = torch.arange(6).reshape(2, 3)
save(
    OrderedDict(
        f32=ramp(2, 3),
        f64=ramp(2, 3).double() / 7,
        f16=ramp(2, 3).half(),
        bf16=ramp(2, 3).bfloat16(),
        i64=(ints - 3) * 10**12,
        i32=((ints - 3) * 5 * 10**8).int(),
        i16=((ints - 3) * 10000).short(),
        i8=((ints - 3) * 40).to(torch.int8),
        u8=(ints * 50).byte(),
        bool=(ints % 2 == 0),
        number=torch.tensor(2.5),
        empty=torch.zeros(0, 4),
    ),
    "types",
)

base = ramp(4, 6)
save([base, base.t(), base[1:3, 1::2], base[2], base.permute(1, 0)[::3]], "strided")

def no_source(*_):
    raise OSError("left out: the older form would keep the text of every class")


torch.serialization.get_source_lines_and_file = no_source
# As a script of somebody's would have it: a class of __main__.
sys.modules["__main__"].Net = Net
save(net, "module")
