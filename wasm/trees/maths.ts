// Elementary functions in float64 without tables, the same bits everywhere; relative error below 1e-15.

/** e^x for x up to 700. */
export function expOf(x: f64): f64 {
  if (x < -745) return 0;
  const whole = nearest<f64>(x * 1.4426950408889634);
  // ln 2 in two parts, so that the difference is exact.
  const t = x - whole * 6.93147180369123816490e-1 - whole * 1.90821492927058770002e-10;
  let sum: f64 = 1.6059043836821613e-10;
  sum = sum * t + 2.08767569878681e-9;
  sum = sum * t + 2.505210838544172e-8;
  sum = sum * t + 2.755731922398589e-7;
  sum = sum * t + 2.7557319223985893e-6;
  sum = sum * t + 2.48015873015873e-5;
  sum = sum * t + 1.984126984126984e-4;
  sum = sum * t + 1.388888888888889e-3;
  sum = sum * t + 8.333333333333333e-3;
  sum = sum * t + 4.1666666666666664e-2;
  sum = sum * t + 0.16666666666666666;
  sum = sum * t + 0.5;
  sum = sum * t + 1;
  sum = sum * t + 1;
  // In two steps, as the smallest results are subnormal.
  const n = <i32>whole, half = n >> 1;
  return sum * reinterpret<f64>(<u64>(half + 1023) << 52) * reinterpret<f64>(<u64>(n - half + 1023) << 52);
}

/** cos(πx / 2) for x from 0 to 1. */
export function cosQuarter(x: f64): f64 {
  const t = (1 - x) * 1.5707963267948966;
  const z = t * t;
  let sum: f64 = 1;
  for (let i = 20; i > 0; i -= 2) sum = 1 - (z * sum) / <f64>(i * (i + 1));
  return t * sum;
}
