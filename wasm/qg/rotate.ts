// A random rotation in O(n log n): rounds of random signs and a Hadamard transform over the largest power of two of
// components, in turn the first and the last of them (Andoni et al., NeurIPS 2015; the windows: RaBitQ's library). Sums in a
// fixed order, never fused: the same bits in both builds.

export const ROUNDS: i32 = 4;

/** The orthonormal Hadamard transform of n floats, n a power of two of at least 64. */
function hadamard(x: usize, n: i32): void {
  const end = x + (<usize>n << 2);
  const scale = f32x4.splat(<f32>1 / sqrt<f32>(<f32>n));
  for (let at = x; at < end; at += 64) {
    // Sixteen components: butterflies between four vectors, their transpose, and butterflies again.
    let a = f32x4.mul(v128.load(at), scale), b = f32x4.mul(v128.load(at, 16), scale);
    let c = f32x4.mul(v128.load(at, 32), scale), d = f32x4.mul(v128.load(at, 48), scale);
    let s = f32x4.add(a, b), t = f32x4.sub(a, b), u = f32x4.add(c, d), v = f32x4.sub(c, d);
    a = f32x4.add(s, u), b = f32x4.add(t, v), c = f32x4.sub(s, u), d = f32x4.sub(t, v);
    s = v128.shuffle<f32>(a, b, 0, 4, 1, 5), t = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
    u = v128.shuffle<f32>(c, d, 0, 4, 1, 5), v = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
    a = v128.shuffle<f32>(s, u, 0, 1, 4, 5), b = v128.shuffle<f32>(s, u, 2, 3, 6, 7);
    c = v128.shuffle<f32>(t, v, 0, 1, 4, 5), d = v128.shuffle<f32>(t, v, 2, 3, 6, 7);
    s = f32x4.add(a, b), t = f32x4.sub(a, b), u = f32x4.add(c, d), v = f32x4.sub(c, d);
    v128.store(at, f32x4.add(s, u));
    v128.store(at, f32x4.add(t, v), 16);
    v128.store(at, f32x4.sub(s, u), 32);
    v128.store(at, f32x4.sub(t, v), 48);
  }
  let half: usize = 64;
  // Two distances a pass, as long as there are two.
  for (; x + (half << 1) < end; half <<= 2) {
    for (let from = x; from < end; from += half << 2) {
      for (let at = from; at < from + half; at += 16) {
        const a = v128.load(at), b = v128.load(at + half), c = v128.load(at + 2 * half), d = v128.load(at + 3 * half);
        const s = f32x4.add(a, b), t = f32x4.sub(a, b), u = f32x4.add(c, d), v = f32x4.sub(c, d);
        v128.store(at, f32x4.add(s, u));
        v128.store(at + half, f32x4.add(t, v));
        v128.store(at + 2 * half, f32x4.sub(s, u));
        v128.store(at + 3 * half, f32x4.sub(t, v));
      }
    }
  }
  if (x + half == end) return;
  for (let at = x; at < x + half; at += 16) {
    const a = v128.load(at), b = v128.load(at + half);
    v128.store(at, f32x4.add(a, b));
    v128.store(at + half, f32x4.sub(a, b));
  }
}

/** Rotates `turned` floats in place; `signs` holds as many for each round. */
export function rotate(x: usize, turned: i32, signs: usize): void {
  const window = 1 << (31 - clz(turned));
  const last = x + (<usize>(turned - window) << 2);
  const bytes = <usize>turned << 2;
  for (let round = 0; round < ROUNDS; round++, signs += bytes) {
    for (let at: usize = 0; at < bytes; at += 16) {
      v128.store(x + at, f32x4.mul(v128.load(x + at), v128.load(signs + at)));
    }
    hadamard(round & 1 ? last : x, window);
  }
}
