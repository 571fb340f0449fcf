import type { Kernels } from "../kernels.ts";
import { type Machine, ptr } from "./machine.ts";

/** Elements a call, for kernels that do little with each. */
export const CALL_ELEMENTS: number = 1 << 16;

/** Items a call when each has that many elements. */
export const itemsACall = (elements: number): number => Math.ceil(CALL_ELEMENTS / Math.max(1, elements));

/** y[o, i] (+)= scale · Σ_m x[o, m, i], by byte addresses. */
export function sumMiddle(
  machine: Machine,
  x: number,
  outer: number,
  mid: number,
  inner: number,
  scale: number,
  y: number,
  add: boolean,
): void {
  const flag = add ? 1 : 0;
  if (inner === 1) machine.run("sumRows", [x, mid, scale, y, flag], outer, itemsACall(mid));
  else {
    const groups = outer * Math.ceil(inner / 16);
    machine.run("sumColumns", [x, mid, inner, scale, y, flag], groups, itemsACall(mid * 16));
  }
}

type Reductions = "sum" | "spread" | "max" | "maxGradient";
type Rows =
  | "softmax"
  | "softmaxGradient"
  | "logSoftmax"
  | "logSoftmaxGradient"
  | "logSumExp"
  | "logSumExpGradient"
  | "topK"
  | "topKGradient";

/** The largest are found by insertion up to that many. */
const FEW = 64;

export function reductions(
  machine: Machine,
  fallback: Pick<Kernels, "topK">,
): Pick<Kernels, Reductions | Rows> {
  const rowwise = (fn: string, addresses: readonly number[], rows: number, cols: number): void => {
    const args = addresses.map(ptr);
    const to = args.pop()!;
    machine.run(fn, [...args, cols, to], rows, Math.ceil(itemsACall(cols) / 4));
  };
  return {
    sum: (x, outer, mid, inner, scale, y, add) =>
      sumMiddle(machine, ptr(x), outer, mid, inner, scale, ptr(y), add),
    spread(dy, outer, mid, inner, scale, dx) {
      const [from, to] = [ptr(dy), ptr(dx)];
      if (inner === 1) machine.run("spreadRows", [from, mid, scale, to], outer, itemsACall(mid));
      else machine.run("spreadColumns", [from, mid, inner, scale, to], outer * mid, itemsACall(inner));
    },
    max: (x, outer, mid, inner, y, at) =>
      machine.run("maxMiddle", [ptr(x), mid, inner, ptr(y), ptr(at)], outer, itemsACall(mid * inner)),
    maxGradient: (dy, at, outer, mid, inner, dx) =>
      machine.run("maxMiddleGradient", [ptr(dy), ptr(at), mid, inner, ptr(dx)], outer, itemsACall(inner)),
    softmax: (x, rows, cols, y) => rowwise("softmaxRows", [x, y], rows, cols),
    softmaxGradient: (y, dy, rows, cols, dx) => rowwise("softmaxBack", [y, dy, dx], rows, cols),
    logSoftmax: (x, rows, cols, y) => rowwise("logSoftmaxRows", [x, y], rows, cols),
    logSoftmaxGradient: (y, dy, rows, cols, dx) => rowwise("logSoftmaxBack", [y, dy, dx], rows, cols),
    logSumExp: (x, rows, cols, y) => rowwise("logSumExpRows", [x, y], rows, cols),
    logSumExpGradient: (x, y, dy, rows, cols, dx) => rowwise("logSumExpBack", [x, y, dy, dx], rows, cols),
    topK(x, rows, cols, k, values, at) {
      if (k > FEW) fallback.topK(x, rows, cols, k, values, at);
      else if (k > 0) {
        machine.run("topKRows", [ptr(x), cols, k, ptr(values), ptr(at)], rows, itemsACall(4 * cols));
      }
    },
    topKGradient: (dy, at, rows, cols, k, dx) =>
      machine.run("topKBack", [ptr(dy), ptr(at), cols, k, ptr(dx)], rows, itemsACall(k)),
  };
}
