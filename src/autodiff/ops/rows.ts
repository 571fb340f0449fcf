import { wholeNumber } from "../../core/index.ts";
import { type Shape, shapeError, shapeText, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

/** The tensor as rows along its last axis. */
function rowsOf(what: string, x: Tensor): { rows: number; cols: number; lead: Shape } {
  const cols = x.shape.at(-1);
  if (cols === undefined) throw shapeError(what, "a number", "at least one axis");
  const lead = x.shape.slice(0, -1);
  return { rows: sizeOf(lead), cols, lead };
}

/** eˣ / Σ eˣ along the last axis. A row of −∞ alone gives zeros. */
export function softmax(x: Tensor): Tensor {
  const { rows, cols } = rowsOf("softmax", x);
  const { tape, address } = x;
  const { kernels } = tape;
  return tape.apply(
    [x],
    x.shape,
    (y) => kernels.softmax(address, rows, cols, y),
    (dy, y) => kernels.softmaxGradient(y, dy, rows, cols, tape.gradient(x)),
  );
}

/** log softmax along the last axis. */
export function logSoftmax(x: Tensor): Tensor {
  const { rows, cols } = rowsOf("logSoftmax", x);
  const { tape, address } = x;
  const { kernels } = tape;
  return tape.apply(
    [x],
    x.shape,
    (y) => kernels.logSoftmax(address, rows, cols, y),
    (dy, y) => kernels.logSoftmaxGradient(y, dy, rows, cols, tape.gradient(x)),
  );
}

/** log Σ eˣ along the last axis, which goes. */
export function logSumExp(x: Tensor): Tensor {
  const { rows, cols, lead } = rowsOf("logSumExp", x);
  const { tape, address } = x;
  const { kernels } = tape;
  return tape.apply(
    [x],
    lead,
    (y) => kernels.logSumExp(address, rows, cols, y),
    (dy, y) => kernels.logSumExpGradient(address, y, dy, rows, cols, tape.gradient(x)),
  );
}

/** What {@link topK} finds. */
export interface TopK {
  /** The k largest of each row, largest first; gradients go back to where they came from. */
  readonly values: Tensor;
  /** Their columns, row-major; the lower first among equals. */
  readonly columns: Int32Array;
}

/** The k largest along the last axis. Throws OPTION_RANGE unless 1 <= k <= its extent. */
export function topK(x: Tensor, k: number): TopK {
  const { rows, cols, lead } = rowsOf("topK", x);
  wholeNumber("k", k, 1, cols);
  const { tape, address } = x;
  const { kernels } = tape;
  const at = tape.scratch(rows * k);
  const values = tape.apply(
    [x],
    [...lead, k],
    (y) => kernels.topK(address, rows, cols, k, y, at),
    (dy) => kernels.topKGradient(dy, at, rows, cols, k, tape.gradient(x)),
  );
  return { values, columns: Int32Array.from(kernels.heap.subarray(at, at + rows * k)) };
}

/**
 * Squared Euclidean distances between rows of two matrices: [rowsA, rowsB], never negative. In float32 the
 * error is a few units of the last place of the larger squared length.
 */
export function squaredDistances(a: Tensor, b: Tensor): Tensor {
  if (a.rank !== 2 || b.rank !== 2 || a.shape[1] !== b.shape[1]) {
    const got = `${shapeText(a.shape)} and ${shapeText(b.shape)}`;
    throw shapeError("squaredDistances", got, "matrices of equally many columns");
  }
  const [n, d] = a.shape as [number, number];
  const m = b.shape[0]!;
  const { tape } = a;
  const { kernels } = tape;
  const [pa, pb] = [a.address, b.address];
  return tape.apply(
    [a, b],
    [n, m],
    (y) => kernels.squaredDistances(pa, n, pb, m, d, y),
    (dy) => {
      // ∂/∂a_i Σ_j g_ij |a_i − b_j|² = 2 (Σ_j g_ij) a_i − 2 Σ_j g_ij b_j, and likewise for b.
      const plain = { lda: m, transposeB: false, batch: 1, strideA: 0, strideB: 0, strideC: 0 };
      if (a.slot.tracked) {
        const part = tape.scratch(n * d);
        const sums = tape.scratch(n);
        const shape = { ...plain, M: n, N: d, K: m, ldb: d, ldc: d, transposeA: false };
        kernels.gemm({ ...shape, a: dy, b: pb, c: part, add: false });
        kernels.sum(dy, n, m, 1, 1, sums, false);
        addScaledRows(tape, sums, pa, part, n, d, tape.gradient(a));
      }
      if (b.slot.tracked) {
        const part = tape.scratch(m * d);
        const sums = tape.scratch(m);
        const shape = { ...plain, M: m, N: d, K: n, ldb: d, ldc: d, transposeA: true };
        kernels.gemm({ ...shape, a: dy, b: pa, c: part, add: false });
        kernels.sum(dy, 1, n, m, 1, sums, false);
        addScaledRows(tape, sums, pb, part, m, d, tape.gradient(b));
      }
    },
  );
}

/** out += 2 (sums ⊙ x − part), a factor for each row. */
function addScaledRows(
  { kernels }: Tensor["tape"],
  sums: number,
  x: number,
  part: number,
  rows: number,
  cols: number,
  out: number,
): void {
  for (let r = 0; r < rows; r++) {
    const twice = 2 * kernels.heap[sums + r]!;
    kernels.axpy(twice, x + r * cols, out + r * cols, cols);
  }
  kernels.axpy(-2, part, out, rows * cols);
}
