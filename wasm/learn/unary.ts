// Functions of one number, element by element. Ranges begin … end count elements; begin is a multiple of four.
import { fma } from "../simd";
import { exp4, log4, logPlus4, sigmoid4, tanh4 } from "./functions";

const RELU: i32 = 0;
const LEAKY: i32 = 1;
const SIGMOID: i32 = 2;
const TANH: i32 = 3;
const EXP: i32 = 4;
const LOG: i32 = 5;
const SQRT: i32 = 6;
const SQUARE: i32 = 7;
const NEG: i32 = 8;
const ABS: i32 = 9;
const GELU: i32 = 10;
const SOFTPLUS: i32 = 11;
const RECIPROCAL: i32 = 12;

// @ts-ignore: decorator
@inline
function geluTanh(x: v128): v128 {
  const cube = f32x4.mul(f32x4.mul(f32x4.splat(0.044715), x), f32x4.mul(x, x));
  return tanh4(f32x4.mul(f32x4.splat(0.7978845608028654), f32x4.add(x, cube)));
}

// @ts-ignore: decorator
@inline
function apply(op: i32, x: v128): v128 {
  const zero = f32x4.splat(0);
  if (op == RELU) return v128.and(x, f32x4.gt(x, zero));
  if (op == LEAKY) return v128.bitselect(x, f32x4.mul(x, f32x4.splat(0.01)), f32x4.gt(x, zero));
  if (op == SIGMOID) return sigmoid4(x);
  if (op == TANH) return tanh4(x);
  if (op == EXP) return exp4(x);
  if (op == LOG) return log4(x);
  if (op == SQRT) return f32x4.sqrt(x);
  if (op == SQUARE) return f32x4.mul(x, x);
  if (op == NEG) return f32x4.neg(x);
  if (op == ABS) return f32x4.abs(x);
  if (op == GELU) return f32x4.mul(f32x4.mul(f32x4.splat(0.5), x), f32x4.add(f32x4.splat(1), geluTanh(x)));
  if (op == SOFTPLUS) {
    const tail = logPlus4(exp4(f32x4.neg(f32x4.abs(x))));
    return f32x4.add(f32x4.max(x, zero), tail);
  }
  return f32x4.div(f32x4.splat(1), x);
}

/** The derivative by x and y = f(x), times g. */
// @ts-ignore: decorator
@inline
function derive(op: i32, x: v128, y: v128, g: v128): v128 {
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  if (op == RELU) return v128.and(g, f32x4.gt(x, zero));
  if (op == LEAKY) return v128.bitselect(g, f32x4.mul(g, f32x4.splat(0.01)), f32x4.gt(x, zero));
  if (op == SIGMOID) return f32x4.mul(g, f32x4.mul(y, f32x4.sub(one, y)));
  if (op == TANH) return f32x4.mul(g, f32x4.sub(one, f32x4.mul(y, y)));
  if (op == EXP) return f32x4.mul(g, y);
  if (op == LOG) return f32x4.div(g, x);
  if (op == SQRT) return f32x4.mul(g, v128.and(f32x4.div(f32x4.splat(0.5), y), f32x4.gt(y, zero)));
  if (op == SQUARE) return f32x4.mul(g, f32x4.add(x, x));
  if (op == NEG) return f32x4.neg(g);
  if (op == ABS) {
    const sign = v128.or(v128.and(x, f32x4.splat(-0.0)), one);
    return f32x4.mul(g, v128.and(sign, f32x4.ne(x, zero)));
  }
  if (op == GELU) {
    const t = geluTanh(x);
    const inner = fma(f32x4.mul(x, x), f32x4.splat(3 * 0.044715), one);
    const slope = f32x4.mul(f32x4.mul(x, f32x4.splat(0.7978845608028654)), inner);
    const bent = f32x4.mul(f32x4.sub(one, f32x4.mul(t, t)), slope);
    return f32x4.mul(f32x4.mul(g, f32x4.splat(0.5)), f32x4.add(f32x4.add(one, t), bent));
  }
  if (op == SOFTPLUS) return f32x4.mul(g, sigmoid4(x));
  return f32x4.mul(g, f32x4.neg(f32x4.mul(y, y)));
}

// @ts-ignore: decorator
@inline
function mapAll(op: i32, scratch: usize, x: usize, y: usize, begin: i32, end: i32): void {
  let i = <usize>begin * 4;
  const last = <usize>end * 4;
  for (; i + 16 <= last; i += 16) v128.store(y + i, apply(op, v128.load(x + i)));
  if (i < last) {
    memory.copy(scratch, x + i, last - i);
    v128.store(scratch, apply(op, v128.load(scratch)));
    memory.copy(y + i, scratch, last - i);
  }
}

// @ts-ignore: decorator
@inline
function deriveAll(
  op: i32,
  scratch: usize,
  x: usize,
  y: usize,
  dy: usize,
  dx: usize,
  begin: i32,
  end: i32,
): void {
  let i = <usize>begin * 4;
  const last = <usize>end * 4;
  for (; i + 16 <= last; i += 16) {
    const g = derive(op, v128.load(x + i), v128.load(y + i), v128.load(dy + i));
    v128.store(dx + i, f32x4.add(v128.load(dx + i), g));
  }
  if (i < last) {
    memory.copy(scratch, x + i, last - i);
    memory.copy(scratch + 16, y + i, last - i);
    memory.copy(scratch + 32, dy + i, last - i);
    const g = derive(op, v128.load(scratch), v128.load(scratch, 16), v128.load(scratch, 32));
    v128.store(scratch, g);
    for (let j: usize = 0; i + j < last; j += 4) {
      store<f32>(dx + i + j, load<f32>(dx + i + j) + load<f32>(scratch + j));
    }
  }
}

