import type { Address, BinaryOp, Extents, Kernels, UnaryOp } from "../kernels.ts";

/** The heap as it is now; it may be another after a call that reserves. */
export interface Memory {
  readonly heap: Float32Array | Float64Array;
}

const GELU = Math.sqrt(2 / Math.PI);
const GELU_CUBE = 0.044715;

/** Logistic function without overflow. */
const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : 1 - 1 / (1 + Math.exp(x)));

const FUNCTIONS: Readonly<Record<UnaryOp, (x: number) => number>> = {
  relu: (x) => (x > 0 ? x : 0),
  leakyRelu: (x) => (x > 0 ? x : 0.01 * x),
  sigmoid,
  tanh: Math.tanh,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  square: (x) => x * x,
  neg: (x) => -x,
  abs: Math.abs,
  gelu: (x) => 0.5 * x * (1 + Math.tanh(GELU * (x + GELU_CUBE * x ** 3))),
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  reciprocal: (x) => 1 / x,
};

/** Derivatives by x and y = f(x). The square root has none at 0: there it is taken as 0. */
const DERIVATIVES: Readonly<Record<UnaryOp, (x: number, y: number) => number>> = {
  relu: (x) => (x > 0 ? 1 : 0),
  leakyRelu: (x) => (x > 0 ? 1 : 0.01),
  sigmoid: (_, y) => y * (1 - y),
  tanh: (_, y) => 1 - y * y,
  exp: (_, y) => y,
  log: (x) => 1 / x,
  sqrt: (_, y) => (y > 0 ? 0.5 / y : 0),
  square: (x) => 2 * x,
  neg: () => -1,
  abs: (x) => Math.sign(x),
  gelu: (x) => {
    const t = Math.tanh(GELU * (x + GELU_CUBE * x ** 3));
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * GELU * (1 + 3 * GELU_CUBE * x * x);
  },
  softplus: (x) => sigmoid(x),
  reciprocal: (_, y) => -y * y,
};

const PAIRS: Readonly<Record<BinaryOp, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  max: (a, b) => (a >= b ? a : b),
  min: (a, b) => (a <= b ? a : b),
  pow: (a, b) => a ** b,
};

const BY_FIRST: Readonly<Record<BinaryOp, (a: number, b: number) => number>> = {
  add: () => 1,
  sub: () => 1,
  mul: (_, b) => b,
  div: (_, b) => 1 / b,
  max: (a, b) => (a >= b ? 1 : 0),
  min: (a, b) => (a <= b ? 1 : 0),
  pow: (a, b) => (b === 0 ? 0 : b * a ** (b - 1)),
};

const BY_SECOND: Readonly<Record<BinaryOp, (a: number, b: number) => number>> = {
  add: () => 1,
  sub: () => -1,
  mul: (a) => a,
  div: (a, b) => -a / (b * b),
  max: (a, b) => (a >= b ? 0 : 1),
  min: (a, b) => (a <= b ? 0 : 1),
  pow: (a, b) => (a > 0 ? a ** b * Math.log(a) : 0),
};

/** Calls back with the addresses of each entry in turn, the last extent fastest. */
function walk(
  [e0, e1, e2, e3]: Extents,
  a: Address,
  [a0, a1, a2, a3]: Extents,
  b: Address,
  [b0, b1, b2, b3]: Extents,
  visit: (a: Address, b: Address, i: number) => void,
): void {
  let i = 0;
  for (let i0 = 0; i0 < e0; i0++) {
    for (let i1 = 0; i1 < e1; i1++) {
      for (let i2 = 0; i2 < e2; i2++) {
        let p = a + i0 * a0 + i1 * a1 + i2 * a2;
        let q = b + i0 * b0 + i1 * b1 + i2 * b2;
        for (let i3 = 0; i3 < e3; i3++, p += a3, q += b3) visit(p, q, i++);
      }
    }
  }
}

export function elementwise(
  memory: Memory,
): Pick<
  Kernels,
  | "fill"
  | "copy"
  | "axpy"
  | "sumOfSquares"
  | "finite"
  | "unary"
  | "unaryGradient"
  | "binary"
  | "binaryGradient"
> {
  return {
    fill: (y, n, value) => void memory.heap.fill(value, y, y + n),
    copy: (x, y, n) => void memory.heap.copyWithin(y, x, x + n),
    axpy(scale, x, y, n) {
      const { heap } = memory;
      for (let i = 0; i < n; i++) heap[y + i]! += scale * heap[x + i]!;
    },
    sumOfSquares(x, n) {
      const { heap } = memory;
      let sum = 0;
      for (let i = 0; i < n; i++) sum += heap[x + i]! * heap[x + i]!;
      return sum;
    },
    finite(x, n) {
      const { heap } = memory;
      for (let i = 0; i < n; i++) if (!Number.isFinite(heap[x + i]!)) return false;
      return true;
    },
    unary(op, x, y, n) {
      const { heap } = memory;
      const f = FUNCTIONS[op];
      for (let i = 0; i < n; i++) heap[y + i] = f(heap[x + i]!);
    },
    unaryGradient(op, x, y, dy, dx, n) {
      const { heap } = memory;
      const f = DERIVATIVES[op];
      for (let i = 0; i < n; i++) heap[dx + i]! += f(heap[x + i]!, heap[y + i]!) * heap[dy + i]!;
    },
    binary(op, a, aSteps, b, bSteps, y, extents) {
      const { heap } = memory;
      const f = PAIRS[op];
      walk(extents, a, aSteps, b, bSteps, (p, q, i) => {
        heap[y + i] = f(heap[p]!, heap[q]!);
      });
    },
    binaryGradient(op, side, a, aSteps, b, bSteps, dy, out, extents) {
      const { heap } = memory;
      const f = side === "a" ? BY_FIRST[op] : BY_SECOND[op];
      const shift = out - (side === "a" ? a : b);
      walk(extents, a, aSteps, b, bSteps, (p, q, i) => {
        heap[(side === "a" ? p : q) + shift]! += f(heap[p]!, heap[q]!) * heap[dy + i]!;
      });
    },
  };
}
