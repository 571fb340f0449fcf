import type { BinaryOp, UnaryOp } from "../kernels.ts";
import { broadcast, shapeError } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

function unary(op: UnaryOp, x: Tensor): Tensor {
  const { tape, size } = x;
  const { kernels } = tape;
  const from = x.address;
  return tape.apply(
    [x],
    x.shape,
    (y) => kernels.unary(op, from, y, size),
    (dy, y) => kernels.unaryGradient(op, from, y, dy, tape.gradient(x), size),
  );
}

/** max(x, 0) */
export const relu = (x: Tensor): Tensor => unary("relu", x);
/** x above zero, 0.01 x below. */
export const leakyRelu = (x: Tensor): Tensor => unary("leakyRelu", x);
export const sigmoid = (x: Tensor): Tensor => unary("sigmoid", x);
export const tanh = (x: Tensor): Tensor => unary("tanh", x);
export const exp = (x: Tensor): Tensor => unary("exp", x);
/** Natural logarithm. */
export const log = (x: Tensor): Tensor => unary("log", x);
/** Square root; its gradient at 0 is taken as 0. */
export const sqrt = (x: Tensor): Tensor => unary("sqrt", x);
export const square = (x: Tensor): Tensor => unary("square", x);
export const neg = (x: Tensor): Tensor => unary("neg", x);
export const abs = (x: Tensor): Tensor => unary("abs", x);
/** x Φ(x) in its tanh form (Hendrycks & Gimpel 2016). */
export const gelu = (x: Tensor): Tensor => unary("gelu", x);
/** log(1 + eˣ), without overflow. */
export const softplus = (x: Tensor): Tensor => unary("softplus", x);
export const reciprocal = (x: Tensor): Tensor => unary("reciprocal", x);

/** A tensor, or a number that stands for one that is the same everywhere. */
export type Operand = Tensor | number;

function binary(op: BinaryOp, a: Operand, b: Operand): Tensor {
  if (typeof a === "number" && typeof b === "number")
    throw shapeError(op, "two numbers", "one tensor at least");
  const { tape } = typeof a === "number" ? (b as Tensor) : a;
  const left = typeof a === "number" ? tape.full([], a) : a;
  const right = typeof b === "number" ? tape.full([], b) : b;
  const { kernels } = tape;
  const { shape, extents, aSteps, bSteps } = broadcast(op, left.shape, right.shape);
  const [p, q] = [left.address, right.address];
  return tape.apply(
    [left, right],
    shape,
    (y) => kernels.binary(op, p, aSteps, q, bSteps, y, extents),
    (dy) => {
      if (left.slot.tracked)
        kernels.binaryGradient(op, "a", p, aSteps, q, bSteps, dy, tape.gradient(left), extents);
      if (right.slot.tracked)
        kernels.binaryGradient(op, "b", p, aSteps, q, bSteps, dy, tape.gradient(right), extents);
    },
  );
}

/** Shapes go together as in NumPy: matched from the last axis, extent 1 repeats. */
export const add = (a: Operand, b: Operand): Tensor => binary("add", a, b);
export const sub = (a: Operand, b: Operand): Tensor => binary("sub", a, b);
export const mul = (a: Operand, b: Operand): Tensor => binary("mul", a, b);
export const div = (a: Operand, b: Operand): Tensor => binary("div", a, b);
/** The larger; where equal, the first takes the gradient. */
export const maximum = (a: Operand, b: Operand): Tensor => binary("max", a, b);
/** The smaller; where equal, the first takes the gradient. */
export const minimum = (a: Operand, b: Operand): Tensor => binary("min", a, b);
/** aᵇ for a >= 0 (or whole b). */
export const pow = (a: Operand, b: Operand): Tensor => binary("pow", a, b);
