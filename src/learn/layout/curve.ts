import { VicinalError } from "../../core/index.ts";

/** The curve 1 / (1 + a d^(2b)) of closeness against distance in a layout. */
export interface Curve {
  readonly a: number;
  readonly b: number;
}

const POINTS = 300;

/**
 * The curve that is nearest, by least squares at 300 distances up to 3 · spread, to what a user asks for: closeness 1 up to
 * minDist, then exp(−(d − minDist) / spread) (McInnes, Healy & Melville 2018, arXiv:1802.03426, §4.2).
 *
 * @throws VicinalError OPTION_RANGE unless 0 <= minDist <= 3 · spread, spread above 0
 */
export function fitCurve(minDist: number, spread: number): Curve {
  if (!(typeof spread === "number" && spread > 0 && spread < Number.POSITIVE_INFINITY)) {
    throw new VicinalError("OPTION_RANGE", { option: "spread", got: spread, rule: "above 0" });
  }
  if (!(typeof minDist === "number" && minDist >= 0 && minDist <= 3 * spread)) {
    const rule = `from 0 to three times spread, ${3 * spread}`;
    throw new VicinalError("OPTION_RANGE", { option: "minDist", got: minDist, rule });
  }
  // In units of spread and in log a: the same problem whatever the scale.
  const low = minDist / spread;
  const at = Float64Array.from({ length: POINTS }, (_, i) => (3 * i) / (POINTS - 1));
  const want = at.map((d) => (d < low ? 1 : Math.exp(low - d)));
  let logA = 0;
  let b = 1;
  let error = squaredError(at, want, logA, b);
  let damping = 1e-3;
  for (let round = 0; round < 500; round++) {
    const [dLogA, dB] = step(at, want, logA, b, damping);
    const next = squaredError(at, want, logA + dLogA, b + dB);
    if (next <= error) {
      logA += dLogA;
      b += dB;
      damping /= 5;
      const gained = error - next;
      error = next;
      if (gained <= 1e-15 * error && Math.abs(dLogA) + Math.abs(dB) < 1e-10) break;
    } else {
      damping *= 4;
      if (damping > 1e12) break;
    }
  }
  return { a: Math.exp(logA) / spread ** (2 * b), b };
}

function squaredError(at: Float64Array, want: Float64Array, logA: number, b: number): number {
  let sum = 0;
  at.forEach((d, i) => {
    sum += (want[i]! - closeness(d, logA, b)) ** 2;
  });
  return b > 0 && Number.isFinite(sum) ? sum : Number.POSITIVE_INFINITY;
}

const closeness = (d: number, logA: number, b: number): number =>
  d === 0 ? 1 : 1 / (1 + Math.exp(logA + 2 * b * Math.log(d)));

/** A damped Gauss–Newton step (Levenberg–Marquardt). */
function step(
  at: Float64Array,
  want: Float64Array,
  logA: number,
  b: number,
  damping: number,
): [number, number] {
  let [aa, ab, bb, ra, rb] = [0, 0, 0, 0, 0];
  at.forEach((d, i) => {
    if (d === 0) return;
    const y = closeness(d, logA, b);
    const slope = -y * (1 - y);
    const slopeB = slope * 2 * Math.log(d);
    const off = want[i]! - y;
    aa += slope * slope;
    ab += slope * slopeB;
    bb += slopeB * slopeB;
    ra += slope * off;
    rb += slopeB * off;
  });
  aa *= 1 + damping;
  bb *= 1 + damping;
  const determinant = aa * bb - ab * ab;
  return [(ra * bb - rb * ab) / determinant, (rb * aa - ra * ab) / determinant];
}
