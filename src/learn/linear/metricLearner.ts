import {
  createRng,
  type Job,
  type Matrix,
  permutation,
  type RunOptions,
  runAsync,
  runSync,
} from "../../core/index.ts";
import type { VectorsInput } from "../../indexes/contract.ts";
import type { Dense } from "../linalg/dense.ts";
import type { LbfgsResult } from "../linalg/lbfgs.ts";
import { type Classes, readClasses } from "../rows.ts";
import { fitted, plainRows, type SavedFields, type SavedModel } from "../saved.ts";
import { type LinearMap, LinearModel } from "./linearModel.ts";

/** What a learned metric keeps. */
export interface LearnedMetric {
  readonly components: Dense;
  /** The objective where the fit ended. */
  readonly value: number;
  readonly iterations: number;
  /** Why the optimisation ended. */
  readonly reason: LbfgsResult["reason"];
}

const REASONS: readonly string[] = ["gradient", "value", "iterations", "search"];

/** What NCA and LMNN share: a matrix L learned from rows and their labels. */
export abstract class MetricLearner extends LinearModel {
  protected learned: LearnedMetric | undefined;

  protected abstract get name(): string;
  protected abstract get saved(): object;
  protected abstract job(rows: VectorsInput, labels: ArrayLike<number | string>): Job<LearnedMetric>;

  /** L with M = LᵀL, m × d. */
  get components_(): Dense {
    return this.get().components;
  }

  /** The objective where the fit ended, of the rows it used. */
  get objective_(): number {
    return this.get().value;
  }

  get nIter_(): number {
    return this.get().iterations;
  }

  /** False where the iterations ran out. */
  get converged_(): boolean {
    return this.get().reason !== "iterations";
  }

  /**
   * Learns L.
   *
   * @param labels one number or string a row, of at least two classes
   * @throws VicinalError BAD_INPUT, OPTION_RANGE, NOT_FINITE, DIM_MISMATCH; what was learned before stays then
   */
  fit(rows: VectorsInput, labels: ArrayLike<number | string>, run?: RunOptions): this {
    this.learned = runSync(this.job(rows, labels), run);
    return this;
  }

  /** The same between turns of the event loop. */
  async fitAsync(rows: VectorsInput, labels: ArrayLike<number | string>, run?: RunOptions): Promise<this> {
    this.learned = await runAsync(this.job(rows, labels), run);
    return this;
  }

  fitTransform(rows: VectorsInput, labels: ArrayLike<number | string>): Matrix {
    return this.fit(rows, labels).transform(rows);
  }

  protected override map(): LinearMap {
    return { components: this.get().components, origin: undefined };
  }

  toJSON(): SavedModel & Record<string, unknown> {
    const { components, value, iterations, reason } = this.get();
    return {
      format: `vicinal/${this.name}`,
      version: 1,
      options: this.saved,
      components: plainRows(components),
      objective: value,
      iterations,
      reason,
    };
  }

  protected get(): LearnedMetric {
    return fitted(this.learned, this.name);
  }
}

export function readLearned(saved: SavedFields): LearnedMetric {
  const reason = saved.raw("reason") as LbfgsResult["reason"];
  if (!REASONS.includes(reason)) saved.fail(`reason is one of ${REASONS.join(", ")}`, String(reason));
  return {
    components: saved.matrix("components"),
    value: saved.number("objective"),
    iterations: saved.whole("iterations", 0),
    reason,
  };
}

/** At most so many rows, of each class in proportion and at least `least`; all, in order, where there are no more. */
export function sampled(
  rows: Matrix<Float64Array>,
  labels: ArrayLike<number | string>,
  most: number,
  least: number,
  seed: number,
): { x: Dense; classes: Classes } {
  const all = readClasses(labels, rows.rows);
  if (rows.rows <= most) return { x: rows, classes: all };
  const left = all.counts.map((count) =>
    Math.min(count, Math.max(least, Math.floor((count * most) / rows.rows))),
  );
  const order = permutation(rows.rows, createRng(seed, "metricSample"));
  const kept: number[] = [];
  for (const i of order) if (left[all.codes[i]!]! > 0 && left[all.codes[i]!]!-- > 0) kept.push(i);
  kept.sort((a, b) => a - b);
  const d = rows.cols;
  const data = new Float64Array(kept.length * d);
  kept.forEach((from, to) => {
    data.set(rows.data.subarray(from * d, (from + 1) * d), to * d);
  });
  const x = { data, rows: kept.length, cols: d, stride: d };
  return {
    x,
    classes: readClasses(
      kept.map((i) => labels[i]!),
      kept.length,
    ),
  };
}
