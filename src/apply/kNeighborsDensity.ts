import { checkK, type RunOptions, VicinalError } from "../core/index.ts";
import type { VectorsInput } from "../indexes/contract.ts";
import type { VectorReader } from "../indexes/parts/vectors.ts";
import type { SnapshotInput } from "../persist/index.ts";
import { logRadius, logUnitBall } from "./ballVolume.ts";
import { type FitInput, NeighborEstimator, runWork, runWorkAsync, type Work } from "./estimator.ts";
import { closing, readFitting } from "./fitting.ts";
import type { NeighborOptions, NeighborSource } from "./neighbors.ts";
import { openSavedEstimator, type SavedParts } from "./saved.ts";

export interface KNeighborsDensityOptions extends NeighborOptions {
  /** Rows that a ball grows to hold, default 5; all rows where there are fewer. */
  k?: number;
  /**
   * Dimension in which volumes are measured, default that of the rows. Rows on a surface of fewer dimensions have a
   * density there; in more, that of a surface is infinite, and estimates from finite rows are extreme.
   */
  intrinsicDimension?: number;
}

/** Checks the options that both density estimators share. */
export function checkDensityOptions({ k = 5, intrinsicDimension: d }: KNeighborsDensityOptions): number {
  if (d !== undefined && !(typeof d === "number" && d >= 1 && d <= 65_535)) {
    throw new VicinalError("OPTION_RANGE", { option: "intrinsicDimension", got: d, rule: "from 1 to 65535" });
  }
  return checkK(k);
}

/**
 * Density by growing a ball around the query until it holds k rows: k / (n · V), V the ball's volume. All in logarithms, so
 * that hundreds of dimensions neither overflow nor vanish. Consistent, but it does not integrate to 1.
 *
 * @see Loftsgaarden and Quesenberry, A nonparametric estimate of a multivariate density function, 1965
 */
export class KNeighborsDensity extends NeighborEstimator<KNeighborsDensityOptions> {
  readonly kind = "KNeighborsDensity";
  readonly #k: number;

  /** @throws VicinalError OPTION_UNKNOWN, OPTION_RANGE, BAD_K */
  constructor(options: KNeighborsDensityOptions = {}) {
    super(options, ["k", "intrinsicDimension"]);
    this.#k = checkDensityOptions(options);
  }

  /** Opens what toBytes() or save() gave. Throws FORMAT and what opening an index throws. */
  static async open(input: SnapshotInput, run: RunOptions = {}): Promise<KNeighborsDensity> {
    type Options = KNeighborsDensityOptions;
    return openSavedEstimator<Options, KNeighborsDensity>(input, "KNeighborsDensity", run, (saved) => {
      return new KNeighborsDensity(saved.options).#take(saved.source);
    });
  }

  protected parts(): SavedParts {
    return { facts: {}, sections: [] };
  }

  /** Rows that a ball grows to hold. */
  get k_(): number {
    return this.#k;
  }

  /** Takes rows. Throws UNSUPPORTED for metrics other than l2, l2sq, l1 and linf, and what the index refuses. */
  fit(rows: FitInput): this {
    return this.#take(readFitting(rows, this.options).open());
  }

  async fitAsync(rows: FitInput, run: RunOptions = {}): Promise<this> {
    return this.#take(await readFitting(rows, this.options).openAsync(run, this.#k));
  }

  #take(source: NeighborSource): this {
    closing(source, () => logUnitBall(source.index.metric, 1));
    this.adopt(source);
    return this;
  }

  /**
   * Natural logarithm of the density at each query; Infinity where k rows lie on the query. Throws NOT_FITTED,
   * DIM_MISMATCH, NOT_FINITE.
   */
  scoreSamples(queries: VectorsInput): Float64Array {
    return runWork(this.densities(this.read(queries)));
  }

  async scoreSamplesAsync(queries: VectorsInput, run: RunOptions = {}): Promise<Float64Array> {
    return runWorkAsync(this.densities(this.keep(queries)), run);
  }

  /** @internal */
  *densities(reader: VectorReader): Work<Float64Array> {
    const { index, rows } = this.source;
    const { dimension, metric } = index;
    const d = this.options.intrinsicDimension ?? dimension;
    const near = yield* this.nearest(reader, Math.min(this.#k, rows));
    const unit = logUnitBall(metric, d);
    return Float64Array.from({ length: reader.rows }, (_, q) => {
      const count = near.counts[q]!;
      const radius = logRadius(metric, near.distances[q * near.k + count - 1]!);
      return Math.log(count) - Math.log(rows) - unit - d * radius;
    });
  }

  /** @internal */
  readQueries(queries: VectorsInput): VectorReader {
    return this.keep(queries);
  }
}
