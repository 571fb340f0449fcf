import { axisOf, type Shape, shapeError, shapeText, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { permute, reshape } from "./arrange.ts";

interface Parts {
  readonly outer: number;
  readonly mid: number;
  readonly inner: number;
}

/** The tensor as outer × mid × inner, mid being the axes asked for, next to each other. */
function parts({ shape }: Tensor, first: number, last: number): Parts {
  return {
    outer: sizeOf(shape.slice(0, first)),
    mid: sizeOf(shape.slice(first, last + 1)),
    inner: sizeOf(shape.slice(last + 1)),
  };
}

function reduced(shape: Shape, axes: readonly number[], keep: boolean): number[] {
  return shape.flatMap((extent, i) => (axes.includes(i) ? (keep ? [1] : []) : [extent]));
}

export interface ReduceOptions {
  /** Axes to sum over, all unless given; negative ones count from the last. */
  axes?: readonly number[];
  /** Whether those axes stay, with extent 1. */
  keep?: boolean;
}

function scaledSum(what: string, x: Tensor, { axes, keep = false }: ReduceOptions, average: boolean): Tensor {
  const rank = x.shape.length;
  const chosen = (axes ?? x.shape.map((_, i) => i))
    .map((axis) => axisOf(what, axis, rank))
    .toSorted((a, b) => a - b);
  const out = reduced(x.shape, chosen, keep);
  if (chosen.length === 0) return x;
  const together = chosen.every((axis, i) => axis === chosen[0]! + i);
  if (!together) {
    const rest = x.shape.map((_, i) => i).filter((axis) => !chosen.includes(axis));
    const moved = permute(x, [...rest, ...chosen]);
    const last = rest.length + chosen.length - 1;
    const axesLast = chosen.map((_, i) => last - i);
    return reshape(scaledSum(what, moved, { axes: axesLast }, average), out);
  }
  const { outer, mid, inner } = parts(x, chosen[0]!, chosen.at(-1)!);
  if (average && mid === 0) throw shapeError(what, shapeText(x.shape), "at least one value to average");
  const scale = average ? 1 / mid : 1;
  const { tape, address } = x;
  const { kernels } = tape;
  return tape.apply(
    [x],
    out,
    (y) => kernels.sum(address, outer, mid, inner, scale, y, false),
    (dy) => kernels.spread(dy, outer, mid, inner, scale, tape.gradient(x)),
  );
}

/** Σ over axes. */
export const sum = (x: Tensor, options: ReduceOptions = {}): Tensor => scaledSum("sum", x, options, false);
/** Mean over axes. Throws BAD_INPUT over no values. */
export const mean = (x: Tensor, options: ReduceOptions = {}): Tensor => scaledSum("mean", x, options, true);

/** The largest along one axis; among equals the first takes the gradient. Throws BAD_INPUT over no values. */
export function max(x: Tensor, axis = -1): Tensor {
  const at = axisOf("max", axis, x.shape.length);
  const { outer, mid, inner } = parts(x, at, at);
  if (mid === 0) throw shapeError("max", shapeText(x.shape), "at least one value along the axis");
  const { tape, address } = x;
  const { kernels } = tape;
  const places = tape.scratch(outer * inner);
  return tape.apply(
    [x],
    reduced(x.shape, [at], false),
    (y) => kernels.max(address, outer, mid, inner, y, places),
    (dy) => kernels.maxGradient(dy, places, outer, mid, inner, tape.gradient(x)),
  );
}
