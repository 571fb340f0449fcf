import { type Matrix, matrix, oneOf, resolveOptions, VicinalError } from "../core/index.ts";
import type { VectorsInput } from "../indexes/contract.ts";
import { dimensionOf } from "../indexes/dataShape.ts";
import { readVectors } from "../indexes/parts/vectors.ts";
import { openSaved } from "../learn/saved.ts";
import { codesOf, type EncodedLabels, encodeLabels, type Label } from "./labels.ts";
import { agreement } from "./scores.ts";

export interface NearestCentroidOptions {
  /** l2: centroids are means; l1: medians of each component. Default l2. */
  metric?: "l2" | "l1";
  /**
   * Draws each centroid towards the mean of all rows, component by component, by this many of the component's standard
   * deviations; what crosses over stays at the mean. Above 0; default: none.
   */
  shrinkThreshold?: number | undefined;
  /** Components of a row; only needed where rows come end to end in one array. */
  dimension?: number | undefined;
}

type Resolved = Omit<Required<NearestCentroidOptions>, "shrinkThreshold" | "dimension"> & {
  shrinkThreshold: number | undefined;
  dimension: number | undefined;
};

const DEFAULTS: Resolved = { metric: "l2", shrinkThreshold: undefined, dimension: undefined };

/**
 * Classifies by the nearest of one centroid for each class, the lowest label among equals. O(classes · d) a query. Equal
 * to scikit-learn's class of this name; computes in float64.
 *
 * @see Tibshirani, Hastie, Narasimhan and Chu, Diagnosis of multiple cancer types by shrunken centroids, PNAS 2002
 */
export class NearestCentroid<L extends Label = Label> {
  readonly options: Readonly<Resolved>;
  #classes: readonly L[] | undefined;
  #centroids: Matrix<Float64Array> | undefined;

  /** @throws VicinalError OPTION_UNKNOWN, OPTION_RANGE */
  constructor(options: NearestCentroidOptions = {}) {
    this.options = resolveOptions<Resolved>(DEFAULTS, options as Partial<Resolved>);
    oneOf("metric", this.options.metric, ["l2", "l1"] as const);
    const { shrinkThreshold: got } = this.options;
    if (got !== undefined && !(typeof got === "number" && got > 0 && Number.isFinite(got))) {
      throw new VicinalError("OPTION_RANGE", { option: "shrinkThreshold", got, rule: "a number above 0" });
    }
  }

  /** The labels seen, numbers ascending, strings by code unit. Throws NOT_FITTED. */
  get classes_(): readonly L[] {
    return this.#fitted.classes;
  }

  /** Shape classes × d. Throws NOT_FITTED. */
  get centroids_(): Matrix<Float64Array> {
    return this.#fitted.centroids;
  }

  /**
   * Takes rows and the label of each; two classes at least.
   *
   * @throws VicinalError BAD_INPUT, DIM_MISMATCH, NOT_FINITE
   */
  fit(rows: VectorsInput, labels: ArrayLike<L>): this {
    const { metric, shrinkThreshold } = this.options;
    const reader = readVectors(rows, this.options.dimension ?? dimensionOf(rows, "f32"), "f32");
    const d = reader.dimension;
    const data = new Float32Array(reader.rows * d);
    reader.copyInto(data, d, 0, reader.rows);
    const encoded = encodeLabels(labels, reader.rows);
    if (encoded.classes.length < 2) {
      const got = `of ${encoded.classes.length} class`;
      throw new VicinalError("BAD_INPUT", { what: "labels", got, rule: "of two classes or more" });
    }
    const means = centroidsOf(data, d, encoded, metric === "l2" ? meanOf : medianOf);
    if (shrinkThreshold !== undefined) shrink(means, data, d, encoded, shrinkThreshold);
    this.#classes = encoded.classes;
    this.#centroids = matrix(means, d);
    return this;
  }

