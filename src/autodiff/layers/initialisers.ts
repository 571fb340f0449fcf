import type { Rng } from "../../core/index.ts";
import { checkShape, type Shape, sizeOf } from "../shape.ts";

/** Draws initial values for a weight of a shape: [in, out], or [kernel height, kernel width, in, out]. */
export type Initialiser = (shape: Shape, rng: Rng) => Float64Array;

/** Values that one output sums over, and outputs that one input takes part in. */
function fans(shape: Shape): { fanIn: number; fanOut: number } {
  const window = sizeOf(shape.slice(0, -2));
  return { fanIn: window * (shape.at(-2) ?? 1), fanOut: window * (shape.at(-1) ?? 1) };
}

const draw = (shape: Shape, value: () => number): Float64Array =>
  Float64Array.from({ length: sizeOf(checkShape("a weight", shape)) }, value);

/** Normal with this standard deviation. */
export const normal =
  (deviation = 0.01): Initialiser =>
  (shape, rng) =>
    draw(shape, () => deviation * rng.normal());

/** Uniform in ± limit; by default 1 / √(values summed over). */
export const uniform =
  (limit?: number): Initialiser =>
  (shape, rng) => {
    const bound = limit ?? 1 / Math.sqrt(fans(shape).fanIn);
    return draw(shape, () => bound * (2 * rng.next() - 1));
  };

/** Normal of variance 2 / fan in, for layers that relu follows (He et al. 2015). */
export const he = (): Initialiser => (shape, rng) => normal(Math.sqrt(2 / fans(shape).fanIn))(shape, rng);

/** Uniform of variance 2 / (fan in + fan out), for linear and saturating layers (Glorot & Bengio 2010). */
export const xavier = (): Initialiser => (shape, rng) => {
  const { fanIn, fanOut } = fans(shape);
  return uniform(Math.sqrt(6 / (fanIn + fanOut)))(shape, rng);
};

export const zeros = (): Initialiser => (shape) => new Float64Array(sizeOf(shape));

/**
 * Orthonormal rows or columns, whichever are fewer, of the weight as a fan in × out matrix (Saxe et al. 2014),
 * times `gain`: Gram–Schmidt, twice, on normal vectors.
 */
export const orthogonal =
  (gain = 1): Initialiser =>
  (shape, rng) => {
    const out = shape.at(-1) ?? 1;
    const { fanIn } = fans(shape);
    const [count, length] = out <= fanIn ? [out, fanIn] : [fanIn, out];
    const vectors: Float64Array[] = [];
    while (vectors.length < count) {
      const v = Float64Array.from({ length }, () => rng.normal());
      for (let pass = 0; pass < 2; pass++) {
        for (const u of vectors) {
          const along = u.reduce((sum, value, i) => sum + value * v[i]!, 0);
          for (let i = 0; i < length; i++) v[i]! -= along * u[i]!;
        }
      }
      const norm = Math.sqrt(v.reduce((sum, value) => sum + value * value, 0));
      // A vector drawn within the span of the others is drawn again.
      if (norm > 1e-8) vectors.push(v.map((value) => value / norm));
    }
    const values = new Float64Array(sizeOf(shape));
    for (let i = 0; i < fanIn; i++) {
      for (let j = 0; j < out; j++) {
        values[i * out + j] = gain * (out <= fanIn ? vectors[j]![i]! : vectors[i]![j]!);
      }
    }
    return values;
  };