export function unary(scratch: usize, op: i32, x: usize, y: usize, begin: i32, end: i32): void {
  if (op == RELU) mapAll(RELU, scratch, x, y, begin, end);
  else if (op == LEAKY) mapAll(LEAKY, scratch, x, y, begin, end);
  else if (op == SIGMOID) mapAll(SIGMOID, scratch, x, y, begin, end);
  else if (op == TANH) mapAll(TANH, scratch, x, y, begin, end);
  else if (op == EXP) mapAll(EXP, scratch, x, y, begin, end);
  else if (op == LOG) mapAll(LOG, scratch, x, y, begin, end);
  else if (op == SQRT) mapAll(SQRT, scratch, x, y, begin, end);
  else if (op == SQUARE) mapAll(SQUARE, scratch, x, y, begin, end);
  else if (op == NEG) mapAll(NEG, scratch, x, y, begin, end);
  else if (op == ABS) mapAll(ABS, scratch, x, y, begin, end);
  else if (op == GELU) mapAll(GELU, scratch, x, y, begin, end);
  else if (op == SOFTPLUS) mapAll(SOFTPLUS, scratch, x, y, begin, end);
  else mapAll(RECIPROCAL, scratch, x, y, begin, end);
}

/** dx += f′(x) dy */
export function unaryGradient(
  scratch: usize,
  op: i32,
  x: usize,
  y: usize,
  dy: usize,
  dx: usize,
  begin: i32,
  end: i32,
): void {
  if (op == RELU) deriveAll(RELU, scratch, x, y, dy, dx, begin, end);
  else if (op == LEAKY) deriveAll(LEAKY, scratch, x, y, dy, dx, begin, end);
  else if (op == SIGMOID) deriveAll(SIGMOID, scratch, x, y, dy, dx, begin, end);
  else if (op == TANH) deriveAll(TANH, scratch, x, y, dy, dx, begin, end);
  else if (op == EXP) deriveAll(EXP, scratch, x, y, dy, dx, begin, end);
  else if (op == LOG) deriveAll(LOG, scratch, x, y, dy, dx, begin, end);
  else if (op == SQRT) deriveAll(SQRT, scratch, x, y, dy, dx, begin, end);
  else if (op == SQUARE) deriveAll(SQUARE, scratch, x, y, dy, dx, begin, end);
  else if (op == NEG) deriveAll(NEG, scratch, x, y, dy, dx, begin, end);
  else if (op == ABS) deriveAll(ABS, scratch, x, y, dy, dx, begin, end);
  else if (op == GELU) deriveAll(GELU, scratch, x, y, dy, dx, begin, end);
  else if (op == SOFTPLUS) deriveAll(SOFTPLUS, scratch, x, y, dy, dx, begin, end);
  else deriveAll(RECIPROCAL, scratch, x, y, dy, dx, begin, end);
}

/** y += scale x */
export function axpy(scratch: usize, scale: f32, x: usize, y: usize, begin: i32, end: i32): void {
  let i = <usize>begin * 4;
  const last = <usize>end * 4;
  const s = f32x4.splat(scale);
  for (; i + 16 <= last; i += 16) v128.store(y + i, fma(s, v128.load(x + i), v128.load(y + i)));
  if (i < last) {
    memory.copy(scratch, x + i, last - i);
    memory.copy(scratch + 16, y + i, last - i);
    v128.store(scratch, fma(s, v128.load(scratch), v128.load(scratch, 16)));
    memory.copy(y + i, scratch, last - i);
  }
}

/** Σ x² in float64. */
export function sumOfSquares(x: usize, n: i32): f64 {
  let a = f64x2.splat(0);
  let b = f64x2.splat(0);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const v = v128.load(x);
    const low = f64x2.promote_low_f32x4(v);
    const high = f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 0, 1));
    a = f64x2.add(a, f64x2.mul(low, low));
    b = f64x2.add(b, f64x2.mul(high, high));
    x += 16;
  }
  a = f64x2.add(a, b);
  let sum = f64x2.extract_lane(a, 0) + f64x2.extract_lane(a, 1);
  for (; i < n; i++) {
    const v = <f64>load<f32>(x);
    sum += v * v;
    x += 4;
  }
  return sum;
}

/** 1 when all are finite: x − x is 0 then, and NaN else. */
export function finite(x: usize, n: i32): i32 {
  const zero = f32x4.splat(0);
  let all = i32x4.splat(-1);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const v = v128.load(x);
    all = v128.and(all, f32x4.eq(f32x4.sub(v, v), zero));
    x += 16;
  }
  let good = i32(i32x4.all_true(all));
  for (; i < n; i++) {
    const v = load<f32>(x);
    good &= i32(v - v == 0);
    x += 4;
  }
  return good;
}

