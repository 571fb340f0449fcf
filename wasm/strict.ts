// The distances that answers are made of: never fused, summed in one fixed order, so that every path to an
// answer (scan, codes and rescoring, batch, threads, plain or relaxed build) returns the same bits.

import { dotF32, l1F32, l2sqF32, linfF32 } from "./kernels/f32";

export const STRICT_L2: i32 = 0;
export const STRICT_IP: i32 = 1;
export const STRICT_L1: i32 = 2;
export const STRICT_LINF: i32 = 3;

@inline
export function strictRank(kind: i32, a: usize, b: usize, bytes: usize): f32 {
  if (kind == STRICT_L2) return l2sqF32(a, b, bytes);
  if (kind == STRICT_IP) return -dotF32(a, b, bytes);
  if (kind == STRICT_L1) return l1F32(a, b, bytes);
  return linfF32(a, b, bytes);
}