  /** The class of each query. Throws NOT_FITTED, DIM_MISMATCH, NOT_FINITE. */
  predict(queries: VectorsInput): L[] {
    const { classes } = this.#fitted;
    return Array.from(this.#codes(queries), (code) => classes[code]!);
  }

  /** Share of queries whose class is predicted rightly. */
  score(queries: VectorsInput, labels: ArrayLike<L>): number {
    const codes = this.#codes(queries);
    return agreement(codes, codesOf(labels, this.classes_, codes.length));
  }

  /** The model as plain data, for JSON; {@link fromJSON} reads it. Throws NOT_FITTED. */
  toJSON(): object {
    const { classes, centroids } = this.#fitted;
    const rows = classes.map((_, c) =>
      Array.from(centroids.data.subarray(c * centroids.cols, (c + 1) * centroids.cols)),
    );
    const { metric, shrinkThreshold } = this.options;
    return {
      format: "vicinal/NearestCentroid",
      version: 1,
      options: { metric, shrinkThreshold },
      classes,
      centroids: rows,
    };
  }

  /** Reads what toJSON() gave, or its text. Throws FORMAT, FORMAT_VERSION. */
  static fromJSON<L extends Label = Label>(json: unknown): NearestCentroid<L> {
    const saved = openSaved(json, "NearestCentroid");
    const model = new NearestCentroid<L>(saved.options<NearestCentroidOptions>("options"));
    const classes = saved.raw("classes");
    if (!Array.isArray(classes)) return saved.fail("it has classes");
    const sorted = encodeLabels(classes as L[], classes.length).classes;
    if (sorted.length !== classes.length || sorted.some((label, i) => label !== classes[i])) {
      saved.fail("its classes ascend");
    }
    model.#centroids = saved.matrix("centroids", classes.length);
    model.#classes = sorted;
    return model;
  }

  get #fitted(): { classes: readonly L[]; centroids: Matrix<Float64Array> } {
    if (this.#classes === undefined) throw new VicinalError("NOT_FITTED", { what: "This NearestCentroid" });
    return { classes: this.#classes, centroids: this.#centroids! };
  }

  #codes(queries: VectorsInput): Int32Array {
    const { classes, centroids } = this.#fitted;
    const { cols: d, data } = centroids;
    const reader = readVectors(queries, d, "f32", "queries");
    const query = new Float32Array(d);
    const squared = this.options.metric === "l2";
    return Int32Array.from({ length: reader.rows }, (_, q) => {
      reader.copyInto(query, d, q, q + 1);
      let best = 0;
      let least = Number.POSITIVE_INFINITY;
      for (let c = 0; c < classes.length; c++) {
        let sum = 0;
        for (let j = 0; j < d; j++) {
          const gap = query[j]! - data[c * d + j]!;
          sum += squared ? gap * gap : Math.abs(gap);
        }
        if (sum < least) [best, least] = [c, sum];
      }
      return best;
    });
  }
}

type Middle = (values: Float64Array) => number;

function meanOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

function medianOf(values: Float64Array): number {
  const sorted = values.slice().sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

function centroidsOf(
  data: Float32Array,
  d: number,
  { classes, codes }: EncodedLabels,
  middle: Middle,
): Float64Array {
  const out = new Float64Array(classes.length * d);
  const members = classes.map((): number[] => []);
  for (const [i, code] of codes.entries()) members[code]!.push(i);
  for (const [c, rows] of members.entries()) {
    for (let j = 0; j < d; j++) out[c * d + j] = middle(Float64Array.from(rows, (i) => data[i * d + j]!));
  }
  return out;
}

/** Moves centroids towards the mean of all rows, in units of pooled standard deviations within classes. */
function shrink(
  centroids: Float64Array,
  data: Float32Array,
  d: number,
  { classes, codes }: EncodedLabels,
  threshold: number,
): void {
  const n = codes.length;
  const counts = new Uint32Array(classes.length);
  for (const code of codes) counts[code]!++;
  const spread = new Float64Array(d);
  const overall = new Float64Array(d);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) {
      overall[j]! += data[i * d + j]! / n;
      spread[j]! += (data[i * d + j]! - centroids[codes[i]! * d + j]!) ** 2;
    }
  }
  for (let j = 0; j < d; j++) spread[j] = Math.sqrt(spread[j]! / (n - classes.length));
  if (!spread.every(Number.isFinite) || spread.every((s) => s === 0)) {
    throw new VicinalError("BAD_INPUT", {
      what: "rows",
      got: "the same within each class",
      rule: "of some spread for shrinkThreshold; leave it out",
    });
  }
  // Components of little spread would otherwise outweigh all others.
  const typical = medianOf(spread);
  for (let c = 0; c < classes.length; c++) {
    const scale = Math.sqrt(1 / counts[c]! - 1 / n);
    for (let j = 0; j < d; j++) {
      const unit = scale * (spread[j]! + typical);
      const gap = centroids[c * d + j]! - overall[j]!;
      const left = unit === 0 ? Math.abs(gap) : Math.max(0, Math.abs(gap) - threshold * unit);
      centroids[c * d + j] = overall[j]! + Math.sign(gap) * left;
    }
  }
}
