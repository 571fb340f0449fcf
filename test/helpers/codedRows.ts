import { createRng, type Matrix, matrix } from "../../src/core/index.ts";

/** Rows around seven centres. */
export function clustered(n: number, d: number, seed: number): Matrix {
  const rng = createRng(seed, "rows");
  const centres = Array.from({ length: 7 }, () => Array.from({ length: d }, () => 4 * rng.normal()));
  const data = Float32Array.from({ length: n * d }, (_, i) => {
    return centres[Math.floor(i / d) % 7]![i % d]! + rng.normal();
  });
  return matrix(data, d, n);
}

export function squared(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += (a[j]! - b[j]!) ** 2;
  return sum;
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j]! * b[j]!;
  return sum;
}
