import { checkNames, type Matrix, matrix, type RunOptions, VicinalError } from "../core/index.ts";
import type { VectorsInput } from "../indexes/contract.ts";
import { dimensionOf, dtypeOf } from "../indexes/dataShape.ts";
import { copyRows, readVectors } from "../indexes/parts/vectors.ts";
import {
  encodeSnapshot,
  type Facts,
  type Snapshot,
  type SnapshotInput,
  saveSnapshot,
} from "../persist/index.ts";
import { runWork, runWorkAsync, type Work } from "./estimator.ts";
import {
  checkDensityOptions,
  KNeighborsDensity,
  type KNeighborsDensityOptions,
} from "./kNeighborsDensity.ts";
import { codesOf, type EncodedLabels, encodeLabels, type Label } from "./labels.ts";
import { NEIGHBOR_NAMES } from "./neighbors.ts";
import { labelParts, openFile } from "./saved.ts";
import { agreement } from "./scores.ts";

export interface KNeighborsDensityClassifierOptions extends Omit<KNeighborsDensityOptions, "index"> {
  /** Specification of the index that each class has of its own; default "Flat". */
  index?: string;
  /** Probability of each class before a row is seen, in the order of the classes; default their shares of the rows. */
  priors?: readonly number[];
}

/** Classes with their rows apart. */
interface Learned<L extends Label> {
  readonly labels: EncodedLabels<L>;
  readonly priors: Float64Array;
  readonly densities: readonly KNeighborsDensity[];
}

/**
 * Bayes' rule over k-NN densities of the classes: P(c | x) ∝ P(c) · k / (n_c · V_c(x)), where V_c is the volume of the
 * ball around x that holds k rows of class c. In hundreds of dimensions a small difference of radii makes a large one of
 * volumes, so probabilities come out near 0 or 1; `intrinsicDimension` tempers them. The lowest label wins a tie.
 *
 * @see Fukunaga and Hostetler, k-nearest-neighbor Bayes-risk estimation, 1975
 */
export class KNeighborsDensityClassifier<L extends Label = Label> {
  readonly options: Readonly<KNeighborsDensityClassifierOptions>;
  #learned: Learned<L> | undefined;

  /** @throws VicinalError OPTION_UNKNOWN, OPTION_RANGE, BAD_K */
  constructor(options: KNeighborsDensityClassifierOptions = {}) {
    checkNames(options, ["k", "intrinsicDimension", "priors", ...NEIGHBOR_NAMES]);
    checkDensityOptions(options);
    const { index, priors } = options;
    if (index !== undefined && typeof index !== "string") {
      const rule = "a specification: each class has an index of its own";
      throw new VicinalError("OPTION_RANGE", { option: "index", got: index, rule });
    }
    if (
      priors !== undefined &&
      (!Array.isArray(priors) ||
        !priors.every((p) => typeof p === "number" && p >= 0) ||
        Math.abs(priors.reduce((a, b) => a + b, 0) - 1) > 1e-9)
    ) {
      throw new VicinalError("OPTION_RANGE", {
        option: "priors",
        got: priors,
        rule: "numbers >= 0 that sum to 1",
      });
    }
    this.options = Object.freeze({ ...options });
  }

  /** The labels seen, numbers ascending, strings by code unit. Throws NOT_FITTED. */
  get classes_(): readonly L[] {
    return this.#fitted.labels.classes;
  }

  /** Probability of each class before a row is seen. Throws NOT_FITTED. */
  get priors_(): Float64Array {
    return this.#fitted.priors;
  }

