// A random rotation in d · log d steps: four rounds of random signs and a Hadamard transform over the leading or the
// trailing window of a power of two; where a window is not all, halves are mixed by 45° as well. Each step is its own
// inverse, so the rotation is undone by the same steps in reverse.

const ROUNDS: i32 = 4;

/** Hadamard transform of n f32, n a power of two >= 4, to the same length as before. */
function hadamard(x: usize, n: i32): void {
  const one = f32x4.splat(1);
  const odd = f32x4.replace_lane(f32x4.replace_lane(one, 1, -1), 3, -1);
  const high = f32x4.replace_lane(f32x4.replace_lane(one, 2, -1), 3, -1);
  const end = x + (<usize>n << 2);
  const scale = f32x4.splat(1 / sqrt<f32>(<f32>n));
  for (let at = x; at < end; at += 16) {
    let v = f32x4.mul(v128.load(at), scale);
    v = f32x4.add(f32x4.mul(v, odd), v128.shuffle<f32>(v, v, 1, 0, 3, 2));
    v = f32x4.add(f32x4.mul(v, high), v128.shuffle<f32>(v, v, 2, 3, 0, 1));
    v128.store(at, v);
  }
  for (let width: usize = 16; width < <usize>n << 2; width <<= 1) {
    for (let first = x; first < end; first += width << 1) {
      for (let at = first; at < first + width; at += 16) {
        const a = v128.load(at), b = v128.load(at + width);
        v128.store(at, f32x4.add(a, b));
        v128.store(at + width, f32x4.sub(a, b));
      }
    }
  }
}

/** Mixes the first half with the second; n a multiple of 8. */
function mix(x: usize, n: i32): void {
  const half = <usize>n << 1, scale = f32x4.splat(Mathf.SQRT1_2);
  for (let at = x; at < x + half; at += 16) {
    const a = f32x4.mul(v128.load(at), scale), b = f32x4.mul(v128.load(at + half), scale);
    v128.store(at, f32x4.add(a, b));
    v128.store(at + half, f32x4.sub(a, b));
  }
}

function flip(x: usize, n: i32, signs: usize): void {
  for (let at: usize = 0; at < <usize>n << 2; at += 16) {
    v128.store(x + at, f32x4.mul(v128.load(x + at), v128.load(signs + at)));
  }
}

@inline
function windowOf(n: i32): i32 {
  return 1 << (31 - clz(n));
}

@inline
function windowAt(x: usize, n: i32, round: i32): usize {
  return round & 1 ? x + (<usize>(n - windowOf(n)) << 2) : x;
}

/** Rotates n f32 in place; n a multiple of 16, `signs` four rows of n f32 of 1 and −1. */
export function rotate(x: usize, n: i32, signs: usize): void {
  for (let round = 0; round < ROUNDS; round++) {
    flip(x, n, signs + <usize>(round * n << 2));
    hadamard(windowAt(x, n, round), windowOf(n));
    if (windowOf(n) != n) mix(x, n);
  }
}

export function rotateBack(x: usize, n: i32, signs: usize): void {
  for (let round = ROUNDS - 1; round >= 0; round--) {
    if (windowOf(n) != n) mix(x, n);
    hadamard(windowAt(x, n, round), windowOf(n));
    flip(x, n, signs + <usize>(round * n << 2));
  }
}
