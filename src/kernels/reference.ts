/**
 * Every kernel in plain TypeScript, as definition and oracle. Strict float kernels are reproduced bit for bit:
 * each operation is rounded to float32, and element e belongs to one of 16 partial sums, number e mod 16.
 * Rows may be given without their padding: zeros change no sum.
 */

const { fround } = Math;

/** An index of components: the rows compared must have as many. */
type Numbers = ArrayLike<number>;

/** Adds n terms in the order of the strict kernels. */
function strictSum(n: number, term: (e: number) => number): number {
  const s = new Float32Array(16);
  for (let e = 0; e < n; e++) s[e & 15] = fround(s[e & 15]! + term(e));
  const lane = (i: number): number => fround(fround(s[i]! + s[4 + i]!) + fround(s[8 + i]! + s[12 + i]!));
  return fround(fround(lane(0) + lane(2)) + fround(lane(1) + lane(3)));
}

export function l2sqF32(a: Numbers, b: Numbers): number {
  return strictSum(a.length, (e) => {
    const difference = fround(a[e]! - b[e]!);
    return fround(difference * difference);
  });
}

export function dotF32(a: Numbers, b: Numbers): number {
  return strictSum(a.length, (e) => fround(a[e]! * b[e]!));
}

export function l1F32(a: Numbers, b: Numbers): number {
  return strictSum(a.length, (e) => Math.abs(fround(a[e]! - b[e]!)));
}

export function linfF32(a: Numbers, b: Numbers): number {
  let largest = 0;
  for (let e = 0; e < a.length; e++) largest = Math.max(largest, Math.abs(fround(a[e]! - b[e]!)));
  return largest;
}

/** Exact for whole numbers; in float64 for others, which bounds what fast kernels may return. */
export function l2sq(a: Numbers, b: Numbers): number {
  let sum = 0;
  for (let e = 0; e < a.length; e++) sum += (a[e]! - b[e]!) ** 2;
  return sum;
}

export function dot(a: Numbers, b: Numbers): number {
  let sum = 0;
  for (let e = 0; e < a.length; e++) sum += a[e]! * b[e]!;
  return sum;
}

export function l1(a: Numbers, b: Numbers): number {
  let sum = 0;
  for (let e = 0; e < a.length; e++) sum += Math.abs(a[e]! - b[e]!);
  return sum;
}

export function linf(a: Numbers, b: Numbers): number {
  let largest = 0;
  for (let e = 0; e < a.length; e++) largest = Math.max(largest, Math.abs(a[e]! - b[e]!));
  return largest;
}

/** Number of differing bits of packed bytes. */
export function hammingBits(a: Numbers, b: Numbers): number {
  let bits = 0;
  for (let e = 0; e < a.length; e++) {
    for (let x = (a[e]! ^ b[e]!) & 255; x > 0; x &= x - 1) bits++;
  }
  return bits;
}

/** Index of the first component that is NaN or infinite, or −1. */
export function checkFiniteF32(values: Numbers): number {
  for (let e = 0; e < values.length; e++) if (!Number.isFinite(values[e]!)) return e;
  return -1;
}

/** The vector at unit length and the length it had, as float32; a zero vector stays, with length 0. */
export function normalizeF32(values: Numbers): { unit: Float32Array; norm: number } {
  const d = values.length;
  const main = d & ~3;
  const s = [0, 0, 0, 0];
  for (let e = 0; e < main; e++) s[e & 3]! += values[e]! * values[e]!;
  let sum = s[0]! + s[2]! + (s[1]! + s[3]!);
  for (let e = main; e < d; e++) sum += values[e]! * values[e]!;
  if (sum === 0) return { unit: Float32Array.from(values), norm: 0 };
  const norm = Math.sqrt(sum);
  const scale = 1 / norm;
  return { unit: Float32Array.from(values, (x) => x * scale), norm: fround(norm) };
}

/** The value of an IEEE binary16 bit pattern. */
export function halfToF32(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

const U64 = (1n << 64n) - 1n;
const P1 = 0x9e3779b185ebca87n;
const P2 = 0xc2b2ae3d27d4eb4fn;
const P3 = 0x165667b19e3779f9n;
const P4 = 0x85ebca77c2b2ae63n;
const P5 = 0x27d4eb2f165667c5n;

const rotate = (x: bigint, by: bigint): bigint => ((x << by) | (x >> (64n - by))) & U64;
const mix = (lane: bigint, word: bigint): bigint => (rotate((lane + word * P2) & U64, 31n) * P1) & U64;

/** XXH64 as its specification describes it. */
export function xxh64(bytes: Uint8Array, seed = 0n): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  let hash = (seed + P5) & U64;
  if (bytes.length >= 32) {
    const lanes = [seed + P1 + P2, seed + P2, seed, seed - P1].map((lane) => lane & U64);
    for (; at + 32 <= bytes.length; at += 32) {
      for (let i = 0; i < 4; i++) lanes[i] = mix(lanes[i]!, view.getBigUint64(at + 8 * i, true));
    }
    hash = [1n, 7n, 12n, 18n].reduce((sum, by, i) => (sum + rotate(lanes[i]!, by)) & U64, 0n);
    for (const lane of lanes) hash = ((hash ^ mix(0n, lane)) * P1 + P4) & U64;
  }
  hash = (hash + BigInt(bytes.length)) & U64;
  for (; at + 8 <= bytes.length; at += 8) {
    hash = (rotate(hash ^ mix(0n, view.getBigUint64(at, true)), 27n) * P1 + P4) & U64;
  }
  if (at + 4 <= bytes.length) {
    hash = (rotate(hash ^ ((BigInt(view.getUint32(at, true)) * P1) & U64), 23n) * P2 + P3) & U64;
    at += 4;
  }
  for (; at < bytes.length; at++) hash = (rotate(hash ^ ((BigInt(bytes[at]!) * P5) & U64), 11n) * P1) & U64;
  hash = ((hash ^ (hash >> 33n)) * P2) & U64;
  hash = ((hash ^ (hash >> 29n)) * P3) & U64;
  return hash ^ (hash >> 32n);
}
