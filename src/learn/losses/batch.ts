import {
  add,
  concat,
  custom,
  logSumExp,
  matmul,
  maximum,
  mul,
  reciprocal,
  type Shape,
  sqrt,
  square,
  sum,
  type Tape,
  Tensor,
  transpose,
} from "../../autodiff/index.ts";
import { shapeError, shapeText } from "../../autodiff/shape.ts";

/** How the terms of a loss become one number; `meanActive` divides by the number of positive terms. */
export type Reduction = "mean" | "sum" | "meanActive";

/** Rows and columns of a batch of embeddings. Throws BAD_INPUT unless it is a matrix. */
export function batchShape(what: string, z: Tensor): [rows: number, cols: number] {
  if (!(z instanceof Tensor)) throw shapeError(what, String(z), "a tensor of [rows, dimensions]");
  if (z.rank !== 2) throw shapeError(what, shapeText(z.shape), "[rows, dimensions]");
  return z.shape as unknown as [number, number];
}

/** Throws BAD_INPUT unless both are matrices of one shape. */
export function pairedShape(what: string, a: Tensor, b: Tensor): [rows: number, cols: number] {
  const [rows, cols] = batchShape(what, a);
  batchShape(what, b);
  if (b.shape[0] !== rows || b.shape[1] !== cols) {
    throw shapeError(what, `${shapeText(a.shape)} and ${shapeText(b.shape)}`, "two matrices of one shape");
  }
  return [rows, cols];
}

/** The number 0, on the tape of x: what there is to learn where nothing can be compared. */
export const nothing = (x: Tensor): Tensor => mul(sum(x), 0);

/** Terms of a loss as one number; none at all give 0, with a gradient of zeros. */
export function reduceTerms(terms: Tensor | undefined, reduction: Reduction, z: Tensor): Tensor {
  if (terms === undefined || terms.size === 0) return nothing(z);
  const total = sum(terms);
  if (reduction === "sum") return total;
  const n = reduction === "mean" ? terms.size : active(terms);
  return mul(total, 1 / Math.max(1, n));
}

function active(terms: Tensor): number {
  let n = 0;
  for (const x of terms.values()) if (x > 0) n++;
  return n;
}

/** Shortest length that counts as one; shorter rows are not scaled up to 1. */
const SHORTEST = 1e-12;

/** Each row divided by its length; a row of zeros stays. */
export function unitRows(z: Tensor): Tensor {
  const lengths = sqrt(maximum(sum(square(z), { axes: [-1], keep: true }), SHORTEST * SHORTEST));
  return mul(z, reciprocal(lengths));
}

/** Dot products of all rows of a with all rows of b: [rowsA, rowsB]. */
export const dots = (a: Tensor, b: Tensor): Tensor => matmul(a, transpose(b));

/** A matrix that is 0 where `keep`, and −∞ elsewhere: added to scores, it leaves entries out of sums of exponentials. */
export function mask(
  tape: Tape,
  rows: number,
  cols: number,
  keep: (i: number, j: number) => boolean,
): Tensor {
  const out = new Float32Array(rows * cols);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) if (!keep(i, j)) out[i * cols + j] = Number.NEGATIVE_INFINITY;
  }
  return tape.tensor(out, [rows, cols]);
}

/** log(1 + Σ eˣ) along rows: 0 for a row of −∞ alone. */
export function logOnePlusSumExp(x: Tensor): Tensor {
  const ones: Shape = [x.shape[0]!, 1];
  return logSumExp(concat([x, x.tape.full(ones, 0)], 1));
}

/** Scores, without those that the mask leaves out. */
export const masked = (scores: Tensor, left: Tensor): Tensor => add(scores, left);

/**
 * Distances between rows of z, pair by pair, from differences: nothing cancels, however near two rows are. The
 * gradient of a distance of 0 is taken as 0.
 *
 * @param pairs row numbers i, j, i, j …
 * @returns shape [pairs]
 */
export function pairDistances(z: Tensor, pairs: Int32Array, squared: boolean): Tensor {
  const d = z.shape[1]!;
  const count = pairs.length / 2;
  return custom({
    inputs: [z],
    shape: [count],
    forward(out, rows) {
      for (let t = 0; t < count; t++) {
        const [i, j] = [pairs[2 * t]! * d, pairs[2 * t + 1]! * d];
        let total = 0;
        for (let c = 0; c < d; c++) {
          const difference = rows![i + c]! - rows![j + c]!;
          total += difference * difference;
        }
        out[t] = squared ? total : Math.sqrt(total);
      }
    },
    backward({ outputGradient, output, inputs, gradients }) {
      const [rows] = inputs;
      const [dz] = gradients;
      if (dz === undefined) return;
      for (let t = 0; t < count; t++) {
        const slope = outputGradient[t]!;
        if (slope === 0 || output[t] === 0) continue;
        const scale = squared ? 2 * slope : slope / output[t]!;
        const [i, j] = [pairs[2 * t]! * d, pairs[2 * t + 1]! * d];
        for (let c = 0; c < d; c++) {
          const step = scale * (rows![i + c]! - rows![j + c]!);
          dz[i + c]! += step;
          dz[j + c]! -= step;
        }
      }
    },
  });
}

/** Distances between all rows of z, from differences: [rows, rows]. */
export function allDistances(z: Tensor): Tensor {
  const [n, d] = batchShape("embeddings", z);
  return custom({
    inputs: [z],
    shape: [n, n],
    forward(out, rows) {
      for (let i = 0; i < n; i++) {
        for (let j = i + 1; j < n; j++) {
          let total = 0;
          for (let c = 0; c < d; c++) {
            const difference = rows![i * d + c]! - rows![j * d + c]!;
            total += difference * difference;
          }
          out[i * n + j] = Math.sqrt(total);
          out[j * n + i] = out[i * n + j]!;
        }
        out[i * n + i] = 0;
      }
    },
    backward({ outputGradient, output, inputs, gradients }) {
      const [rows] = inputs;
      const [dz] = gradients;
      if (dz === undefined) return;
      for (let i = 0; i < n; i++) {
        for (let j = i + 1; j < n; j++) {
          const slope = outputGradient[i * n + j]! + outputGradient[j * n + i]!;
          const distance = output[i * n + j]!;
          if (slope === 0 || distance === 0) continue;
          for (let c = 0; c < d; c++) {
            const step = (slope / distance) * (rows![i * d + c]! - rows![j * d + c]!);
            dz[i * d + c]! += step;
            dz[j * d + c]! -= step;
          }
        }
      }
    },
  });
}
