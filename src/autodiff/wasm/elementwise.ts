import { type Address, BINARY, type BinaryOp, type Extents, type Kernels, UNARY } from "../kernels.ts";
import { type Machine, ptr } from "./machine.ts";
import { CALL_ELEMENTS, sumMiddle } from "./reduce.ts";

type Elementwise =
  | "fill"
  | "copy"
  | "axpy"
  | "sumOfSquares"
  | "finite"
  | "unary"
  | "unaryGradient"
  | "binary"
  | "binaryGradient"
  | "adam"
  | "sgd";

/** The struct Steps of wasm/learn/pairs.ts. */
interface Layout {
  readonly extents: Extents;
  readonly aSteps: Extents;
  readonly bSteps: Extents;
}

/** Joins axes along which both operands go on as within the next axis, so that rows are as long as can be. */
export function joinAxes({ extents, aSteps, bSteps }: Layout): Layout {
  const axes: [number, number, number][] = [];
  for (let i = 0; i < 4; i++) {
    const extent = extents[i]!;
    if (extent === 1) continue;
    const [a, b] = [aSteps[i]!, bSteps[i]!];
    const last = axes.at(-1);
    if (last !== undefined && last[1] === a * extent && last[2] === b * extent) {
      axes[axes.length - 1] = [last[0] * extent, a, b];
    } else axes.push([extent, a, b]);
  }
  while (axes.length < 4) axes.unshift([1, 0, 0]);
  const pick = (k: 0 | 1 | 2): Extents => axes.map((axis) => axis[k]) as unknown as Extents;
  return { extents: pick(0), aSteps: pick(1), bSteps: pick(2) };
}

const size = ([e0, e1, e2, e3]: Extents): number => e0 * e1 * e2 * e3;

/** Whether entries that do not repeat lie one after another. */
function isDense(extents: Extents, steps: Extents): boolean {
  let expected = 1;
  for (let i = 3; i >= 0; i--) {
    if (extents[i] === 1 || steps[i] === 0) continue;
    if (steps[i] !== expected) return false;
    expected *= extents[i]!;
  }
  return true;
}

/** Rows for threads: a single long row is cut, since all its operands then go on or repeat for all of it. */
function rowsOf(layout: Layout): { layout: Layout; rows: number; tail: number } {
  const { extents, aSteps, bSteps } = layout;
  const length = extents[3];
  const rows = extents[0] * extents[1] * extents[2];
  if (rows > 1 || length <= CALL_ELEMENTS) return { layout, rows, tail: 0 };
  const cut: Layout = {
    extents: [1, 1, Math.floor(length / CALL_ELEMENTS), CALL_ELEMENTS],
    aSteps: [0, 0, aSteps[3] * CALL_ELEMENTS, aSteps[3]],
    bSteps: [0, 0, bSteps[3] * CALL_ELEMENTS, bSteps[3]],
  };
  return { layout: cut, rows: cut.extents[2], tail: length % CALL_ELEMENTS };
}

/** Calls a kernel of pairs.ts over all rows. `operands` are a, b, and what is dense, as byte addresses. */
function overRows(
  machine: Machine,
  fn: string,
  op: number,
  whole: Layout,
  operands: readonly number[],
  flags: readonly number[],
): void {
  const { layout, rows, tail } = rowsOf(whole);
  const { extents, aSteps, bSteps } = layout;
  const steps = machine.struct([extents[1], extents[2], extents[3], ...aSteps, ...bSteps]);
  const chunk = Math.ceil(CALL_ELEMENTS / extents[3]);
  machine.run(fn, [op, steps, ...operands, ...flags], rows, chunk);
  if (tail === 0) return;
  const done = rows * CALL_ELEMENTS * 4;
  const moved = operands.map((at, i) => at + done * (i === 0 ? aSteps[3] : i === 1 ? bSteps[3] : 1));
  const rest = machine.struct([1, 1, tail, ...aSteps, ...bSteps]);
  machine.run(fn, [op, rest, ...moved, ...flags], 1, 1);
}

