// Minkowski distances, weighted and on periodic axes, in float64 throughout: the strict kernel of a metric that is
// wanted for its meaning rather than its speed. The block of its numbers is filled by src/indexes/metricBlock.ts.

import { power, root } from "./power";

/** The numbers of a Minkowski metric: `axes` weights follow the struct, then as many periods (f64). */
@unmanaged
export class Minkowski {
  /** 0: p = 1, 1: p = 2, 2: p infinite, 3: any other. */
  form: i32;
  /** 1 where any axis has a period. */
  periodic: i32;
  p: f64;

  @inline weight(j: usize): f64 {
    return load<f64>(changetype<usize>(this) + (j << 3), 16);
  }
  @inline period(j: usize, axes: usize): f64 {
    return load<f64>(changetype<usize>(this) + ((axes + j) << 3), 16);
  }
}

/** |t| on a line (period 0) or on a circle. */
@inline
export function shorterWay(t: f64, period: f64): f64 {
  const way = abs<f64>(t);
  if (period == 0) return way;
  const rest = way - period * floor<f64>(way / period);
  return max<f64>(0, min<f64>(rest, period - rest));
}

@inline
function wayAt(m: Minkowski, a: usize, b: usize, j: usize, axes: usize): f64 {
  const t = <f64>load<f32>(a + (j << 2)) - <f64>load<f32>(b + (j << 2));
  return m.periodic ? shorterWay(t, m.period(j, axes)) : abs<f64>(t);
}

/** Rank of b as seen from a: Σ w|a−b| for p = 1, Σ w(a−b)² for 2, the distance itself for other p. */
export function minkowskiF32(a: usize, b: usize, bytes: usize, params: usize): f32 {
  const m = changetype<Minkowski>(params);
  const axes = bytes >> 2;
  let sum: f64 = 0;
  if (m.form == 1) {
    for (let j: usize = 0; j < axes; j++) {
      const way = wayAt(m, a, b, j, axes);
      sum += m.weight(j) * (way * way);
    }
    return <f32>sum;
  }
  if (m.form == 0) {
    for (let j: usize = 0; j < axes; j++) sum += m.weight(j) * wayAt(m, a, b, j, axes);
    return <f32>sum;
  }
  if (m.form == 2) {
    for (let j: usize = 0; j < axes; j++) sum = max<f64>(sum, m.weight(j) * wayAt(m, a, b, j, axes));
    return <f32>sum;
  }
  // Relative to the longest way, no power overflows.
  let most: f64 = 0;
  for (let j: usize = 0; j < axes; j++) {
    if (m.weight(j) > 0) most = max<f64>(most, wayAt(m, a, b, j, axes));
  }
  if (most == 0) return 0;
  let weightMost: f64 = 0;
  for (let j: usize = 0; j < axes; j++) weightMost = max<f64>(weightMost, m.weight(j));
  for (let j: usize = 0; j < axes; j++) {
    sum += (m.weight(j) / weightMost) * power(wayAt(m, a, b, j, axes) / most, m.p);
  }
  if (sum == 0) return 0;
  const scale = root(sum > 1 ? sum : 1 / sum, m.p);
  const weightScale = root(weightMost > 1 ? weightMost : 1 / weightMost, m.p);
  const distance = most * (sum > 1 ? scale : 1 / scale);
  return <f32>(weightMost > 1 ? distance * weightScale : distance / weightScale);
}
