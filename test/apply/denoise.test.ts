import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { addNoise, denoise } from "../../src/apply/index.ts";
import { type Matrix, matrix } from "../../src/core/index.ts";
import { readImage } from "../../src/data/index.ts";
import { psnr, ssim } from "../../src/evaluate/index.ts";

const folder = process.env["VICINAL_DATA"];

async function set12(name: string): Promise<Matrix> {
  const { width, data } = await readImage(join(folder!, "denoise", "Set12", `${name}.png`));
  return matrix(
    Float32Array.from(data, (v) => v / 255),
    width,
  );
}

/** BM3D as usually quoted (Zhang et al. 2017), at σ 25 and 50. */
const PUBLISHED = [
  ["cameraman", "01", 29.45, 26.13],
  ["house", "02", 32.85, 29.69],
] as const;

describe.skipIf(folder === undefined)("on Set12 (skipped without $VICINAL_DATA)", () => {
  test.each(PUBLISHED)(
    "BM3D comes within 0.2 dB of what was published of %s, and is above non-local means",
    async (_, file, at25, at50) => {
      const clean = await set12(file);
      for (const [sigma, published] of [
        [25, at25],
        [50, at50],
      ] as const) {
        const noisy = matrix(addNoise(clean.data, sigma, 0), clean.cols);
        const best = denoise(noisy, { method: "bm3d", sigma });
        const score = psnr(best.data, clean.data);
        expect(Math.abs(score - published)).toBeLessThan(0.2);
        const patches = denoise(noisy, { method: "nlm", sigma });
        const means = psnr(patches.data, clean.data);
        expect(score).toBeGreaterThan(means + 0.5);
        expect(means).toBeGreaterThan(psnr(noisy.data, clean.data) + 8);
        expect(ssim(best, clean)).toBeGreaterThan(ssim(patches, clean));
        if (sigma !== 25) continue;
        const basic = denoise(noisy, { method: "bm3d", sigma, estimate: "basic" });
        expect(score).toBeGreaterThan(psnr(basic.data, clean.data) + 0.15);
        const pixels = denoise(noisy, { method: "nlm", sigma, average: "pixels" });
        expect(means).toBeGreaterThan(psnr(pixels.data, clean.data));
      }
    },
    60_000,
  );
});
