import {
  createReferenceKernels,
  type Kernels,
  RELAXATION_FORMS,
  type RelaxationForm,
} from "../../autodiff/index.ts";
import { checkK, oneOf, resolveOptions, VicinalError } from "../../core/index.ts";
import { type DistancesInput, type DistanceTable, readDistances, readTemperatures } from "./distances.ts";

export interface RelaxedOptions {
  /** Neighbours to take, one after another; default 1. May exceed the candidates: they are taken again then. */
  k?: number;
  /** Temperature above 0, one or one for each query; default 1. */
  t?: number | ArrayLike<number>;
  /**
   * "alpha" (default) tends to hard k-NN as t → 0; "logit" is what the released networks compute, whose second
   * step tends to ½, ½ on the two nearest; "hard" is k-NN itself (t is not used).
   */
  form?: RelaxationForm | "hard";
}

export const RELAXED_DEFAULTS: Readonly<Required<RelaxedOptions>> = Object.freeze({
  k: 1,
  t: 1,
  form: "alpha",
});

/** Weights of candidates: [queries, k, candidates], row-major; each of the k rows of a query sums to 1. */
export interface RelaxedNeighbors {
  readonly weights: Float64Array;
  readonly queries: number;
  readonly k: number;
  readonly candidates: number;
}

/** Gradients of a loss with respect to what the weights came from. */
export interface RelaxedGradient {
  /** [queries, candidates] */
  readonly distances: Float64Array;
  /** One for each query; times t it is that of log t. */
  readonly t: Float64Array;
}

interface Checked extends DistanceTable {
  readonly k: number;
  readonly t: Float64Array;
  readonly form: RelaxationForm | "hard";
}

function check(distances: DistancesInput, options: RelaxedOptions | undefined): Checked {
  const { k, t, form } = resolveOptions<Required<RelaxedOptions>>(RELAXED_DEFAULTS, options);
  const table = readDistances(distances);
  return {
    ...table,
    k: checkK(k),
    t: readTemperatures(t, table.queries),
    form: oneOf("form", form, [...RELAXATION_FORMS, "hard"]),
  };
}

/** Kernels in float64 with arrays laid one after another in their heap. */
function laid(arrays: readonly (Float64Array | number)[]): { kernels: Kernels; at: number[] } {
  const kernels = createReferenceKernels("f64");
  let end = kernels.firstAddress;
  const at = arrays.map((array) => {
    const here = end;
    end += typeof array === "number" ? array : array.length;
    return here;
  });
  kernels.reserve(end);
  arrays.forEach((array, i) => {
    if (typeof array !== "number") kernels.heap.set(array, at[i]!);
  });
  return { kernels, at };
}

/** The k nearest as weights of 0 and 1, the lower number first among equals; rows beyond the candidates are 0. */
function hard({ data, queries, candidates, k }: Checked): Float64Array {
  const weights = new Float64Array(queries * k * candidates);
  for (let q = 0; q < queries; q++) {
    nearest(data.subarray(q * candidates, (q + 1) * candidates), k).forEach((i, step) => {
      weights[(q * k + step) * candidates + i] = 1;
    });
  }
  return weights;
}

/** Numbers of the k nearest candidates, nearest first, the lower number first among equals; masked ones never. */
export function nearest(distances: Float64Array, k: number): number[] {
  const order = Array.from(distances.keys()).filter((i) => distances[i]! < Infinity);
  return order.sort((i, j) => distances[i]! - distances[j]! || i - j).slice(0, k);
}

/**
 * Weights that take the k nearest candidates softly, one after another: the expectation of k categorical draws
 * without replacement, made continuous. Differentiable with respect to distances and temperature; in the alpha
 * form the weights tend to those of hard k-NN as t → 0. k = 1 is softmax attention over −d / t.
 *
 * @param distances of queries to candidates; any scale, +∞ masks
 * @throws VicinalError BAD_K, BAD_INPUT, NOT_FINITE, OPTION_RANGE, OPTION_UNKNOWN
 * @remarks float64, O(queries · k · candidates); on a tape use relaxNeighbors
 * @see Plötz & Roth, Neural Nearest Neighbors Networks, arXiv:1810.12575
 */
export function relaxedNeighbors(distances: DistancesInput, options?: RelaxedOptions): RelaxedNeighbors {
  const checked = check(distances, options);
  const { data, t, queries, candidates, k, form } = checked;
  const shape = { queries, k, candidates };
  if (form === "hard") return { weights: hard(checked), ...shape };
  const size = queries * k * candidates;
  const { kernels, at } = laid([data, t, size]);
  const [d, heat, w] = at as [number, number, number];
  kernels.relax(d, heat, { rows: queries, cols: candidates, k, alpha: form === "alpha" }, w);
  return { weights: kernels.heap.slice(w, w + size) as Float64Array, ...shape };
}

/**
 * The way back through {@link relaxedNeighbors} with the same distances and options.
 *
 * @param outputGradient of the loss with respect to the weights, [queries, k, candidates]
 * @throws VicinalError as relaxedNeighbors does; UNSUPPORTED for "hard", which has no gradient
 */
export function relaxedNeighborsGradient(
  distances: DistancesInput,
  outputGradient: ArrayLike<number>,
  options?: RelaxedOptions,
): RelaxedGradient {
  const { data, t, queries, candidates, k, form } = check(distances, options);
  if (form === "hard") {
    throw new VicinalError("UNSUPPORTED", {
      what: "a gradient of hard neighbours",
      rule: 'their weights do not change with distances; use the form "alpha" or "logit"',
    });
  }
  if (outputGradient.length !== queries * k * candidates) {
    throw new VicinalError("BAD_INPUT", {
      what: "outputGradient",
      got: `${outputGradient.length} numbers`,
      rule: `${queries} · ${k} · ${candidates}`,
    });
  }
  const { kernels, at } = laid([data, t, Float64Array.from(outputGradient), data.length, queries]);
  const [d, heat, dw, dd, dt] = at as [number, number, number, number, number];
  const shape = { rows: queries, cols: candidates, k, alpha: form === "alpha" };
  kernels.relaxGradient(d, heat, shape, dw, dd, dt);
  const take = (from: number, n: number): Float64Array => kernels.heap.slice(from, from + n) as Float64Array;
  return { distances: take(dd, data.length), t: take(dt, queries) };
}
