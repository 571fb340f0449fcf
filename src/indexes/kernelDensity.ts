import { checkNames, oneOf, type RunOptions, VicinalError } from "../core/index.ts";
import type { Index, Key, VectorsInput } from "./contract.ts";
import { usableThreads } from "./task.ts";
import { BallTreeIndex } from "./trees/balltree/balltree.ts";
import { DENSITY_KERNELS, type DensityKernel, logKernelIntegral } from "./trees/balltree/normaliser.ts";

export interface DensityOptions {
  /** Width of the kernel, in the metric's own units; > 0. */
  bandwidth: number;
  /** Default gaussian. */
  kernel?: DensityKernel;
  /** Error allowed, as a density; default 0. */
  atol?: number;
  /** Error allowed, as a share of the density; default 1e-8. */
  rtol?: number;
  /** Answer natural logarithms, which do not vanish far from all rows; default false. */
  log?: boolean;
}

export interface AsyncDensityOptions extends DensityOptions, RunOptions {
  /** Worker threads; default 1. Answers do not depend on it. */
  threads?: number;
}

export const DENSITY_DEFAULTS: Required<Omit<DensityOptions, "bandwidth">> = {
  kernel: "gaussian",
  atol: 0,
  rtol: 1e-8,
  log: false,
};

const NAMES = ["bandwidth", "kernel", "atol", "rtol", "log"];

/**
 * Kernel density estimates: the mean over all rows of K(distance / bandwidth), divided by K's integral over Euclidean
 * space, so that for l2 the estimates integrate to 1. Each differs from the exact sum by at most `atol + rtol · density`,
 * beside float64's rounding of it (Gray and Moore, SDM 2003).
 *
 * @param index a ball tree; distances are those of its metric
 * @param queries n vectors
 * @returns n densities, or their logarithms (−Infinity where no row counts)
 * @throws VicinalError UNSUPPORTED for other indexes, OPTION_RANGE, OPTION_UNKNOWN, DIM_MISMATCH, NOT_FINITE
 * @remarks O(log n) balls a query while the kernel is narrow or the error generous, O(n) distances at worst
 */
export function kernelDensity<K extends Key = Key>(
  index: Index<K>,
  queries: VectorsInput,
  options: DensityOptions,
): Float64Array {
  checkNames(options, NAMES);
  const { tree, resolved, norm } = prepare(index, options);
  return densities(tree.kernelSums(queries, toSums(resolved, norm)), resolved, norm);
}

/** The same in turns, on threads if wanted. Rejects with the signal's reason. */
export async function kernelDensityAsync<K extends Key = Key>(
  index: Index<K>,
  queries: VectorsInput,
  options: AsyncDensityOptions,
): Promise<Float64Array> {
  checkNames(options, [...NAMES, "threads", "signal", "onProgress"]);
  options.signal?.throwIfAborted();
  const threads = usableThreads(options.threads);
  const { tree, resolved, norm } = prepare(index, options);
  const sums = await tree.kernelSumsAsync(queries, toSums(resolved, norm), threads, options);
  return densities(sums, resolved, norm);
}

type Resolved = Required<DensityOptions>;

/** `norm` is the logarithm of what a sum is divided by. */
function prepare<K extends Key>(
  index: Index<K>,
  options: DensityOptions,
): { tree: BallTreeIndex<K>; resolved: Resolved; norm: number } {
  if (!(index instanceof BallTreeIndex)) {
    throw new VicinalError("UNSUPPORTED", {
      what: `Kernel densities of ${index?.kind ?? "that"}`,
      rule: 'sums need balls; put the rows into create("BallTree", …)',
    });
  }
  const { bandwidth, kernel, atol, rtol, log } = { ...DENSITY_DEFAULTS, ...options };
  if (!(typeof bandwidth === "number" && bandwidth > 0 && bandwidth < Number.POSITIVE_INFINITY)) {
    throw new VicinalError("OPTION_RANGE", { option: "bandwidth", got: bandwidth, rule: "a number over 0" });
  }
  for (const [option, got] of [["atol", atol] as const, ["rtol", rtol] as const]) {
    if (!(typeof got === "number" && got >= 0)) {
      throw new VicinalError("OPTION_RANGE", { option, got, rule: "a number >= 0" });
    }
  }
  oneOf("kernel", kernel, DENSITY_KERNELS);
  const norm = logKernelIntegral(kernel, index.dimension, bandwidth) + Math.log(Math.max(1, index.size));
  return { tree: index, resolved: { bandwidth, kernel, atol, rtol, log }, norm };
}

function toSums({ bandwidth, kernel, atol, rtol }: Resolved, norm: number) {
  return { kernel, bandwidth, rtol, atol: Math.min(Number.MAX_VALUE, atol * Math.exp(norm)) || 0 };
}

function densities(sums: Float64Array, { log }: Resolved, norm: number): Float64Array {
  const out = new Float64Array(sums.length / 2);
  for (let q = 0; q < out.length; q++) {
    const value = Math.log(sums[2 * q]!) - sums[2 * q + 1]! - norm;
    out[q] = log ? value : Math.exp(value);
  }
  return out;
}