function binaryGradient(
  machine: Machine,
  op: BinaryOp,
  side: "a" | "b",
  [a, b, dy, out]: readonly [Address, Address, Address, Address],
  layout: Layout,
): void {
  const code = 2 * BINARY[op] + (side === "a" ? 0 : 1);
  const { extents } = layout;
  const outSteps = side === "a" ? layout.aSteps : layout.bSteps;
  const repeated = extents.map((extent, i) => extent > 1 && outSteps[i] === 0);
  const operands = [ptr(a), ptr(b), ptr(dy)];
  if (!repeated.includes(true)) {
    overRows(machine, "pairsGradient", code, layout, [...operands, ptr(out)], [1]);
    return;
  }
  // Terms as a dense array, then their sums over what repeats, the innermost axes first.
  const plain = op === "add" || (op === "sub" && side === "a");
  const count = size(extents);
  const room = machine.room((plain ? 1 : 2) * count * 4, 1024);
  const terms = plain ? ptr(dy) : room + count * 4;
  if (!plain) overRows(machine, "pairsGradient", code, layout, [...operands, terms], [0]);
  const product = (part: readonly number[]): number => part.reduce((all, extent) => all * extent, 1);
  let left: readonly number[] = extents;
  let from = terms;
  for (let last = repeated.lastIndexOf(true); last >= 0; ) {
    let first = last;
    while (first > 0 && (repeated[first - 1] || extents[first - 1] === 1)) first--;
    const next = repeated.lastIndexOf(true, first - 1);
    const final = first === 0 || next < 0;
    const [outer, mid, inner] = [left.slice(0, first), left.slice(first, last + 1), left.slice(last + 1)];
    const to = final ? ptr(out) : room;
    sumMiddle(machine, from, product(outer), product(mid), product(inner), 1, to, final);
    if (final) return;
    left = [...outer, ...mid.map(() => 1), ...inner];
    from = room;
    last = next;
  }
}

export function elementwise(
  machine: Machine,
  fallback: Pick<Kernels, "binary" | "binaryGradient">,
): Pick<Kernels, Elementwise> {
  const flat = (fn: string, args: readonly number[], n: number): void =>
    machine.run(fn, args, n, CALL_ELEMENTS);
  return {
    fill: (y, n, value) => void machine.heap.fill(value, y, y + n),
    copy(x, y, n) {
      if (machine.threads > 1 && Math.abs(x - y) >= n) flat("copyApart", [ptr(x), ptr(y)], n);
      else machine.heap.copyWithin(y, x, x + n);
    },
    axpy: (scale, x, y, n) => flat("axpy", [scale, ptr(x), ptr(y)], n),
    sumOfSquares: (x, n) => machine.call("sumOfSquares", [ptr(x), n]),
    finite: (x, n) => machine.call("finite", [ptr(x), n]) === 1,
    unary: (op, x, y, n) => machine.run("unary", [UNARY[op], ptr(x), ptr(y)], n, CALL_ELEMENTS / 4),
    unaryGradient: (op, x, y, dy, dx, n) =>
      machine.run("unaryGradient", [UNARY[op], ptr(x), ptr(y), ptr(dy), ptr(dx)], n, CALL_ELEMENTS / 4),
    binary(op, a, aSteps, b, bSteps, y, extents) {
      const layout = joinAxes({ extents, aSteps, bSteps });
      if (size(extents) === 0) return;
      if (op === "pow" || !isVector(layout)) fallback.binary(op, a, aSteps, b, bSteps, y, extents);
      else overRows(machine, "pairs", BINARY[op], layout, [ptr(a), ptr(b), ptr(y)], []);
    },
    binaryGradient(op, side, a, aSteps, b, bSteps, dy, out, extents) {
      const layout = joinAxes({ extents, aSteps, bSteps });
      if (size(extents) === 0) return;
      const outSteps = side === "a" ? layout.aSteps : layout.bSteps;
      if (op === "pow" || !isVector(layout) || !isDense(layout.extents, outSteps)) {
        fallback.binaryGradient(op, side, a, aSteps, b, bSteps, dy, out, extents);
      } else binaryGradient(machine, op, side, [a, b, dy, out], layout);
    },
    adam(s) {
      const bias = [1 / (1 - s.beta1 ** s.t), 1 / (1 - s.beta2 ** s.t)] as const;
      const rates = machine.floats([
        ...[s.learningRate, s.beta1, 1 - s.beta1, s.beta2, 1 - s.beta2, ...bias],
        ...[s.epsilon, s.l2, s.decay],
      ]);
      const arrays = [s.parameter, s.gradient, s.firstMoment, s.secondMoment].map(ptr);
      flat("adam", [rates, ...arrays], s.n);
    },
    sgd(s) {
      const arrays = [s.parameter, s.gradient, s.velocity].map(ptr);
      flat("sgd", [...arrays, s.learningRate, s.momentum, s.nesterov ? 1 : 0, s.l2], s.n);
    },
  };
}

/** Whether rows can be read four numbers at a time: operands advance by one, or repeat. */
const isVector = ({ aSteps, bSteps }: Layout): boolean => aSteps[3] <= 1 && bSteps[3] <= 1;
