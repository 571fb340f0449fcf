import { type Job, resolveOptions, VicinalError, wholeNumber } from "../../core/index.ts";
import type { VectorsInput } from "../../indexes/contract.ts";
import { lbfgs } from "../linalg/lbfgs.ts";
import { readRows } from "../rows.ts";
import { openSaved } from "../saved.ts";
import { type LearnedMetric, MetricLearner, readLearned, sampled } from "./metricLearner.ts";
import { ncaObjective } from "./ncaObjective.ts";
import { checkStart, type MetricStart, plainStart, startOf } from "./start.ts";

export interface NcaOptions {
  /** Dimensions of the learned space; default those of the data. */
  nComponents?: number;
  init?: MetricStart;
  maxIterations?: number;
  /** Ends where no entry of the gradient is larger in size. */
  tolerance?: number;
  /** More rows than these are sampled, classes in proportion: an evaluation costs their square. */
  maxRows?: number;
  seed?: number;
}

export const NCA_DEFAULTS: Required<Omit<NcaOptions, "nComponents">> & Pick<NcaOptions, "nComponents"> = {
  nComponents: undefined,
  init: "auto",
  maxIterations: 50,
  tolerance: 1e-5,
  maxRows: 4000,
  seed: 42,
};

/**
 * Neighbourhood components analysis (Goldberger, Roweis, Hinton & Salakhutdinov 2004), by scikit-learn's conventions: L
 * maximises the expected leave-one-out accuracy of a softmax over squared distances. Non-convex, so the start matters;
 * distances of many units saturate the softmax, so bring data to a spread of about one first.
 *
 * @remarks an evaluation costs three products of n × n × m: about 0.3 s for 2,000 rows and m = 32
 */
export class NCA extends MetricLearner {
  readonly options: Readonly<typeof NCA_DEFAULTS>;

  /** @throws VicinalError OPTION_RANGE, OPTION_UNKNOWN */
  constructor(options: NcaOptions = {}) {
    super();
    this.options = resolveOptions<typeof NCA_DEFAULTS>(NCA_DEFAULTS, options);
    const { init, nComponents, maxIterations, tolerance, maxRows, seed } = this.options;
    checkStart(init, nComponents);
    wholeNumber("maxIterations", maxIterations, 1, 1_000_000);
    wholeNumber("maxRows", maxRows, 2, 100_000);
    wholeNumber("seed", seed, 0, Number.MAX_SAFE_INTEGER);
    checkTolerance(tolerance);
  }

  protected override get name(): string {
    return "NCA";
  }

  protected override get saved(): object {
    return { ...this.options, init: plainStart(this.options.init) };
  }

  /** Reads what `toJSON` gave, or its text. Throws FORMAT, FORMAT_VERSION, OPTION_RANGE, OPTION_UNKNOWN. */
  static fromJSON(json: unknown): NCA {
    const saved = openSaved(json, "NCA");
    const model = new NCA(saved.options<NcaOptions>("options"));
    model.learned = readLearned(saved);
    return model;
  }

  protected override *job(input: VectorsInput, labels: ArrayLike<number | string>): Job<LearnedMetric> {
    const { maxRows, seed, maxIterations, tolerance } = this.options;
    const { x, classes } = sampled(readRows(input, "rows", 2), labels, maxRows, 2, seed);
    if (!classes.counts.some((count) => count > 1)) {
      const rule = "of at least one class with two rows";
      throw new VicinalError("BAD_INPUT", { what: "labels", got: "all different", rule });
    }
    const start = yield* startOf(x, classes, this.options);
    const objective = ncaObjective(x, classes.codes, start.rows);
    const found = yield* lbfgs((l, gradient) => objective.evaluate(l, gradient), start.data, {
      maxIterations,
      gradientTolerance: tolerance,
      phase: "NCA",
    });
    const { value, iterations, reason } = found;
    return { components: { ...start, data: found.x }, value, iterations, reason };
  }
}

export function checkTolerance(tolerance: number): void {
  if (typeof tolerance === "number" && tolerance >= 0 && tolerance < Number.POSITIVE_INFINITY) return;
  throw new VicinalError("OPTION_RANGE", { option: "tolerance", got: tolerance, rule: "a number >= 0" });
}
