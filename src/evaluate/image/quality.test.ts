import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isVicinalError, type Matrix, matrix } from "../../core/index.ts";
import { psnr, ssim } from "./quality.ts";

interface Case {
  height: number;
  width: number;
  factor: number;
  strength: number;
  psnr: number;
  rounded: number;
  ssim: number;
}

const golden = JSON.parse(
  readFileSync(new URL("../../../test/golden/quality.skimage-0.19.3.json", import.meta.url), "utf8"),
) as Case[];

/** The pictures of test/golden/make-quality.skimage.py. */
function pictures({ height, width, factor, strength }: Case): [Matrix, Matrix] {
  const of = (value: (y: number, x: number) => number): Matrix =>
    matrix(
      Float32Array.from({ length: height * width }, (_, i) => value(Math.floor(i / width), i % width)),
      width,
    );
  const whole = Math.floor;
  const truth = of(
    (y, x) => ((x * factor + y * 7 + whole((x * y) / 5) + whole((x * x * y) / 31)) % 257) / 256,
  );
  const shifts = of((y, x) => ((((x * 13 + y * 29 + whole((x * x) / 3)) % 65) - 32) * strength) / 256);
  return [
    matrix(
      truth.data.map((v, i) => v + shifts.data[i]!),
      width,
    ),
    truth,
  ];
}

const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return isVicinalError(error) ? error.code : String(error);
  }
  return "nothing thrown";
};

describe("likeness of pictures", () => {
  test("PSNR, as it is and after rounding to 8 bits, and SSIM are those of scikit-image", () => {
    expect(golden.length).toBeGreaterThan(3);
    for (const each of golden) {
      const [estimate, truth] = pictures(each);
      expect(psnr(estimate.data, truth.data)).toBeCloseTo(each.psnr, 9);
      expect(psnr(estimate.data, truth.data, { rounded: true })).toBeCloseTo(each.rounded, 6);
      expect(ssim(estimate, truth)).toBeCloseTo(each.ssim, 9);
    }
  });

  test("equal pictures have PSNR Infinity and SSIM 1; the range only sets the unit", () => {
    fc.assert(
      fc.property(fc.constantFrom(...golden), fc.constantFrom(2, 255, 0.5), (each, range) => {
        const [estimate, truth] = pictures(each);
        expect(psnr(truth.data, truth.data)).toBe(Infinity);
        expect(ssim(truth, truth)).toBeCloseTo(1, 12);
        const scaled = [estimate, truth].map((m) =>
          matrix(
            Float64Array.from(m.data, (v) => v * range),
            m.cols,
          ),
        );
        const [a, b] = scaled as [Matrix<Float64Array>, Matrix<Float64Array>];
        expect(psnr(a.data, b.data, { range })).toBeCloseTo(psnr(estimate.data, truth.data), 9);
        expect(psnr(a.data, b.data, { range, rounded: true })).toBeCloseTo(each.rounded, 6);
        expect(ssim(a, b, { range })).toBeCloseTo(each.ssim, 9);
      }),
      { numRuns: 12 },
    );
  });

  test("rows may have gaps, and are then those of a packed copy", () => {
    const [estimate, truth] = pictures(golden[1]!);
    const wide = new Float32Array(truth.rows * 50).fill(9);
    for (let y = 0; y < truth.rows; y++) {
      wide.set(truth.data.subarray(y * truth.cols, (y + 1) * truth.cols), y * 50);
    }
    const gaps = { data: wide, rows: truth.rows, cols: truth.cols, stride: 50 };
    expect(ssim(estimate, gaps)).toBe(ssim(estimate, truth));
  });

  test("pictures of different sizes, too small ones, and a range of 0 are refused", () => {
    const small = matrix(new Float32Array(100), 10);
    const large = matrix(new Float32Array(121), 11);
    expect(codeOf(() => psnr(small.data, large.data))).toBe("BAD_INPUT");
    expect(codeOf(() => psnr([], []))).toBe("BAD_INPUT");
    expect(codeOf(() => ssim(small, small))).toBe("BAD_INPUT");
    expect(codeOf(() => ssim(small, large))).toBe("BAD_INPUT");
    expect(codeOf(() => ssim(large, large, { range: 0 }))).toBe("OPTION_RANGE");
    expect(codeOf(() => psnr([1], [1], { range: Number.NaN }))).toBe("OPTION_RANGE");
  });
});
