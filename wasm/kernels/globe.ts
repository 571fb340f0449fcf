// Great circles, in float64: points are [latitude, longitude] in degrees, as float32. Sines are made here, because those
// of the compiler's library bring tables along.

/** sin of x degrees, |x| <= 90: Taylor's series, whose next term is below 1e-17. */
@inline
function sinDegrees(x: f64): f64 {
  const t = x * 0.017453292519943295;
  const z = t * t;
  let sum: f64 = 1;
  for (let i = 20; i > 0; i -= 2) sum = 1 - (z * sum) / <f64>(i * (i + 1));
  return t * sum;
}

/** sin² of half of x degrees, whatever x. */
@inline
function halfSquare(x: f64): f64 {
  const half = x * 0.5;
  const sine = sinDegrees(half - 180 * nearest<f64>(half / 180));
  return sine * sine;
}

/** Metres along a sphere of the Earth's mean radius (src/metrics/distances.ts, haversine). */
export function haversineF32(a: usize, b: usize): f32 {
  const north = <f64>load<f32>(a), other = <f64>load<f32>(b);
  const cosines = sinDegrees(90 - abs<f64>(north)) * sinDegrees(90 - abs<f64>(other));
  const h = halfSquare(other - north) + cosines * halfSquare(<f64>load<f32>(b, 4) - <f64>load<f32>(a, 4));
  return <f32>(12742017.6 * Math.asin(Math.sqrt(min<f64>(1, h))));
}
