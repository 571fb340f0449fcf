# Writes quality.skimage-<version>.json: PSNR and SSIM, as scikit-image has them, of pictures that formulas give in
# multiples of 1/256 (so that float32 holds them). Run with Python and scikit-image installed.
import json
import os

import numpy as np
import skimage
from skimage.metrics import peak_signal_noise_ratio, structural_similarity


def picture(height, width, factor):
    y, x = np.mgrid[0:height, 0:width]
    return ((x * factor + y * 7 + (x * y) // 5 + (x * x * y) // 31) % 257) / 256


def altered(truth, strength):
    height, width = truth.shape
    y, x = np.mgrid[0:height, 0:width]
    return truth + (((x * 13 + y * 29 + x * x // 3) % 65) - 32) * strength / 256


cases = []
for height, width, factor, strength in [(11, 11, 3, 1), (24, 40, 1, 2), (40, 24, 11, 4), (33, 57, 5, 0.5)]:
    truth = picture(height, width, factor)
    estimate = altered(truth, strength)
    levels = [np.round(np.clip(v, 0, 1) * 255) / 255 for v in (truth, estimate)]
    cases.append(
        {
            "height": height,
            "width": width,
            "factor": factor,
            "strength": strength,
            "psnr": peak_signal_noise_ratio(truth, estimate, data_range=1.0),
            "rounded": peak_signal_noise_ratio(*levels, data_range=1.0),
            "ssim": structural_similarity(
                truth, estimate, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1.0
            ),
        }
    )
name = f"quality.skimage-{skimage.__version__}.json"
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name), "w") as file:
    json.dump(cases, file, indent=1)
    file.write("\n")
