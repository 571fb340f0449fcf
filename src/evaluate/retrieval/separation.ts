import {
  createRng,
  type Matrix,
  permutation,
  resolveOptions,
  VicinalError,
  wholeNumber,
} from "../../core/index.ts";
import { checkLength, checkMatrix, classSizes, type Encoded, encodeLabels, type Labels } from "./labels.ts";

// How well labels part the rows they are given to. All distances are Euclidean, in float64.

export interface SilhouetteOptions {
  /** Rows, drawn by the seed, that are compared with each other; default all. */
  sample?: number;
  seed?: number;
}

type Rows = Matrix<Float32Array | Float64Array>;

/**
 * Mean silhouette: (b − a) / max(a, b) of each row, a its mean distance to the other rows of its class and b to those
 * of the nearest other class; 0 for a row alone in its class. From −1 to 1, larger is better.
 *
 * @param rows shape n × d
 * @throws VicinalError BAD_INPUT, OPTION_RANGE, OPTION_UNKNOWN; there must be 2 … n − 1 classes
 * @remarks n²·d / 2 multiply-adds, of the sample where there is one
 * @see Rousseeuw, Journal of Computational and Applied Mathematics 20 (1987)
 */
export function silhouetteScore(rows: Rows, labels: Labels, options: SilhouetteOptions = {}): number {
  const { sample, seed } = resolveOptions({ sample: rows?.rows, seed: 42 }, options);
  const { codes: all } = parted(rows, labels);
  wholeNumber("sample", sample, 2, Number.MAX_SAFE_INTEGER);
  wholeNumber("seed", seed, 0, Number.MAX_SAFE_INTEGER);
  const order = permutation(rows.rows, createRng(seed, "silhouette"));
  const picked = sample < rows.rows ? order.subarray(0, sample).sort() : order.sort();
  const { codes, classes } = encodeLabels(
    "labels",
    Float64Array.from(picked, (i) => all[i]!),
  )[0]!;
  checkClasses(classes.length, picked.length);
  const sizes = classSizes(codes, classes.length);
  const k = classes.length;
  const sums = new Float64Array(picked.length * k);
  for (let i = 0; i < picked.length; i++) {
    for (let j = 0; j < i; j++) {
      const distance = Math.sqrt(squared(rows, picked[i]!, picked[j]!));
      sums[i * k + codes[j]!]! += distance;
      sums[j * k + codes[i]!]! += distance;
    }
  }
  let total = 0;
  for (let i = 0; i < picked.length; i++) {
    const own = codes[i]!;
    if (sizes[own] === 1) continue;
    const a = sums[i * k + own]! / (sizes[own]! - 1);
    let b = Number.POSITIVE_INFINITY;
    for (let c = 0; c < k; c++) if (c !== own) b = Math.min(b, sums[i * k + c]! / sizes[c]!);
    const most = Math.max(a, b);
    if (most > 0) total += (b - a) / most;
  }
  return total / picked.length;
}

/**
 * Davies–Bouldin index: for each class the worst (sᵢ + sⱼ) / dᵢⱼ, s the mean distance of a class to its centre and d
 * that between centres, averaged over classes. From 0 on, smaller is better.
 *
 * @throws VicinalError BAD_INPUT; there must be 2 … n − 1 classes
 * @see Davies & Bouldin, IEEE TPAMI 1 (1979)
 */
export function daviesBouldinScore(rows: Rows, labels: Labels): number {
  const { codes, classes } = parted(rows, labels);
  const k = classes.length;
  const { centres, sizes } = centresOf(rows, codes, k);
  const spread = new Float64Array(k);
  for (const [i, code] of codes.entries()) {
    spread[code]! += Math.sqrt(toCentre(rows, i, centres, code)) / sizes[code]!;
  }
  const centreRows = { data: centres, rows: k, cols: rows.cols, stride: rows.cols };
  let sum = 0;
  let apart = 0;
  for (let i = 0; i < k; i++) {
    let worst = 0;
    for (let j = 0; j < k; j++) {
      if (i === j) continue;
      const distance = Math.sqrt(squared(centreRows, i, j));
      apart = Math.max(apart, distance);
      worst = Math.max(worst, distance === 0 ? 0 : (spread[i]! + spread[j]!) / distance);
    }
    sum += worst;
  }
  return apart === 0 || spread.every((s) => s === 0) ? 0 : sum / k;
}

/**
 * Calinski–Harabasz index: dispersion between classes over that within, each over its degrees of freedom. From 0 on,
 * larger is better; 1 where rows do not scatter within their classes.
 *
 * @throws VicinalError BAD_INPUT; there must be 2 … n − 1 classes
 * @see Calinski & Harabasz, Communications in Statistics 3 (1974)
 */
export function calinskiHarabaszScore(rows: Rows, labels: Labels): number {
  const { codes, classes } = parted(rows, labels);
  const [n, k] = [codes.length, classes.length];
  const { centres, sizes } = centresOf(rows, codes, k);
  const whole = centresOf(rows, new Int32Array(n), 1).centres;
  let within = 0;
  for (const [i, code] of codes.entries()) within += toCentre(rows, i, centres, code);
  let between = 0;
  for (let c = 0; c < k; c++) {
    for (let j = 0; j < rows.cols; j++) {
      between += sizes[c]! * (centres[c * rows.cols + j]! - whole[j]!) ** 2;
    }
  }
  return within === 0 ? 1 : (between * (n - k)) / (within * (k - 1));
}

function parted(rows: Rows, labels: Labels): Encoded {
  checkMatrix("rows", rows);
  const encoded = encodeLabels("labels", labels)[0]!;
  checkLength("labels", encoded.codes.length, rows.rows);
  checkClasses(encoded.classes.length, rows.rows);
  return encoded;
}

function checkClasses(classes: number, rows: number): void {
  if (classes >= 2 && classes < rows) return;
  const rule = `of at least 2 classes and fewer than the ${rows} rows`;
  throw new VicinalError("BAD_INPUT", { what: "labels", got: `of ${classes} classes`, rule });
}

function centresOf(rows: Rows, codes: Int32Array, k: number): { centres: Float64Array; sizes: Float64Array } {
  const centres = new Float64Array(k * rows.cols);
  const sizes = classSizes(codes, k);
  for (const [i, code] of codes.entries()) {
    const at = i * rows.stride;
    for (let j = 0; j < rows.cols; j++) centres[code * rows.cols + j]! += rows.data[at + j]!;
  }
  for (let i = 0; i < centres.length; i++) centres[i]! /= sizes[Math.floor(i / rows.cols)]!;
  return { centres, sizes };
}

function toCentre(rows: Rows, i: number, centres: Float64Array, code: number): number {
  let sum = 0;
  for (let j = 0; j < rows.cols; j++) {
    sum += (rows.data[i * rows.stride + j]! - centres[code * rows.cols + j]!) ** 2;
  }
  return sum;
}

function squared({ data, cols, stride }: Rows, a: number, b: number): number {
  let sum = 0;
  for (let x = a * stride, y = b * stride, end = x + cols; x < end; x++, y++) {
    const t = data[x]! - data[y]!;
    sum += t * t;
  }
  return sum;
}
