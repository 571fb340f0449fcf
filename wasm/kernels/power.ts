// x^p in float64 without tables, the same bits everywhere: relative error below 1e-12 for the ranks made of it.

/** log2 of a positive finite number. */
function log2(x: f64): f64 {
  let bits = reinterpret<u64>(x);
  let exponent: i32 = -1023;
  if (bits >> 52 == 0) {
    // Subnormal numbers have no leading bit.
    bits = reinterpret<u64>(x * 18014398509481984.0);
    exponent -= 54;
  }
  exponent += <i32>(bits >> 52);
  let m = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    exponent++;
  }
  // ln m = 2 artanh s, |s| <= 0.1716
  const s = (m - 1) / (m + 1);
  const z = s * s;
  let sum: f64 = 1.0 / 21;
  sum = sum * z + 1.0 / 19;
  sum = sum * z + 1.0 / 17;
  sum = sum * z + 1.0 / 15;
  sum = sum * z + 1.0 / 13;
  sum = sum * z + 1.0 / 11;
  sum = sum * z + 1.0 / 9;
  sum = sum * z + 1.0 / 7;
  sum = sum * z + 1.0 / 5;
  sum = sum * z + 1.0 / 3;
  sum = sum * z + 1;
  return <f64>exponent + 2.8853900817779268 * s * sum;
}

/** 2^y for y <= 0. */
function exp2(y: f64): f64 {
  if (y < -1060) return 0;
  const whole = nearest<f64>(y);
  const t = (y - whole) * 0.6931471805599453;
  let sum: f64 = 1;
  for (let i = 14; i > 0; i--) sum = 1 + (t * sum) / <f64>i;
  // Two steps, as the smallest results are subnormal.
  const half = <i32>whole >> 1;
  return sum * power2(half) * power2(<i32>whole - half);
}

@inline
function power2(n: i32): f64 {
  return reinterpret<f64>(<u64>(n + 1023) << 52);
}

/** x^p for x from 0 to 1 and p > 0. */
export function power(x: f64, p: f64): f64 {
  return x == 0 ? 0 : exp2(p * min<f64>(0, log2(x)));
}

/** x^(1/p) for x >= 1. */
export function root(x: f64, p: f64): f64 {
  return 1 / exp2(-log2(x) / p);
}
