import { type Matrix, VicinalError } from "../../core/index.ts";

export interface PsnrOptions {
  /** The range of pixels, default 1. */
  range?: number;
  /** Clip both to the range and round to 256 levels first, as files of 8 bits would; default false. */
  rounded?: boolean;
}

/**
 * Peak signal to noise ratio in decibels, 10 log₁₀(range² / mean squared difference), of pixels as they are: nothing is
 * clipped unless asked for. Infinity for equal pictures.
 *
 * @throws BAD_INPUT for arrays of different lengths, or empty ones; OPTION_RANGE
 */
export function psnr(
  estimate: ArrayLike<number>,
  truth: ArrayLike<number>,
  { range = 1, rounded = false }: PsnrOptions = {},
): number {
  checkRange(range);
  if (estimate.length !== truth.length || truth.length === 0) {
    const got = `${estimate.length} and ${truth.length} pixels`;
    throw new VicinalError("BAD_INPUT", { what: "pictures", got, rule: "of one size, at least one pixel" });
  }
  const level = (v: number): number =>
    rounded ? (Math.round((Math.min(Math.max(v, 0), range) / range) * 255) / 255) * range : v;
  let sum = 0;
  for (let i = 0; i < truth.length; i++) sum += (level(estimate[i]!) - level(truth[i]!)) ** 2;
  return 10 * Math.log10(range ** 2 / (sum / truth.length));
}

/** Side of the window, and its deviation. */
const SIDE = 11;
const SIGMA = 1.5;

/**
 * Mean structural similarity of grey pictures: Gaussian windows of 11 × 11 pixels and σ 1.5, K₁ 0.01, K₂ 0.03, over
 * all windows that lie within the picture.
 *
 * @param estimate shape height × width, both at least 11
 * @param truth of the same shape
 * @param range the range of pixels, default 1
 * @throws BAD_INPUT, OPTION_RANGE
 * @see Wang, Bovik, Sheikh & Simoncelli, IEEE TIP 13(4), 2004
 */
export function ssim(
  estimate: Matrix<Float32Array | Float64Array>,
  truth: Matrix<Float32Array | Float64Array>,
  { range = 1 }: { range?: number } = {},
): number {
  checkRange(range);
  const { rows, cols } = truth;
  if (estimate.rows !== rows || estimate.cols !== cols || rows < SIDE || cols < SIDE) {
    const got = `${estimate.rows} × ${estimate.cols} and ${rows} × ${cols} pixels`;
    throw new VicinalError("BAD_INPUT", {
      what: "pictures",
      got,
      rule: `of one size, at least ${SIDE} × ${SIDE}`,
    });
  }
  const [x, y] = [estimate, truth];
  const over = (value: (at: number, bt: number) => number): Float64Array => windowed(x, y, value);
  const [meanX, meanY] = [over((i) => x.data[i]!), over((_, j) => y.data[j]!)];
  const [xx, yy] = [over((i) => x.data[i]! ** 2), over((_, j) => y.data[j]! ** 2)];
  const xy = over((i, j) => x.data[i]! * y.data[j]!);
  const [c1, c2] = [(0.01 * range) ** 2, (0.03 * range) ** 2];
  let sum = 0;
  for (let i = 0; i < xy.length; i++) {
    const [mx, my] = [meanX[i]!, meanY[i]!];
    const [varX, varY, cov] = [xx[i]! - mx * mx, yy[i]! - my * my, xy[i]! - mx * my];
    sum += ((2 * mx * my + c1) * (2 * cov + c2)) / ((mx * mx + my * my + c1) * (varX + varY + c2));
  }
  return sum / xy.length;
}

/** Means by the window of a number made of pixels at the same place in both. */
function windowed(
  x: Matrix<Float32Array | Float64Array>,
  y: Matrix<Float32Array | Float64Array>,
  value: (at: number, bt: number) => number,
): Float64Array {
  const taps = Array.from({ length: SIDE }, (_, i) =>
    Math.exp(-((i - (SIDE - 1) / 2) ** 2) / (2 * SIGMA ** 2)),
  );
  const all = taps.reduce((sum, tap) => sum + tap, 0);
  const [rows, cols] = [x.rows - SIDE + 1, x.cols - SIDE + 1];
  const across = new Float64Array(x.rows * cols);
  const line = new Float64Array(x.cols);
  for (let r = 0; r < x.rows; r++) {
    for (let c = 0; c < x.cols; c++) line[c] = value(r * x.stride + c, r * y.stride + c);
    for (let c = 0; c < cols; c++) {
      let sum = 0;
      for (let k = 0; k < SIDE; k++) sum += taps[k]! * line[c + k]!;
      across[r * cols + c] = sum / all;
    }
  }
  const out = new Float64Array(rows * cols);
  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    for (let k = 0; k < SIDE; k++) sum += taps[k]! * across[i + k * cols]!;
    out[i] = sum / all;
  }
  return out;
}

function checkRange(range: number): void {
  if (!(Number.isFinite(range) && range > 0)) {
    throw new VicinalError("OPTION_RANGE", { option: "range", got: range, rule: "a number above 0" });
  }
}
