import { type Matrix, VicinalError } from "../core/index.ts";
import type { VectorsInput } from "../indexes/contract.ts";
import { dimensionOf } from "../indexes/dataShape.ts";
import { readVectors, type VectorReader } from "../indexes/parts/vectors.ts";

/** Rows checked where the caller has them, to be copied block by block. */
export interface RowSource {
  readonly rows: number;
  readonly cols: number;
  /** Copies rows from … to−1, end to end, as float64 or float32. */
  copyInto(into: Float64Array | Float32Array, from: number, to: number): void;
}

/**
 * Checks rows as the indexes take them: a matrix, or a list of vectors.
 *
 * @param least fewest rows that will do
 * @param cols columns that they must have; undefined where the rows decide
 * @throws VicinalError BAD_INPUT, DIM_MISMATCH, NOT_FINITE, DETACHED_BUFFER
 */
export function rowSource(input: VectorsInput, what = "rows", least = 1, cols?: number): RowSource {
  const reader = readVectors(input, cols ?? dimensionOf(input, "f32"), "f32", what);
  if (reader.rows < least) {
    throw new VicinalError("BAD_INPUT", {
      what,
      got: `${reader.rows} row${reader.rows === 1 ? "" : "s"}`,
      rule: `at least ${least}`,
    });
  }
  return sourceOf(reader);
}

function sourceOf(reader: VectorReader): RowSource {
  const { rows, dimension: cols } = reader;
  return {
    rows,
    cols,
    // The reader writes numbers whatever the destination; only its type names the three of the indexes.
    copyInto: (into, from, to) => reader.copyInto(into as Float32Array, cols, from, to),
  };
}

/** All rows as one float64 block (a copy); throws like {@link rowSource}. */
export function readRows(input: VectorsInput, what = "rows", least = 1, cols?: number): Matrix<Float64Array> {
  const source = rowSource(input, what, least, cols);
  const data = new Float64Array(source.rows * source.cols);
  source.copyInto(data, 0, source.rows);
  return { data, rows: source.rows, cols: source.cols, stride: source.cols };
}

/** Classes of labelled rows: `codes[i]` is the place of row i's label among `classes`, which ascend. */
export interface Classes {
  readonly codes: Uint32Array;
  readonly classes: readonly (number | string)[];
  /** Rows of each class. */
  readonly counts: Uint32Array;
}

/**
 * Numbers labels: classes ascend, numbers before strings.
 *
 * @throws VicinalError DIM_MISMATCH unless one label a row; BAD_INPUT for labels of other types or fewer than `least` classes
 */
export function readClasses(labels: ArrayLike<number | string>, rows: number, least = 2): Classes {
  const isList = typeof labels === "object" && labels !== null && typeof labels.length === "number";
  if (!isList || labels.length !== rows) {
    const got = isList ? `${labels.length} of them for ${rows} rows` : typeof labels;
    throw new VicinalError("BAD_INPUT", { what: "labels", got, rule: "one for each row" });
  }
  const seen = new Set<number | string>();
  for (let i = 0; i < rows; i++) {
    const label = labels[i]!;
    if (typeof label !== "string" && !(typeof label === "number" && Number.isFinite(label))) {
      const rule = "a finite number or a string";
      throw new VicinalError("BAD_INPUT", { what: `label ${i}`, got: String(label), rule });
    }
    seen.add(label);
  }
  const classes = [...seen].sort(byLabel);
  if (classes.length < least) {
    const got = `${classes.length} class${classes.length === 1 ? "" : "es"}`;
    throw new VicinalError("BAD_INPUT", { what: "labels", got, rule: `of at least ${least} classes` });
  }
  const place = new Map(classes.map((label, i) => [label, i]));
  const codes = new Uint32Array(rows);
  const counts = new Uint32Array(classes.length);
  for (let i = 0; i < rows; i++) {
    codes[i] = place.get(labels[i]!)!;
    counts[codes[i]!]!++;
  }
  return { codes, classes, counts };
}

function byLabel(a: number | string, b: number | string): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}
