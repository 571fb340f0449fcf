// Metrics that take numbers of their own or compute in float64; src/indexes/metricBlock.ts fills their block, whose first
// word says which it is.

import { haversineF32 } from "./globe";
import { minkowskiF32 } from "./minkowski";

const HAVERSINE: u32 = 4;
const MAHALANOBIS: u32 = 5;

/** |Lᵀ(a − b)|²: after the form and d, the columns of L from the diagonal down (f64). */
function mahalanobisF32(a: usize, b: usize, block: usize): f32 {
  const d = load<u32>(block, 4);
  let at = block + 16;
  let sum: f64 = 0;
  for (let j: u32 = 0; j < d; j++) {
    let part: f64 = 0;
    for (let i = <usize>j; i < <usize>d; i++, at += 8) {
      part += load<f64>(at) * (<f64>load<f32>(a + (i << 2)) - <f64>load<f32>(b + (i << 2)));
    }
    sum += part * part;
  }
  return <f32>sum;
}

export function numbersF32(a: usize, b: usize, bytes: usize, block: usize): f32 {
  const form = load<u32>(block);
  if (form == HAVERSINE) return haversineF32(a, b);
  if (form == MAHALANOBIS) return mahalanobisF32(a, b, block);
  return minkowskiF32(a, b, bytes, block);
}
