/**
 * Seeded pseudo-random numbers: sfc32 (Chris Doty-Humphrey), seeded through a 32-bit mix.
 * Each stage derives its own stream by name, so that adding one never shifts another.
 */
export interface Rng {
  /** Uniform in [0, 1), 32 bits of randomness. */
  next(): number;
  /** Uniform whole number in [0, n). */
  below(n: number): number;
  /** Standard normal (Marsaglia's polar method). */
  normal(): number;
  /** Uniform 32-bit unsigned whole number. */
  u32(): number;
}

function mix(h: number, value: number): number {
  h = Math.imul(h ^ value, 0x9e3779b1);
  h ^= h >>> 15;
  h = Math.imul(h, 0x85ebca6b);
  return (h ^ (h >>> 13)) >>> 0;
}

/** A stream determined by `seed` (whole number) and `stream` (a name). */
export function createRng(seed: number, stream = ""): Rng {
  let h = mix(mix(0x51ed270b, seed >>> 0), Math.floor(seed / 0x100000000) >>> 0);
  for (let i = 0; i < stream.length; i++) h = mix(h, stream.charCodeAt(i));
  let a = mix(h, 1) | 0;
  let b = mix(h, 2) | 0;
  let c = mix(h, 3) | 0;
  let counter = 1;
  let spare = Number.NaN;

  function u32(): number {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    c |= 0;
    return t >>> 0;
  }
  for (let i = 0; i < 12; i++) u32();
  const next = (): number => u32() / 0x100000000;
  return {
    next,
    u32,
    below: (n) => Math.floor(next() * n),
    normal() {
      if (!Number.isNaN(spare)) {
        const z = spare;
        spare = Number.NaN;
        return z;
      }
      for (;;) {
        const x = 2 * next() - 1;
        const y = 2 * next() - 1;
        const r = x * x + y * y;
        if (r > 0 && r < 1) {
          const f = Math.sqrt((-2 * Math.log(r)) / r);
          spare = y * f;
          return x * f;
        }
      }
    },
  };
}

/** A seeded permutation of 0 … n−1 (Fisher–Yates). */
export function permutation(n: number, rng: Rng): Uint32Array {
  const order = new Uint32Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  for (let i = n - 1; i > 0; i--) {
    const j = rng.below(i + 1);
    const t = order[i]!;
    order[i] = order[j]!;
    order[j] = t;
  }
  return order;
}
