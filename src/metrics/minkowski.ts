import type { MetricOptions } from "../core/index.ts";
import type { DistanceFunction } from "./distances.ts";
import { resolveMetricOptions } from "./options.ts";
import { checkPair } from "./vector.ts";

/**
 * The Minkowski distance (Σ w|a − b|^p)^(1/p), max w|a − b| for p = Infinity. On an axis of period L, a − b is the
 * shorter way around: at most L/2.
 *
 * @throws VicinalError OPTION_RANGE, OPTION_UNKNOWN; the function throws DIM_MISMATCH, NOT_FINITE, BAD_INPUT
 */
export function minkowski(options: MetricOptions = {}): DistanceFunction {
  return (a, b) => {
    const [x, y] = checkPair(a, b);
    const { p, weights, boxSize } = resolveMetricOptions("minkowski", x.length, options)!;
    const terms = new Float64Array(x.length);
    for (let i = 0; i < x.length; i++) {
      const way = shorterWay(x[i]! - y[i]!, boxSize?.[i] ?? 0);
      // The weight belongs to the power: w^(1/p) does the same before it, and cannot overflow.
      const weight = weights?.[i] ?? 1;
      terms[i] = way * (p === Number.POSITIVE_INFINITY ? weight : weight ** (1 / p));
    }
    const most = terms.reduce((a, b) => Math.max(a, b), 0);
    if (most === 0 || p === Number.POSITIVE_INFINITY) return most;
    return most * terms.reduce((sum, t) => sum + (t / most) ** p, 0) ** (1 / p);
  };
}

/** |t| on a line (period 0) or on a circle. */
function shorterWay(t: number, period: number): number {
  const way = Math.abs(t);
  if (period === 0) return way;
  const rest = way - period * Math.floor(way / period);
  return Math.min(rest, period - rest);
}
