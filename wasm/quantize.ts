// Scalar quantization: component j of a vector becomes round((x − offset[j]) / step), clamped to 0 … levels.
// One step for all dimensions makes distances between codes plain integer sums.

import { dotCodes7 } from "./kernels/codes";

@inline
function codes4(x: usize, offsets: usize, inverseStep: v128, top: v128): v128 {
  const scaled = f32x4.mul(f32x4.sub(v128.load(x), v128.load(offsets)), inverseStep);
  const whole = i32x4.trunc_sat_f32x4_s(f32x4.nearest(scaled));
  return i32x4.min_s(i32x4.max_s(whole, i32x4.splat(0)), top);
}

/**
 * Encodes one f32 vector. `x` and `offsets` are padded to 16 floats (pads of both zero give code 0);
 * `bytes` is the padded code size, a multiple of 16.
 */
export function encodeRow(x: usize, offsets: usize, inverseStep: f32, levels: i32, code: usize, bytes: i32): void {
  const inverse = f32x4.splat(inverseStep);
  const top = i32x4.splat(levels);
  for (let j = 0; j < bytes; j += 16) {
    const at = x + (<usize>j << 2), from = offsets + (<usize>j << 2);
    const low = i16x8.narrow_i32x4_s(codes4(at, from, inverse, top), codes4(at + 16, from + 16, inverse, top));
    const high = i16x8.narrow_i32x4_s(codes4(at + 32, from + 32, inverse, top), codes4(at + 48, from + 48, inverse, top));
    v128.store(code + <usize>j, i8x16.narrow_i16x8_u(low, high));
  }
}

/**
 * Encodes rows `begin … end` of f32 vectors (`stride` bytes apart, of any padding: each goes through the
 * zeroed buffer `staged` of bytes × 4) and, when `norms` is given, their squared code norms.
 */
export function encodeRows(
  rows: usize, stride: usize, floats: i32, staged: usize, offsets: usize, inverseStep: f32, levels: i32,
  codes: usize, codeStride: usize, bytes: i32, norms: usize, begin: i32, end: i32,
): void {
  for (let i = begin; i < end; i++) {
    memory.copy(staged, rows + <usize>i * stride, <usize>floats << 2);
    const code = codes + <usize>i * codeStride;
    encodeRow(staged, offsets, inverseStep, levels, code, bytes);
    if (norms) store<i32>(norms + (<usize>i << 2), dotCodes7(code, code, <usize>bytes));
  }
}

/** Writes offset + step · code of one row as f32. */
export function decodeRow(code: usize, offsets: usize, step: f32, floats: i32, out: usize): void {
  for (let j = 0; j < floats; j++) {
    store<f32>(out + (<usize>j << 2), load<f32>(offsets + (<usize>j << 2)) + step * <f32>load<u8>(code + j));
  }
}

/**
 * Squared norms of the 7-bit codes of rows begin … end; returns the first row that has a code over 127, or −1.
 */
export function measureCodes(codes: usize, stride: usize, bytes: i32, norms: usize, begin: i32, end: i32): i32 {
  for (let i = begin; i < end; i++) {
    const code = codes + <usize>i * stride;
    let all = i8x16.splat(0);
    for (let j = 0; j < bytes; j += 16) all = v128.or(all, v128.load(code + <usize>j));
    if (i8x16.bitmask(all) != 0) return i;
    store<i32>(norms + (<usize>i << 2), dotCodes7(code, code, <usize>bytes));
  }
  return -1;
}
