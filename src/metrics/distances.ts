import { VicinalError } from "../core/index.ts";
import { checkPair, type Vector } from "./vector.ts";

/** A distance of two vectors of one length; smaller is closer. */
export type DistanceFunction = (a: Vector, b: Vector) => number;

/**
 * Squared Euclidean distance: Σ (aᵢ − bᵢ)². Computed in float64, like all distances here.
 *
 * @throws VicinalError DIM_MISMATCH, NOT_FINITE, BAD_INPUT
 */
export function l2sq(a: Vector, b: Vector): number {
  const [x, y] = checkPair(a, b);
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i]! - y[i]!) ** 2;
  return sum;
}

/** Euclidean distance: √Σ (aᵢ − bᵢ)². Throws like {@link l2sq}. */
export function l2(a: Vector, b: Vector): number {
  return Math.sqrt(l2sq(a, b));
}

/** Negated inner product: −Σ aᵢ·bᵢ; unbounded below. Throws like {@link l2sq}. */
export function ip(a: Vector, b: Vector): number {
  const [x, y] = checkPair(a, b);
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!;
  return sum === 0 ? 0 : -sum;
}

/**
 * Cosine distance: 1 − a·b / (‖a‖·‖b‖), 0 (same direction) … 2 (opposite).
 *
 * @throws VicinalError ZERO_VECTOR for a zero vector, besides what {@link l2sq} throws
 */
export function cosine(a: Vector, b: Vector): number {
  const [x, y] = checkPair(a, b);
  const scaleX = 1 / largest(x, "a");
  const scaleY = 1 / largest(y, "b");
  let dot = 0;
  let xx = 0;
  let yy = 0;
  for (let i = 0; i < x.length; i++) {
    const u = x[i]! * scaleX;
    const v = y[i]! * scaleY;
    dot += u * v;
    xx += u * u;
    yy += v * v;
  }
  return Math.min(2, Math.max(0, 1 - dot / (Math.sqrt(xx) * Math.sqrt(yy))));
}

/** Largest magnitude, by which the others are divided so that no square overflows or vanishes. */
function largest(x: ArrayLike<number>, what: string): number {
  let most = 0;
  for (let i = 0; i < x.length; i++) most = Math.max(most, Math.abs(x[i]!));
  if (most === 0) throw new VicinalError("ZERO_VECTOR", { what, row: 0 });
  return Math.max(most, 2 ** -1021);
}

/** Manhattan distance: Σ |aᵢ − bᵢ|. Throws like {@link l2sq}. */
export function l1(a: Vector, b: Vector): number {
  const [x, y] = checkPair(a, b);
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += Math.abs(x[i]! - y[i]!);
  return sum;
}

/** Chebyshev distance: max |aᵢ − bᵢ|. Throws like {@link l2sq}. */
export function linf(a: Vector, b: Vector): number {
  const [x, y] = checkPair(a, b);
  let most = 0;
  for (let i = 0; i < x.length; i++) most = Math.max(most, Math.abs(x[i]! - y[i]!));
  return most;
}

/**
 * Number of differing bits of two packed bit vectors, eight bits to a byte.
 *
 * @throws VicinalError BAD_INPUT unless both are Uint8Arrays, DIM_MISMATCH
 */
export function hamming(a: Vector, b: Vector): number {
  for (const [what, v] of [["a", a] as const, ["b", b] as const]) {
    if (!(v instanceof Uint8Array)) {
      const got = (v as object | null)?.constructor?.name ?? String(v);
      throw new VicinalError("BAD_INPUT", { what, got, rule: "a Uint8Array of packed bits under hamming" });
    }
  }
  const [x, y] = checkPair(a, b);
  let bits = 0;
  for (let i = 0; i < x.length; i++) {
    for (let rest = x[i]! ^ y[i]!; rest > 0; rest &= rest - 1) bits++;
  }
  return bits;
}

/** Mean radius of the Earth in metres (R₁ of the International Union of Geodesy and Geophysics). */
export const EARTH_RADIUS_M = 6_371_008.8;

/**
 * Great-circle distance in metres of two points [latitude, longitude] in degrees, on a sphere of radius
 * {@link EARTH_RADIUS_M}: 2R·asin √(sin²(Δφ/2) + cos φ₁·cos φ₂·sin²(Δλ/2)). Off the true ellipsoid by up to
 * 0.56 %.
 *
 * @throws VicinalError DIM_MISMATCH unless two numbers each, OPTION_RANGE for a latitude beyond ±90
 */
export function haversine(a: Vector, b: Vector): number {
  const [x, y] = checkPair(a, b);
  if (x.length !== 2) throw new VicinalError("DIM_MISMATCH", { what: "a", got: x.length, want: 2 });
  for (const latitude of [x[0]!, y[0]!]) {
    if (Math.abs(latitude) > 90) {
      throw new VicinalError("OPTION_RANGE", { option: "latitude", got: latitude, rule: "from -90 to 90" });
    }
  }
  const radians = Math.PI / 180;
  const halfLatitude = Math.sin(((y[0]! - x[0]!) * radians) / 2);
  const halfLongitude = Math.sin(((y[1]! - x[1]!) * radians) / 2);
  const cosines = Math.cos(x[0]! * radians) * Math.cos(y[0]! * radians);
  const h = halfLatitude ** 2 + cosines * halfLongitude ** 2;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.sqrt(Math.min(1, h)));
}
