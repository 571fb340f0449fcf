import { VicinalError } from "../core/index.ts";
import type { Extents } from "./kernels.ts";

/** Extents of a tensor, outermost first; a number alone has none. */
export type Shape = readonly number[];

export const sizeOf = (shape: Shape): number => shape.reduce((product, extent) => product * extent, 1);

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((extent, i) => extent === b[i]);

export const shapeText = (shape: Shape): string => `[${shape.join(", ")}]`;

/** Throws BAD_INPUT: tensors of these shapes do not go together. */
export function shapeError(what: string, got: string, rule: string): VicinalError {
  return new VicinalError("BAD_INPUT", { what, got, rule });
}

/** The shape, if all extents are whole numbers >= 0 and the size fits 2³¹. */
export function checkShape(what: string, shape: Shape): Shape {
  const whole = Array.isArray(shape) && shape.every((extent) => Number.isInteger(extent) && extent >= 0);
  if (!whole || sizeOf(shape) > 0x7fffffff) {
    throw shapeError(`shape of ${what}`, String(shape), "whole numbers >= 0 whose product is below 2³¹");
  }
  return Object.freeze([...shape]);
}

/** The axis as 0 … rank − 1; negative ones count from the last. */
export function axisOf(what: string, axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(at) && at >= 0 && at < rank) return at;
  throw shapeError(`axis of ${what}`, String(axis), `a whole number from ${-rank} to ${rank - 1}`);
}

/** Distances in elements between entries along each axis of a dense tensor. */
export function stepsOf(shape: Shape): number[] {
  const steps = shape.map(() => 1);
  for (let i = shape.length - 2; i >= 0; i--) steps[i] = steps[i + 1]! * shape[i + 1]!;
  return steps;
}

export interface Broadcast {
  readonly shape: Shape;
  readonly extents: Extents;
  readonly aSteps: Extents;
  readonly bSteps: Extents;
}

/** How two shapes go together, axes matched from the last, extent 1 repeating; with at most four axes after merging. */
export function broadcast(what: string, a: Shape, b: Shape): Broadcast {
  const rank = Math.max(a.length, b.length);
  const padded = (shape: Shape): number[] => [...Array(rank - shape.length).fill(1), ...shape];
  const [left, right] = [padded(a), padded(b)];
  const shape = left.map((extent, i) => (extent === 1 ? right[i]! : extent));
  if (shape.some((extent, i) => right[i] !== extent && right[i] !== 1)) {
    throw shapeError(
      `operands of ${what}`,
      `${shapeText(a)} and ${shapeText(b)}`,
      "equal extents, counted from the last axis, or 1",
    );
  }
  const [leftSteps, rightSteps] = [stepsOf(left), stepsOf(right)];
  const axes = shape
    .map((extent, i) => ({
      extent,
      a: left[i] === 1 ? 0 : leftSteps[i]!,
      b: right[i] === 1 ? 0 : rightSteps[i]!,
    }))
    .filter(({ extent }) => extent !== 1);
  // Neighbouring axes that both operands step through as one are one.
  for (let i = axes.length - 2; i >= 0; i--) {
    const [outer, inner] = [axes[i]!, axes[i + 1]!];
    if (outer.a !== inner.a * inner.extent || outer.b !== inner.b * inner.extent) continue;
    axes.splice(i, 2, { extent: outer.extent * inner.extent, a: inner.a, b: inner.b });
  }
  if (axes.length > 4) {
    throw new VicinalError("UNSUPPORTED", {
      what: `${what} of ${shapeText(a)} and ${shapeText(b)}`,
      rule: "operands may repeat along at most four separate groups of axes; reshape them",
    });
  }
  while (axes.length < 4) axes.unshift({ extent: 1, a: 0, b: 0 });
  const pick = (key: "extent" | "a" | "b"): Extents => axes.map((axis) => axis[key]) as unknown as Extents;
  return { shape, extents: pick("extent"), aSteps: pick("a"), bSteps: pick("b") };
}
