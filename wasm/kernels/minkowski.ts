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
function shorterWay(t: f64, period: f64): f64 {
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

/** One axis taken into the sum (the maximum, where p is infinite). */
@inline
function take(m: Minkowski, sum: f64, way: f64, j: usize): f64 {
  const weight = m.weight(j);
  if (m.form == 2) return max<f64>(sum, weight * way);
  return sum + weight * (m.form == 1 ? way * way : way);
}

/**
 * (Σ w·way^p)^(1/p) relative to the longest way, so that no power overflows. `ways` are differences of a and b, or
 * where b = 0 the numbers (f64) listed at a.
 */
function anyPower(m: Minkowski, a: usize, b: usize, axes: usize): f64 {
  let most: f64 = 0, heaviest: f64 = 0;
  for (let j: usize = 0; j < axes; j++) {
    heaviest = max<f64>(heaviest, m.weight(j));
    if (m.weight(j) > 0) most = max<f64>(most, b ? wayAt(m, a, b, j, axes) : load<f64>(a + (j << 3)));
  }
  if (most == 0) return 0;
  let sum: f64 = 0;
  for (let j: usize = 0; j < axes; j++) {
    const way = b ? wayAt(m, a, b, j, axes) : load<f64>(a + (j << 3));
    sum += (m.weight(j) / heaviest) * power(min<f64>(1, way / most), m.p);
  }
  return sum == 0 ? 0 : most * scale(sum, m.p) * scale(heaviest, m.p);
}

/** x^(1/p) for x > 0. */
function scale(x: f64, p: f64): f64 {
  return x >= 1 ? root(x, p) : 1 / root(1 / x, p);
}

/** The rank that ways (f64) along each axis amount to. */
export function minkowskiWays(m: Minkowski, ways: usize, axes: usize): f64 {
  if (m.form == 3) return anyPower(m, ways, 0, axes);
  let sum: f64 = 0;
  for (let j: usize = 0; j < axes; j++) sum = take(m, sum, load<f64>(ways + (j << 3)), j);
  return sum;
}

/** Rank of b as seen from a: Σ w|a−b| for p = 1, Σ w(a−b)² for 2, the distance itself for other p. */
export function minkowskiF32(a: usize, b: usize, bytes: usize, params: usize): f32 {
  const m = changetype<Minkowski>(params);
  const axes = bytes >> 2;
  if (m.form == 3) return <f32>anyPower(m, a, b, axes);
  let sum: f64 = 0;
  for (let j: usize = 0; j < axes; j++) sum = take(m, sum, wayAt(m, a, b, j, axes), j);
  return <f32>sum;
}
