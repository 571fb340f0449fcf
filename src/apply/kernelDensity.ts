import {
  checkOptions,
  createRng,
  type Matrix,
  matrix,
  oneOf,
  type RunOptions,
  VicinalError,
  wholeNumber,
} from "../core/index.ts";
import type { VectorsInput } from "../indexes/contract.ts";
import { kernelDensity, kernelDensityAsync } from "../indexes/kernelDensity.ts";
import { DENSITY_KERNELS, type DensityKernel } from "../indexes/trees/balltree/normaliser.ts";
import type { SnapshotInput } from "../persist/index.ts";
import { type FitInput, NeighborEstimator } from "./estimator.ts";
import { readFitting } from "./fitting.ts";
import type { NeighborOptions, NeighborSource } from "./neighbors.ts";
import { openSavedEstimator, type SavedParts } from "./saved.ts";

export interface KernelDensityOptions
  extends Omit<NeighborOptions, "efSearch" | "nprobe" | "rerank" | "searchK" | "maxLeaves" | "exact"> {
  /** Width of the kernel in the metric's units, or a rule for it (for rows of unit variance); default 1. */
  bandwidth?: number | "scott" | "silverman";
  /** Default gaussian. */
  kernel?: DensityKernel;
  /** Error allowed, as a density; default 0. */
  atol?: number;
  /** Error allowed, as a share of the density; default 1e-8. */
  rtol?: number;
}

/**
 * The density of rows as a sum of kernels, over a ball tree (the option `index` is another specification of one, or one
 * already built). Equal to scikit-learn's class of this name; see `kernelDensity` of vicinal/indexes for accuracy and
 * cost.
 */
export class KernelDensity extends NeighborEstimator<KernelDensityOptions> {
  readonly kind = "KernelDensity";
  readonly #kernel: DensityKernel;
  readonly #rule: number | "scott" | "silverman";
  #bandwidth = 0;

  /** @throws VicinalError OPTION_UNKNOWN, OPTION_RANGE */
  constructor(options: KernelDensityOptions = {}) {
    checkOptions(options);
    super({ index: "BallTree", ...options }, ["bandwidth", "kernel", "atol", "rtol"]);
    this.#kernel = oneOf("kernel", options.kernel ?? "gaussian", DENSITY_KERNELS);
    const rule = options.bandwidth ?? 1;
    if (
      rule !== "scott" &&
      rule !== "silverman" &&
      !(typeof rule === "number" && rule > 0 && rule < Infinity)
    ) {
      throw new VicinalError("OPTION_RANGE", {
        option: "bandwidth",
        got: rule,
        rule: 'a number above 0, "scott" or "silverman"',
      });
    }
    for (const option of ["atol", "rtol"] as const) {
      const got = options[option] ?? 0;
      if (typeof got === "number" && got >= 0 && got < Infinity) continue;
      throw new VicinalError("OPTION_RANGE", { option, got, rule: "a finite number >= 0" });
    }
    this.#rule = rule;
  }

  /** Opens what toBytes() or save() gave. Throws FORMAT and what opening an index throws. */
  static async open(input: SnapshotInput, run: RunOptions = {}): Promise<KernelDensity> {
    return openSavedEstimator<KernelDensityOptions, KernelDensity>(input, "KernelDensity", run, (saved) => {
      return new KernelDensity(saved.options).#take(saved.source);
    });
  }

  protected parts(): SavedParts {
    return { facts: {}, sections: [] };
  }

  /** Width of the kernel. Throws NOT_FITTED. */
  get bandwidth_(): number {
    void this.source;
    return this.#bandwidth;
  }

  /** Takes n rows. Throws UNSUPPORTED unless the index is a ball tree, and what the index refuses. */
  fit(rows: FitInput): this {
    return this.#take(readFitting(rows, this.options).open());
  }

  async fitAsync(rows: FitInput, run: RunOptions = {}): Promise<this> {
    return this.#take(await readFitting(rows, this.options).openAsync(run, 10));
  }

  #take(source: NeighborSource): this {
    const { index } = source;
    if (index.kind !== "BallTree") {
      source.close();
      const rule = 'sums need balls; leave the option index out, or say "BallTree"';
      throw new VicinalError("UNSUPPORTED", { what: `Kernel densities of ${index.kind}`, rule });
    }
    this.adopt(source);
    const [n, d] = [source.rows, index.dimension];
    if (this.#rule === "scott") this.#bandwidth = n ** (-1 / (d + 4));
    else if (this.#rule === "silverman") this.#bandwidth = ((n * (d + 2)) / 4) ** (-1 / (d + 4));
    else this.#bandwidth = this.#rule;
    return this;
  }

  /** Natural logarithm of the density at each query, −Infinity where it is 0. Throws NOT_FITTED, DIM_MISMATCH. */
  scoreSamples(queries: VectorsInput): Float64Array {
    return kernelDensity(this.index, queries, this.#options());
  }

  async scoreSamplesAsync(queries: VectorsInput, run: RunOptions = {}): Promise<Float64Array> {
    return kernelDensityAsync(this.index, queries, {
      ...this.#options(),
      threads: this.options.threads ?? 1,
      ...run,
    });
  }

  /** Sum of the logarithms: the log likelihood of the queries. */
  score(queries: VectorsInput): number {
    return this.scoreSamples(queries).reduce((a, b) => a + b, 0);
  }

  /**
   * Draws rows from the density, shape count × d; kernels gaussian and tophat, metric l2.
   *
   * @throws VicinalError UNSUPPORTED for others
   */
  sample(count: number, seed = 0): Matrix<Float64Array> {
    const { index, rows } = this.source;
    const kernel = this.#kernel;
    if ((kernel !== "gaussian" && kernel !== "tophat") || index.metric !== "l2") {
      throw new VicinalError("UNSUPPORTED", {
        what: `Drawing from kernel ${kernel} under ${index.metric}`,
        rule: "gaussian and tophat under l2 can be drawn from",
      });
    }
    const rng = createRng(wholeNumber("seed", seed, 0, Number.MAX_SAFE_INTEGER), "kernel density");
    const d = index.dimension;
    const out = new Float64Array(wholeNumber("count", count, 0, 0x7fffffff) * d);
    for (let at = 0; at < out.length; at += d) {
      const center = index.get(this.source.keyOf(rng.below(rows)));
      let square = 0;
      for (let j = 0; j < d; j++) {
        const normal = rng.normal();
        square += normal * normal;
        out[at + j] = normal;
      }
      // A direction of unit length times u^(1/d) is even within the ball.
      const length = kernel === "gaussian" ? 1 : rng.next() ** (1 / d) / Math.sqrt(square);
      for (let j = 0; j < d; j++) out[at + j] = center[j]! + this.#bandwidth * length * out[at + j]!;
    }
    return matrix(out, d);
  }

  #options() {
    const { atol, rtol } = this.options;
    return {
      bandwidth: this.bandwidth_,
      kernel: this.#kernel,
      log: true,
      ...(atol === undefined ? {} : { atol }),
      ...(rtol === undefined ? {} : { rtol }),
    };
  }
}
