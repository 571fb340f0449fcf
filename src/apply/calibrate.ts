import { VicinalError } from "../core/index.ts";

/**
 * How shares of votes become probabilities:
 *
 * - `none`: they stay as they are, so that 0 of 5 votes means impossible
 * - `smoothing`: (k·share + α/C) / (k + α) for C classes, as if α votes more had been spread evenly (Dirichlet's
 *   estimate)
 * - `temperature`: the smoothed shares to the power 1/T, summing to 1 again
 *
 * α and T minimise the log loss of fitted rows that are left out of their own vote. The order of classes stays.
 */
export type Calibration = "none" | "smoothing" | "temperature";

export const CALIBRATIONS: readonly Calibration[] = ["none", "smoothing", "temperature"];

/** Numbers that a calibration learned from left-out rows. */
export interface CalibrationFit {
  /** Votes spread over all classes, α. */
  readonly smoothing: number;
  readonly temperature: number;
  /** Mean log loss of left-out rows, in nats. */
  readonly logLoss: number;
}

/**
 * Replaces shares of k votes by probabilities, in place.
 *
 * @param shares rows × classes; rows of zeros become even
 */
export function smoothShares(
  shares: Float64Array,
  classes: number,
  k: number,
  { smoothing, temperature }: Pick<CalibrationFit, "smoothing" | "temperature">,
): void {
  for (let at = 0; at < shares.length; at += classes) {
    let sum = smoothing;
    for (let c = 0; c < classes; c++) sum += k * shares[at + c]!;
    let total = 0;
    for (let c = 0; c < classes; c++) {
      const share = sum === 0 ? 1 / classes : (k * shares[at + c]! + smoothing / classes) / sum;
      shares[at + c] = temperature === 1 ? share : share ** (1 / temperature);
      total += shares[at + c]!;
    }
    for (let c = 0; c < classes; c++) shares[at + c]! /= total;
  }
}

/** Mean of −log p(true class) in nats; log of 0 is taken at the smallest float64. */
export function logLoss(probabilities: Float64Array, classes: number, truth: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < truth.length; i++) {
    sum -= Math.log(Math.max(Number.MIN_VALUE, probabilities[i * classes + truth[i]!]!));
  }
  return truth.length === 0 ? 0 : sum / truth.length;
}

/** Bounds of the search, as natural logarithms. */
const SMOOTHING = [Math.log(1e-4), Math.log(1e4)] as const;
const TEMPERATURE = [Math.log(1e-2), Math.log(1e2)] as const;

/**
 * The calibration of least log loss; for `none`, that of the shares as they are.
 *
 * @param shares of k votes for left-out rows, rows × classes
 * @throws VicinalError UNSUPPORTED for negative shares
 */
export function fitCalibration(
  shares: Float64Array,
  classes: number,
  k: number,
  truth: Int32Array,
  kind: Calibration,
): CalibrationFit {
  if (shares.some((share) => share < 0)) {
    throw new VicinalError("UNSUPPORTED", {
      what: "Calibrating negative votes",
      rule: "weights are 0 or more",
    });
  }
  const scratch = new Float64Array(shares.length);
  const lossAt = (smoothing: number, temperature: number): number => {
    scratch.set(shares);
    smoothShares(scratch, classes, k, { smoothing, temperature });
    return logLoss(scratch, classes, truth);
  };
  if (kind === "none") return { smoothing: 0, temperature: 1, logLoss: lossAt(0, 1) };
  let temperature = 1;
  let smoothing = 1;
  for (let round = 0; round < (kind === "temperature" ? 4 : 1); round++) {
    smoothing = Math.exp(leastOf((x) => lossAt(Math.exp(x), temperature), ...SMOOTHING));
    if (kind === "temperature")
      temperature = Math.exp(leastOf((x) => lossAt(smoothing, Math.exp(x)), ...TEMPERATURE));
  }
  return { smoothing, temperature, logLoss: lossAt(smoothing, temperature) };
}

/** Where a function of one valley is least: a coarse grid, then golden sections around its best point. */
function leastOf(f: (x: number) => number, low: number, high: number): number {
  const steps = 12;
  const width = (high - low) / steps;
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i <= steps; i++) {
    const value = f(low + i * width);
    if (value < least) [best, least] = [i, value];
  }
  const ratio = (Math.sqrt(5) - 1) / 2;
  let a = Math.max(low, low + (best - 1) * width);
  let b = Math.min(high, low + (best + 1) * width);
  let [x, y] = [b - ratio * (b - a), a + ratio * (b - a)];
  let [fx, fy] = [f(x), f(y)];
  while (b - a > 1e-3) {
    if (fx <= fy) {
      [b, y, fy] = [y, x, fx];
      x = b - ratio * (b - a);
      fx = f(x);
    } else {
      [a, x, fx] = [x, y, fy];
      y = a + ratio * (b - a);
      fy = f(y);
    }
  }
  return (a + b) / 2;
}
