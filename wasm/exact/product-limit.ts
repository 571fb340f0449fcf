// The limit of the float product, in the notation of bound.ts.
//
// The product p of q and x is a float32 sum in some order, perhaps with fused steps: |p − q·x| ≤ g |q| |x| + tiny,
// and 2 |q| |x| ≤ |q|² + |x|². By bound.ts, 1, a row that may be answered has
//   l2sq:  |q|² + |x|² − 2 q·x ≤ D²max,       so   |x|² (1 − 2g) − 2p ≤ D²max − |q|² (1 − 2g) + tiny;
//   ip:    −q·x ≤ T + g |q| |x| + tiny,        so   −3g |x|² − 2p ≤ 2T + 3g |q|² + tiny.
// One g pays for p (and one for the strict kernel under ip); the other, at least 64 · 2⁻²³ of |q|² + |x|², pays
// for rounding the two sides to float32 and for the subtraction, a few 2⁻²⁴ of the same terms. A norm over 2¹²⁴
// could overflow p: then the side of that row or query is infinite and the row is always scored.

import { boundOf, worstScore } from "./list";
import { largestSquare, strictGamma, upF32 } from "./bound";
import { ExactScratch, ExactStore, METRIC_IP } from "./layout";

const SAFE_SQUARE: f64 = 2.1267647932558654e37; // 2¹²⁴
const TINY: f64 = 5.605193857299268e-45; // 2⁻¹⁴⁷

/** Sets alpha of query q to the largest `rowTerm − 2p` that passes. */
export function setProductLimit(data: ExactStore, s: ExactScratch, q: u32): void {
  const norm = boundOf(s, q).norm, T = worstScore(s, q), g = strictGamma(data.d);
  const tiny = 4 * <f64>data.d * TINY;
  let limit: f64 = Infinity;
  if (norm <= SAFE_SQUARE) {
    if (data.metric == METRIC_IP) limit = 2 * <f64>T + 3 * g * norm + tiny;
    else limit = largestSquare(data, norm, T) - norm * (1 - 2 * g) + tiny;
  }
  store<f32>(s.alpha + (<usize>q << 2), upF32(limit));
}

/** The row's side of the comparison. */
@inline
export function rowTerm(data: ExactStore, squaredNorm: f64): f32 {
  if (!(squaredNorm <= SAFE_SQUARE)) return -Infinity;
  const g = strictGamma(data.d);
  return <f32>(data.metric == METRIC_IP ? -3 * g * squaredNorm : squaredNorm * (1 - 2 * g));
}
