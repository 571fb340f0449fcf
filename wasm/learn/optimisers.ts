// Steps of optimisers, element by element. Ranges begin … end count elements; begin is a multiple of four.
import { fma } from "../simd";

/** Numbers of a step of Adam, written by TypeScript. */
@unmanaged
class Rates {
  rate: f32;
  beta1: f32;
  rest1: f32;
  beta2: f32;
  rest2: f32;
  /** These undo the start of the moments at zero. */
  byFirst: f32;
  bySecond: f32;
  epsilon: f32;
  l2: f32;
  decay: f32;
}

// @ts-ignore: decorator
@inline
function adamFour(s: Rates, parameter: usize, gradient: usize, first: usize, second: usize): void {
  const before = v128.load(parameter);
  const g = fma(f32x4.splat(s.l2), before, v128.load(gradient));
  const m = fma(f32x4.splat(s.beta1), v128.load(first), f32x4.mul(f32x4.splat(s.rest1), g));
  const square = f32x4.mul(f32x4.mul(f32x4.splat(s.rest2), g), g);
  const v = fma(f32x4.splat(s.beta2), v128.load(second), square);
  v128.store(first, m);
  v128.store(second, v);
  const spread = f32x4.add(f32x4.sqrt(f32x4.mul(v, f32x4.splat(s.bySecond))), f32x4.splat(s.epsilon));
  const step = f32x4.div(f32x4.mul(m, f32x4.splat(s.byFirst)), spread);
  const whole = fma(f32x4.splat(s.decay), before, step);
  v128.store(parameter, f32x4.sub(before, f32x4.mul(f32x4.splat(s.rate), whole)));
}

/** Adam (Kingma & Ba 2015), with `decay` AdamW (Loshchilov & Hutter 2019). */
export function adam(
  scratch: usize,
  rates: usize,
  parameter: usize,
  gradient: usize,
  first: usize,
  second: usize,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Rates>(rates);
  let i = <usize>begin * 4;
  const last = <usize>end * 4;
  for (; i + 16 <= last; i += 16) adamFour(s, parameter + i, gradient + i, first + i, second + i);
  if (i < last) {
    const bytes = last - i;
    memory.copy(scratch, parameter + i, bytes);
    memory.copy(scratch + 16, gradient + i, bytes);
    memory.copy(scratch + 32, first + i, bytes);
    memory.copy(scratch + 48, second + i, bytes);
    adamFour(s, scratch, scratch + 16, scratch + 32, scratch + 48);
    memory.copy(parameter + i, scratch, bytes);
    memory.copy(first + i, scratch + 32, bytes);
    memory.copy(second + i, scratch + 48, bytes);
  }
}

// @ts-ignore: decorator
@inline
function sgdFour(
  parameter: usize,
  gradient: usize,
  velocity: usize,
  rate: f32,
  momentum: f32,
  nesterov: i32,
  l2: f32,
): void {
  const before = v128.load(parameter);
  const g = fma(f32x4.splat(l2), before, v128.load(gradient));
  const v = fma(f32x4.splat(momentum), v128.load(velocity), g);
  v128.store(velocity, v);
  const step = nesterov ? fma(f32x4.splat(momentum), v, g) : v;
  v128.store(parameter, f32x4.sub(before, f32x4.mul(f32x4.splat(rate), step)));
}

/** Gradient descent with momentum, ahead of it if `nesterov`. */
export function sgd(
  scratch: usize,
  parameter: usize,
  gradient: usize,
  velocity: usize,
  rate: f32,
  momentum: f32,
  nesterov: i32,
  l2: f32,
  begin: i32,
  end: i32,
): void {
  let i = <usize>begin * 4;
  const last = <usize>end * 4;
  for (; i + 16 <= last; i += 16) {
    sgdFour(parameter + i, gradient + i, velocity + i, rate, momentum, nesterov, l2);
  }
  if (i < last) {
    const bytes = last - i;
    memory.copy(scratch, parameter + i, bytes);
    memory.copy(scratch + 16, gradient + i, bytes);
    memory.copy(scratch + 32, velocity + i, bytes);
    sgdFour(scratch, scratch + 16, scratch + 32, rate, momentum, nesterov, l2);
    memory.copy(parameter + i, scratch, bytes);
    memory.copy(velocity + i, scratch + 32, bytes);
  }
}
