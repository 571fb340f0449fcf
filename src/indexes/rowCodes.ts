import type { Matrix } from "../core/index.ts";
import { type ScalarQuantizer, trainScalar } from "../quantize/index.ts";
import { squaredNorm } from "./rowMath.ts";
import type { RowStore } from "./rows.ts";
import type { Space } from "./space.ts";

// How the codes of rows are trained and written.

const LARGEST_FLOAT: number = Math.fround(3.4028234663852886e38);
const TRAIN_SAMPLE = 1 << 14;
/** Rows encoded in one call: short calls let the engine swap in optimised code. */
const ENCODE_ROWS = 512;

/** A quantizer for these rows, from a sample spread evenly over them. */
export function trainOnSample(rows: Matrix, levels: number): ScalarQuantizer {
  const n = Math.min(rows.rows, TRAIN_SAMPLE);
  if (n === rows.rows) return trainScalar(rows, levels);
  const { cols } = rows;
  const data = new Float32Array(n * cols);
  for (let i = 0; i < n; i++) {
    const at = Math.floor((i * rows.rows) / n) * rows.stride;
    data.set(rows.data.subarray(at, at + cols), i * cols);
  }
  return trainScalar({ data, rows: n, cols, stride: cols }, levels);
}

/**
 * The last component of augmented rows spans 0 … R, and queries stand at 0: were the window cut off there, the
 * search would be for small rows near the query instead of large inner products.
 */
export function coverNorms(trained: ScalarQuantizer, dimension: number, maxNorm: number): ScalarQuantizer {
  const { levels } = trained;
  const radius = Math.min(LARGEST_FLOAT, Math.sqrt(maxNorm));
  const step = Math.fround(Math.max(trained.step, radius / levels));
  const offsets = trained.offsets.map((offset) => offset - ((step - trained.step) * levels) / 2);
  offsets[dimension] = 0;
  return { levels, step, offsets };
}

/** Encodes `count` rows of a section, from `firstRow` of it on, as codes from `firstCode` on. */
export function encodeRows(
  space: Space,
  rows: RowStore,
  section: string,
  firstRow: number,
  firstCode: number,
  count: number,
): void {
  const { rowBytes, codeBytes, floats, levels } = rows;
  const { step } = rows.quantizer!;
  for (let done = 0; done < count; done += ENCODE_ROWS) {
    space.engine.exports.encodeRows(
      space.ptr(section) + (firstRow + done) * rowBytes,
      rowBytes,
      floats,
      space.ptr("staged"),
      space.ptr("offsets"),
      1 / step,
      levels,
      space.ptr("codes") + (firstCode + done) * codeBytes,
      codeBytes,
      codeBytes,
      rows.options.codes === "sq7" ? space.ptr("norms") + (firstCode + done) * 4 : 0,
      0,
      Math.min(ENCODE_ROWS, count - done),
    );
  }
}

/** The same quantizer with windows that many times as wide, about the same middles. */
export function widened({ levels, step, offsets }: ScalarQuantizer, factor: number): ScalarQuantizer {
  const wider = Math.fround(Math.min(step * factor, LARGEST_FLOAT / levels));
  return { levels, step: wider, offsets: offsets.map((offset) => offset - ((wider - step) * levels) / 2) };
}

/** Sets the last component of rows first … end so that all are of squared length maxNorm. */
export function augmentRows(
  data: Float32Array,
  stride: number,
  dimension: number,
  maxNorm: number,
  first: number,
  end: number,
): void {
  for (let i = first; i < end; i++) {
    const rest = maxNorm - squaredNorm(data, i * stride, dimension);
    data[i * stride + dimension] = Math.min(LARGEST_FLOAT, Math.sqrt(Math.max(0, rest)));
  }
}
