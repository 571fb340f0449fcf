import { checkK, type RunOptions, VicinalError } from "../core/index.ts";
import type { VectorsInput } from "../indexes/contract.ts";
import type { VectorReader } from "../indexes/parts/vectors.ts";
import type { SnapshotInput } from "../persist/index.ts";
import {
  everyRow,
  type FitInput,
  type KNeighbors,
  NeighborEstimator,
  runWork,
  runWorkAsync,
  tabulate,
  type Work,
} from "./estimator.ts";
import { readFitting } from "./fitting.ts";
import type { NeighborOptions, NeighborSource } from "./neighbors.ts";
import { openSavedEstimator, type SavedParts } from "./saved.ts";

export interface LocalOutlierFactorOptions extends NeighborOptions {
  /** Neighbours that make up a row's surroundings, default 20; at most all other rows. */
  k?: number;
  /**
   * Share of the fitted rows that are outliers, above 0 and at most 0.5, which sets the threshold; default "auto": a
   * factor of 1.5.
   */
  contamination?: "auto" | number;
}

/** Keeps densities of rows that lie on top of one another finite, as scikit-learn does. */
const EPSILON = 1e-10;

/** What fitting learned. */
interface Learned {
  readonly k: number;
  /** Distance of each fitted row to its k-th neighbour. */
  readonly reach: Float64Array;
  /** Local reachability density of each fitted row. */
  readonly density: Float64Array;
  /** Negated factor of each fitted row. */
  readonly factors: Float64Array;
  readonly offset: number;
}

/**
 * How much sparser it is around a row than around its neighbours: a factor of about 1 within a cluster, well above 1
 * for outliers. {@link fitPredict} judges the fitted rows themselves, each without itself; {@link predict} judges new
 * rows against the fitted ones. Equal to scikit-learn's class of this name in both its modes.
 *
 * @see Breunig, Kriegel, Ng and Sander, LOF: identifying density-based local outliers, SIGMOD 2000
 */
export class LocalOutlierFactor extends NeighborEstimator<LocalOutlierFactorOptions> {
  readonly kind = "LocalOutlierFactor";
  readonly #contamination: "auto" | number;
  #learned: Learned | undefined;

  /** @throws VicinalError OPTION_UNKNOWN, OPTION_RANGE, BAD_K */
  constructor(options: LocalOutlierFactorOptions = {}) {
    super(options, ["k", "contamination"]);
    checkK(options.k ?? 20);
    const share = options.contamination ?? "auto";
    if (share !== "auto" && !(typeof share === "number" && share > 0 && share <= 0.5)) {
      throw new VicinalError("OPTION_RANGE", {
        option: "contamination",
        got: share,
        rule: '"auto", or above 0 and at most 0.5',
      });
    }
    this.#contamination = share;
  }

  /** Opens what toBytes() or save() gave. Throws FORMAT and what opening an index throws. */
  static async open(input: SnapshotInput, run: RunOptions = {}): Promise<LocalOutlierFactor> {
    type Options = LocalOutlierFactorOptions;
    return openSavedEstimator<Options, LocalOutlierFactor>(input, "LocalOutlierFactor", run, (saved) => {
      const model = new LocalOutlierFactor(saved.options);
      const learned = {
        k: saved.facts.whole("k", 1, 0x7fffffff),
        offset: saved.facts.number("offset"),
        reach: saved.floats("reach"),
        density: saved.floats("density"),
        factors: saved.floats("factors"),
      };
      model.adopt(saved.source);
      model.#learned = learned;
      return model;
    });
  }

  protected parts(): SavedParts {
    const { k, offset, reach, density, factors } = this.#fitted;
    const sections = Object.entries({ reach, density, factors }).map(([name, data]) => {
      return { name, dtype: "f64", data } as const;
    });
    return { facts: { k, offset }, sections };
  }

  /** Neighbours used: the option, or all other rows where there are fewer. Throws NOT_FITTED. */
  get k_(): number {
    return this.#fitted.k;
  }

  /** Minus the factor of each fitted row: about −1 within a cluster, lower for outliers. Throws NOT_FITTED. */
  get negativeOutlierFactor_(): Float64Array {
    return this.#fitted.factors;
  }

  /** Scores below this are those of outliers. Throws NOT_FITTED. */
  get offset_(): number {
    return this.#fitted.offset;
  }

