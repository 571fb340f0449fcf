import { type Dense, productsOfRows, transpose, zeros } from "../linalg/dense.ts";
import type { MetricObjective } from "./ncaObjective.ts";

/** Rows that pull and push: `targets` n × k of the own class, `impostors` n × c of others. */
export interface LmnnPairs {
  readonly targets: Uint32Array;
  readonly k: number;
  readonly impostors: Uint32Array;
  /** Row i has impostors starts[i] … starts[i + 1). */
  readonly starts: Uint32Array;
}

export interface LmnnWeights {
  /** Weight of pulling; pushing has the rest to 1. */
  readonly regularization: number;
  readonly margin: number;
}

/**
 * pull · Σ |L(x_i − x_t)|² + (1 − pull) · Σ max(0, margin + |L(x_i − x_t)|² − |L(x_i − x_l)|²), over rows i, their targets t and
 * impostors l: metric-learn's objective of LMNN (Weinberger & Saul 2009, JMLR 10). An evaluation costs n (k + c) m.
 */
export function lmnnObjective(x: Dense, pairs: LmnnPairs, weights: LmnnWeights, m: number): MetricObjective {
  const n = x.rows;
  const d = x.cols;
  const z = zeros(n, m);
  const pull = zeros(n, m);
  const columns = transpose(x);
  const { targets, k, impostors, starts } = pairs;
  const push = 1 - weights.regularization;
  const near = new Float64Array(k);
  const held = new Float64Array(k);
  return {
    evaluate(components, gradient) {
      productsOfRows(x, { data: components, rows: m, cols: d, stride: d }, z.data.fill(0), m);
      pull.data.fill(0);
      let value = 0;
      for (let i = 0; i < n; i++) {
        let farthest = 0;
        for (let t = 0; t < k; t++) {
          near[t] = squaredDistance(z.data, i * m, targets[i * k + t]! * m, m);
          held[t] = weights.regularization;
          value += weights.regularization * near[t]!;
          farthest = Math.max(farthest, near[t]!);
        }
        for (let at = starts[i]!; at < starts[i + 1]!; at++) {
          const l = impostors[at]! * m;
          const distance = squaredDistance(z.data, i * m, l, m);
          if (distance >= farthest + weights.margin) continue;
          let active = 0;
          for (let t = 0; t < k; t++) {
            const hinge = weights.margin + near[t]! - distance;
            if (hinge <= 0) continue;
            value += push * hinge;
            held[t]! += push;
            active++;
          }
          addPair(pull.data, z.data, i * m, l, m, -push * active);
        }
        for (let t = 0; t < k; t++) addPair(pull.data, z.data, i * m, targets[i * k + t]! * m, m, held[t]!);
      }
      productsOfRows(transpose(pull), columns, gradient.fill(0), d);
      return value;
    },
  };
}

function squaredDistance(z: Float64Array, a: number, b: number, m: number): number {
  let sum = 0;
  for (let c = 0; c < m; c++) {
    const x = z[a + c]! - z[b + c]!;
    sum += x * x;
  }
  return sum;
}

/** Adds 2 w (z_a − z_b) to a and takes it from b. */
function addPair(pull: Float64Array, z: Float64Array, a: number, b: number, m: number, w: number): void {
  for (let c = 0; c < m; c++) {
    const x = 2 * w * (z[a + c]! - z[b + c]!);
    pull[a + c]! += x;
    pull[b + c]! -= x;
  }
}
