import { createRng, type Job, VicinalError } from "../../core/index.ts";
import { type Dense, multiply, rowsOf, transpose, transposedMultiply, zeros } from "./dense.ts";
import { flipRows } from "./eigen.ts";
import { qr } from "./qr.ts";
import { type Svd, svd } from "./svd.ts";

/** A matrix known by its products alone: dense rows, sparse rows, rows less their mean. */
export interface LinearOperator {
  readonly rows: number;
  readonly cols: number;
  /** A · X for X of cols × l. */
  apply(x: Dense): Dense;
  /** Aᵀ · Y for Y of rows × l. */
  applyTransposed(y: Dense): Dense;
}

export const denseOperator = (a: Dense): LinearOperator => ({
  rows: a.rows,
  cols: a.cols,
  apply: (x) => multiply(a, x),
  applyTransposed: (y) => transposedMultiply(a, y),
});

export interface RandomizedOptions {
  readonly seed: number;
  /** Directions beyond those wanted, default 10. */
  readonly oversamples?: number;
  /** Power iterations; default 7 for less than a tenth of the directions, else 4, as scikit-learn has it. */
  readonly iterations?: number;
}

/**
 * The k largest singular values with their vectors, by a random sketch and power iterations (Halko, Martinsson & Tropp 2011,
 * doi:10.1137/090771806, algorithms 4.4 and 5.1). Signs: the largest component of each row of Vᵀ is positive.
 *
 * @throws VicinalError OPTION_RANGE for k above the shorter side
 * @remarks 2 (iterations + 1) products with k + oversamples columns
 */
export function* randomizedSvd(a: LinearOperator, k: number, options: RandomizedOptions): Job<Svd> {
  const shorter = Math.min(a.rows, a.cols);
  if (!(Number.isInteger(k) && k >= 1 && k <= shorter)) {
    throw new VicinalError("OPTION_RANGE", {
      option: "nComponents",
      got: k,
      rule: `a whole number from 1 to ${shorter}, the shorter side of the data`,
    });
  }
  const l = Math.min(shorter, k + (options.oversamples ?? 10));
  const iterations = options.iterations ?? (k < 0.1 * shorter ? 7 : 4);
  const of = 2 * iterations + 2;
  const rng = createRng(options.seed, "randomizedSvd");
  let sketch = zeros(a.cols, l);
  for (let i = 0; i < sketch.data.length; i++) sketch.data[i] = rng.normal();
  for (let i = 0; i < iterations; i++) {
    yield { phase: "singular vectors", done: 2 * i, total: of };
    const range = qr(a.apply(sketch)).q;
    yield { phase: "singular vectors", done: 2 * i + 1, total: of };
    sketch = qr(a.applyTransposed(range)).q;
  }
  yield { phase: "singular vectors", done: of - 2, total: of };
  const { q } = qr(a.apply(sketch));
  yield { phase: "singular vectors", done: of - 1, total: of };
  const small = svd(transpose(a.applyTransposed(q)));
  const u = multiply(q, small.u);
  const vt = rowsOf(small.vt, 0, k);
  const signs = flipRows(vt);
  const kept = zeros(a.rows, k);
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < k; j++) kept.data[i * k + j] = u.data[i * l + j]! * signs[j]!;
  }
  return { u: kept, s: small.s.slice(0, k), vt: { ...vt, data: vt.data.slice() } };
}
