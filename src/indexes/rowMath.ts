import { VicinalError } from "../core/index.ts";

// What rows and queries go through on their way into memory, in place.

export function squaredNorm(data: Float32Array, at: number, d: number): number {
  let sum = 0;
  for (let j = at; j < at + d; j++) sum += data[j]! * data[j]!;
  return sum;
}

export function normalize(data: Float32Array, at: number, d: number, row: number, what: string): void {
  const norm = Math.sqrt(squaredNorm(data, at, d));
  if (norm === 0) throw new VicinalError("ZERO_VECTOR", { what, row });
  const scale = 1 / norm;
  for (let j = at; j < at + d; j++) data[j] = data[j]! * scale;
}

/** Refuses latitudes off the globe in rows of [latitude, longitude] in degrees. */
export function checkLatitudes(data: Float32Array, at: number, stride: number, rows: number): void {
  for (let i = 0; i < rows; i++) {
    const latitude = data[at + i * stride]!;
    if (Math.abs(latitude) <= 90) continue;
    throw new VicinalError("OPTION_RANGE", { option: "latitude", got: latitude, rule: "from -90 to 90" });
  }
}

export function flipSigns(bytes: Uint8Array, stride: number, d: number, rows: number): void {
  for (let i = 0; i < rows; i++) {
    for (let j = i * stride; j < i * stride + d; j++) bytes[j]! ^= 0x80;
  }
}

export function refuseZeroBytes(bytes: Uint8Array, stride: number, rows: number, firstRow: number): void {
  for (let i = 0; i < rows; i++) {
    if (bytes.subarray(i * stride, (i + 1) * stride).every((x) => x === 0)) {
      throw new VicinalError("ZERO_VECTOR", { what: "vectors", row: firstRow + i });
    }
  }
}

/** Moves rows of `stride` bytes along the cycles of the permutation; rows from `kept` on become zero. */
export function permuteRows(
  bytes: Uint8Array,
  stride: number,
  newSlotOfOld: Uint32Array,
  kept: number,
): void {
  const n = newSlotOfOld.length;
  const done = new Uint8Array(n);
  const hand = new Uint8Array(stride);
  const swap = new Uint8Array(stride);
  for (let start = 0; start < n; start++) {
    if (done[start]) continue;
    if (newSlotOfOld[start] === start) continue;
    hand.set(bytes.subarray(start * stride, (start + 1) * stride));
    let slot = start;
    do {
      done[slot] = 1;
      slot = newSlotOfOld[slot]!;
      const target = bytes.subarray(slot * stride, (slot + 1) * stride);
      swap.set(target);
      target.set(hand);
      hand.set(swap);
    } while (slot !== start);
  }
  bytes.fill(0, kept * stride, n * stride);
}

/** The largest squared norm of the first `rows` rows. */
export function longestRow(data: Float32Array, rows: number, stride: number, floats: number): number {
  let longest = 0;
  for (let i = 0; i < rows; i++) longest = Math.max(longest, squaredNorm(data, i * stride, floats));
  return longest;
}
