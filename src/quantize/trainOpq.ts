import { type Matrix, matrix, resolveOptions, runSync, VicinalError, wholeNumber } from "../core/index.ts";
import { pad16, Space } from "../kernels/space.ts";
import { here } from "../kernels/task.ts";
import { OpqTrainer } from "./opq.ts";

export interface OpqTraining {
  /** Parts that rows will be cut into, 1 … dimension. */
  m?: number;
  /** Bits of a part's code. */
  nbits?: 4 | 8;
  /** Components to be made, m … d; default all. */
  dimension?: number;
  seed?: number;
}

export const OPQ_TRAINING: Readonly<{
  m: number;
  nbits: 4 | 8;
  dimension: number | undefined;
  seed: number;
}> = Object.freeze({
  m: 16,
  nbits: 8,
  dimension: undefined,
  seed: 0,
});

/**
 * Trains the rotation of optimized product quantization: after it, parts of a row are alike in variance and depend on each
 * other little, and the codes of m parts lose less.
 *
 * @param rows float32[n × d], n >= 1; up to 8,192 of them are used
 * @returns float32[dimension × d] with orthonormal rows; component j of a turned row is its product with row j
 * @throws VicinalError OPTION_UNKNOWN, OPTION_RANGE, EMPTY_INDEX
 * @remarks about 15 products of the sample with the rotation and as many k-means of m parts: O(n · d²) each
 * @see Ge, He, Ke & Sun, Optimized Product Quantization, 2013
 */
export function trainOpq(rows: Matrix, options?: OpqTraining): Matrix {
  const { m, nbits, dimension, seed } = resolveOptions<typeof OPQ_TRAINING>(OPQ_TRAINING, options);
  const from = rows.cols;
  const to = wholeNumber("dimension", dimension ?? from, 1, from);
  wholeNumber("m", m, 1, to);
  if (nbits !== 4 && nbits !== 8) {
    throw new VicinalError("OPTION_RANGE", { option: "nbits", got: nbits, rule: "4 or 8" });
  }
  if (rows.rows < 1) throw new VicinalError("EMPTY_INDEX", { what: "Training a rotation" });
  const space = new Space();
  const stride = pad16(from * 4);
  space.set({ rows: rows.rows * stride, out: to * stride });
  const data = space.f32("rows");
  for (let i = 0; i < rows.rows; i++) {
    data.set(rows.data.subarray(i * rows.stride, i * rows.stride + from), i * (stride >>> 2));
  }
  const sample = { rows: rows.rows, stride, vectors: "rows", threads: 1 };
  const trainer = new OpqTrainer(space, sample, { m, from, to, nbits, seed });
  try {
    runSync(here(space.engine, trainer.train("out")));
    return matrix(space.f32("out").slice(), from, to, stride >>> 2);
  } finally {
    space.engine.dispose();
  }
}

/**
 * Rows times a rotation, float32[n × dimension]. A copy.
 *
 * @throws VicinalError DIM_MISMATCH
 */
export function turnRows(rotation: Matrix, rows: Matrix): Matrix {
  if (rows.cols !== rotation.cols) {
    throw new VicinalError("DIM_MISMATCH", { what: "rows", got: rows.cols, want: rotation.cols });
  }
  const out = new Float32Array(rows.rows * rotation.rows);
  for (let i = 0; i < rows.rows; i++) {
    for (let j = 0; j < rotation.rows; j++) {
      let sum = 0;
      for (let k = 0; k < rows.cols; k++) {
        sum += rows.data[i * rows.stride + k]! * rotation.data[j * rotation.stride + k]!;
      }
      out[i * rotation.rows + j] = sum;
    }
  }
  return matrix(out, rotation.rows, rows.rows);
}