  /** Takes n >= 2 rows. What was fitted before is replaced, or stays when this throws. */
  fit(rows: FitInput): this {
    return runWork(this.#take(readFitting(rows, this.options).open()));
  }

  async fitAsync(rows: FitInput, run: RunOptions = {}): Promise<this> {
    const source = await readFitting(rows, this.options).openAsync(run, this.options.k ?? 20);
    return runWorkAsync(this.#take(source), run);
  }

  /** Fits rows and says of each whether it is an outlier (−1) or not (1). */
  fitPredict(rows: FitInput): Int8Array {
    return this.fit(rows).#judge(this.negativeOutlierFactor_);
  }

  async fitPredictAsync(rows: FitInput, run: RunOptions = {}): Promise<Int8Array> {
    return (await this.fitAsync(rows, run)).#judge(this.negativeOutlierFactor_);
  }

  /** Minus the factor of each new row; higher is more ordinary. Throws NOT_FITTED, DIM_MISMATCH, NOT_FINITE. */
  scoreSamples(queries: VectorsInput): Float64Array {
    return runWork(this.#scores(this.read(queries)));
  }

  async scoreSamplesAsync(queries: VectorsInput, run: RunOptions = {}): Promise<Float64Array> {
    return runWorkAsync(this.#scores(this.keep(queries)), run);
  }

  /** Scores less the threshold: below 0 for outliers. */
  decisionFunction(queries: VectorsInput): Float64Array {
    const { offset } = this.#fitted;
    return this.scoreSamples(queries).map((score) => score - offset);
  }

  /** Whether each new row is an outlier (−1) or not (1). */
  predict(queries: VectorsInput): Int8Array {
    return this.#judge(this.scoreSamples(queries));
  }

  async predictAsync(queries: VectorsInput, run: RunOptions = {}): Promise<Int8Array> {
    return this.#judge(await this.scoreSamplesAsync(queries, run));
  }

  get #fitted(): Learned {
    void this.source;
    return this.#learned!;
  }

  #judge(scores: Float64Array): Int8Array {
    const { offset } = this.#fitted;
    return Int8Array.from(scores, (score) => (score < offset ? -1 : 1));
  }

  *#take(source: NeighborSource): Work<this> {
    let done = false;
    try {
      const learned = yield* learn(source, this.options.k ?? 20, this.#contamination);
      this.adopt(source);
      this.#learned = learned;
      done = true;
    } finally {
      if (!done) source.close();
    }
    return this;
  }

  *#scores(reader: VectorReader): Work<Float64Array> {
    const learned = this.#fitted;
    const near = yield* this.nearest(reader, learned.k);
    return factorsOf(near, densitiesOf(near, learned.reach), learned.density);
  }
}

function* learn(source: NeighborSource, wanted: number, contamination: "auto" | number): Work<Learned> {
  const n = source.rows;
  if (n < 2) {
    throw new VicinalError("OPTION_RANGE", { option: "fitted rows", got: n, rule: "at least 2" });
  }
  const k = Math.min(wanted, n - 1);
  const to = tabulate(n, k);
  yield { quest: source.aroundRows(everyRow(n), { k }, "neighbours"), visit: to.visit };
  const near = to.finish();
  const reach = Float64Array.from({ length: n }, (_, i) => near.distances[i * k + near.counts[i]! - 1]!);
  const density = densitiesOf(near, reach);
  const factors = factorsOf(near, density, density);
  const offset = contamination === "auto" ? -1.5 : quantile(factors, contamination);
  return { k, reach, density, factors, offset };
}

/** 1 over the mean reachability distance: a neighbour is never nearer than its own k-th neighbour is. */
function densitiesOf({ queries, k, rows, distances, counts }: KNeighbors, reach: Float64Array): Float64Array {
  const out = new Float64Array(queries);
  for (let q = 0; q < queries; q++) {
    let sum = 0;
    for (let i = q * k; i < q * k + counts[q]!; i++) sum += Math.max(distances[i]!, reach[rows[i]!]!);
    out[q] = 1 / (sum / counts[q]! + EPSILON);
  }
  return out;
}

/** Minus the mean density of the neighbours over the own. */
function factorsOf(
  { queries, k, rows, counts }: KNeighbors,
  own: Float64Array,
  fitted: Float64Array,
): Float64Array {
  const out = new Float64Array(queries);
  for (let q = 0; q < queries; q++) {
    let sum = 0;
    for (let i = q * k; i < q * k + counts[q]!; i++) sum += fitted[rows[i]!]! / own[q]!;
    out[q] = -sum / counts[q]!;
  }
  return out;
}

/** The value below which that share of the values lies, between values by line. */
function quantile(values: Float64Array, share: number): number {
  const sorted = values.slice().sort();
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(sorted.length - 1, low + 1);
  return sorted[low]! + (at - low) * (sorted[high]! - sorted[low]!);
}