  /** Takes rows and the label of each. Throws BAD_INPUT, DIM_MISMATCH, NOT_FINITE, UNSUPPORTED. */
  fit(rows: VectorsInput, labels: ArrayLike<L>): this {
    const { parts, ...learned } = this.#split(rows, labels);
    return this.#take(learned, (densities) => {
      for (const [c, part] of parts.entries()) densities[c]!.fit(part);
    });
  }

  async fitAsync(rows: VectorsInput, labels: ArrayLike<L>, run: RunOptions = {}): Promise<this> {
    const { parts, ...learned } = this.#split(rows, labels);
    try {
      for (const [c, part] of parts.entries()) await learned.densities[c]!.fitAsync(part, run);
    } catch (error) {
      for (const density of learned.densities) density.close();
      throw error;
    }
    return this.#take(learned, () => {});
  }

  #take(learned: Learned<L>, fill: (densities: readonly KNeighborsDensity[]) => void): this {
    try {
      fill(learned.densities);
    } catch (error) {
      for (const density of learned.densities) density.close();
      throw error;
    }
    this.close();
    this.#learned = learned;
    return this;
  }

  /** Rows by class, to be put into indexes. */
  #split(rows: VectorsInput, labels: ArrayLike<L>): Learned<L> & { parts: Matrix<Float32Array>[] } {
    const { priors: given, ...options } = this.options;
    const dtype = options.dtype ?? dtypeOf(rows, options.metric ?? "l2");
    const dimension = options.dimension ?? dimensionOf(rows, dtype);
    const reader = readVectors(rows, dimension, dtype);
    const encoded = encodeLabels(labels, reader.rows);
    const { classes, codes } = encoded;
    if (classes.length === 0) throw new VicinalError("EMPTY_INDEX", { what: "fit()" });
    if (given !== undefined && given.length !== classes.length) {
      const rule = `one for each of ${classes.length} classes`;
      throw new VicinalError("OPTION_RANGE", { option: "priors", got: given, rule });
    }
    const members = classes.map((): number[] => []);
    for (const [i, code] of codes.entries()) members[code]!.push(i);
    const all = copyRows(reader, 0, reader.rows);
    const { width } = reader;
    const parts = members.map((some) => {
      const data = new (all.constructor as Float32ArrayConstructor)(some.length * width);
      for (const [place, i] of some.entries())
        data.set(all.subarray(i * width, (i + 1) * width), place * width);
      return { data, rows: some.length, cols: width, stride: width };
    });
    const priors = Float64Array.from(given ?? members.map((some) => some.length / reader.rows));
    const densities = classes.map(() => new KNeighborsDensity({ ...options, dtype, dimension }));
    return { labels: encoded, priors, densities, parts };
  }

  /** The class of each query. Throws NOT_FITTED, DIM_MISMATCH, NOT_FINITE. */
  predict(queries: VectorsInput): L[] {
    return this.#named(runWork(this.#posteriors(queries)));
  }

  async predictAsync(queries: VectorsInput, run: RunOptions = {}): Promise<L[]> {
    return this.#named(await runWorkAsync(this.#posteriors(queries), run));
  }

  /** P(class | query), shape n × classes; rows sum to 1. */
  predictProba(queries: VectorsInput): Matrix<Float64Array> {
    return exponentials(runWork(this.#posteriors(queries)));
  }

  async predictProbaAsync(queries: VectorsInput, run: RunOptions = {}): Promise<Matrix<Float64Array>> {
    return exponentials(await runWorkAsync(this.#posteriors(queries), run));
  }

  /** Natural logarithm of P(class | query), which does not vanish in many dimensions. */
  predictLogProba(queries: VectorsInput): Matrix<Float64Array> {
    return runWork(this.#posteriors(queries));
  }

  /** Share of queries whose class is predicted rightly. */
  score(queries: VectorsInput, labels: ArrayLike<L>): number {
    const posteriors = runWork(this.#posteriors(queries));
    return agreement(winners(posteriors), codesOf(labels, this.classes_, posteriors.rows));
  }

  /** The fitted classifier as the bytes of a file; {@link open} reads them. Throws NOT_FITTED. */
  toBytes(): Uint8Array {
    return encodeSnapshot(this.#snapshot());
  }

  /** Writes the file, replacing what is at the path in one step. */
  async save(path: string, run: RunOptions = {}): Promise<void> {
    await saveSnapshot(this.#snapshot(), path, run);
  }

  /** Opens what toBytes() or save() gave. Throws FORMAT and what opening an index throws. */
  static async open<L extends Label = Label>(
    input: SnapshotInput,
    run: RunOptions = {},
  ): Promise<KNeighborsDensityClassifier<L>> {
    const { facts, section, labels, fail } = await openFile(input, "KNeighborsDensityClassifier", run);
    const options = facts.json("options") as unknown as KNeighborsDensityClassifierOptions;
    const rows = facts.whole("rows", 1, 0xffff_fffe);
    const encoded = labels<L>(rows);
    const priors = Float64Array.from(facts.json("priors") as number[]);
    facts.done();
    if (priors.length !== encoded.classes.length) fail("it has a prior for each class");
    const model = new KNeighborsDensityClassifier<L>(options);
    const densities: KNeighborsDensity[] = [];
    try {
      for (const c of encoded.classes.keys())
        densities.push(await KNeighborsDensity.open(section(`density${c}`)));
    } catch (error) {
      for (const density of densities) density.close();
      throw error;
    }
    model.#learned = { labels: encoded, priors, densities };
    return model;
  }

  #snapshot(): Snapshot {
    const { labels, priors, densities } = this.#fitted;
    const options = Object.fromEntries(
      Object.entries(this.options).filter(([, value]) => value !== undefined),
    );
    return {
      kind: "KNeighborsDensityClassifier",
      facts: { version: 1, options: options as Facts, rows: labels.codes.length, priors: [...priors] },
      sections: [
        ...labelParts(labels),
        ...densities.map((density, c) => {
          return { name: `density${c}`, dtype: "u8", data: density.toBytes() } as const;
        }),
      ],
    };
  }

  /** Releases the indexes. */
  close(): void {
    for (const density of this.#learned?.densities ?? []) density.close();
    this.#learned = undefined;
  }

  get #fitted(): Learned<L> {
    if (this.#learned === undefined) {
      throw new VicinalError("NOT_FITTED", { what: "This KNeighborsDensityClassifier" });
    }
    return this.#learned;
  }

  #named(posteriors: Matrix<Float64Array>): L[] {
    const { classes } = this.#fitted.labels;
    return Array.from(winners(posteriors), (code) => classes[code]!);
  }

  *#posteriors(queries: VectorsInput): Work<Matrix<Float64Array>> {
    const { densities, priors } = this.#fitted;
    const reader = densities[0]!.readQueries(queries);
    const out = new Float64Array(reader.rows * priors.length);
    for (const [c, density] of densities.entries()) {
      const logs = yield* density.densities(reader);
      const log = Math.log(priors[c]!);
      // A class that cannot be stays so where its density is infinite.
      for (let q = 0; q < reader.rows; q++) {
        out[q * priors.length + c] = log === Number.NEGATIVE_INFINITY ? log : logs[q]! + log;
      }
    }
    for (let at = 0; at < out.length; at += priors.length)
      normalise(out.subarray(at, at + priors.length), priors);
    return matrix(out, priors.length);
  }
}

/**
 * Makes logarithms of numbers that sum to 1. Where densities are infinite, those classes share by their priors; so do all
 * classes where every density is 0, as beyond the distances that float32 holds.
 */
function normalise(logs: Float64Array, priors: Float64Array): void {
  if (logs.includes(Number.POSITIVE_INFINITY)) {
    for (let c = 0; c < logs.length; c++) {
      logs[c] = logs[c] === Number.POSITIVE_INFINITY ? Math.log(priors[c]!) : Number.NEGATIVE_INFINITY;
    }
  }
  if (logs.every((log) => log === Number.NEGATIVE_INFINITY)) {
    for (let c = 0; c < logs.length; c++) logs[c] = Math.log(priors[c]!);
  }
  const most = Math.max(...logs);
  let sum = 0;
  for (const log of logs) sum += Math.exp(log - most);
  const shift = most + Math.log(sum);
  for (let c = 0; c < logs.length; c++) logs[c]! -= shift;
}

function exponentials(logs: Matrix<Float64Array>): Matrix<Float64Array> {
  return { ...logs, data: logs.data.map(Math.exp) };
}

function winners({ data, rows, cols }: Matrix<Float64Array>): Int32Array {
  return Int32Array.from({ length: rows }, (_, q) => {
    const row = data.subarray(q * cols, (q + 1) * cols);
    return row.indexOf(Math.max(...row));
  });
}
