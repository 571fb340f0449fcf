// Functions of two numbers, element by element, over rows whose operands advance or repeat.

const ADD: i32 = 0;
const SUB: i32 = 1;
const MUL: i32 = 2;
const DIV: i32 = 3;
const MAX: i32 = 4;
const MIN: i32 = 5;

/** How operands step, in elements, outermost first; written by TypeScript. The last steps are 0 or 1. */
@unmanaged
class Steps {
  e1: i32;
  e2: i32;
  e3: i32;
  a0: i32;
  a1: i32;
  a2: i32;
  a3: i32;
  b0: i32;
  b1: i32;
  b2: i32;
  b3: i32;
}

// @ts-ignore: decorator
@inline
function combine(op: i32, a: v128, b: v128): v128 {
  if (op == ADD) return f32x4.add(a, b);
  if (op == SUB) return f32x4.sub(a, b);
  if (op == MUL) return f32x4.mul(a, b);
  if (op == DIV) return f32x4.div(a, b);
  if (op == MAX) return v128.bitselect(a, b, f32x4.ge(a, b));
  return v128.bitselect(a, b, f32x4.le(a, b));
}

/** ∂f/∂a g, or ∂f/∂b g for `second`. */
// @ts-ignore: decorator
@inline
function derive(op: i32, second: bool, a: v128, b: v128, g: v128): v128 {
  if (op == ADD) return g;
  if (op == SUB) return second ? f32x4.neg(g) : g;
  if (op == MUL) return f32x4.mul(second ? a : b, g);
  if (op == DIV) {
    if (!second) return f32x4.div(g, b);
    return f32x4.neg(f32x4.mul(f32x4.div(a, f32x4.mul(b, b)), g));
  }
  const first = op == MAX ? f32x4.ge(a, b) : f32x4.le(a, b);
  return second ? v128.andnot(g, first) : v128.and(g, first);
}

/** Four numbers from p on, or one repeated. */
// @ts-ignore: decorator
@inline
function four(p: usize, step: i32): v128 {
  return step ? v128.load(p) : v128.load_splat<f32>(p);
}

// @ts-ignore: decorator
@inline
function few(p: usize, step: i32, n: i32): v128 {
  if (!step) return v128.load_splat<f32>(p);
  let v = f32x4.replace_lane(f32x4.splat(0), 0, load<f32>(p));
  if (n > 1) v = f32x4.replace_lane(v, 1, load<f32>(p, 4));
  if (n > 2) v = f32x4.replace_lane(v, 2, load<f32>(p, 8));
  return v;
}

// @ts-ignore: decorator
@inline
function storeFew(p: usize, v: v128, n: i32): void {
  store<f32>(p, f32x4.extract_lane(v, 0));
  if (n > 1) store<f32>(p, f32x4.extract_lane(v, 1), 4);
  if (n > 2) store<f32>(p, f32x4.extract_lane(v, 2), 8);
}

// @ts-ignore: decorator
@inline
function row(op: i32, a: usize, a3: i32, b: usize, b3: i32, y: usize, n: i32): void {
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    v128.store(y, combine(op, four(a, a3), four(b, b3)));
    a += <usize>a3 * 16;
    b += <usize>b3 * 16;
    y += 16;
  }
  if (i < n) storeFew(y, combine(op, few(a, a3, n - i), few(b, b3, n - i)), n - i);
}

// @ts-ignore: decorator
@inline
function rowBack(
  op: i32,
  second: bool,
  a: usize,
  a3: i32,
  b: usize,
  b3: i32,
  g: usize,
  y: usize,
  n: i32,
  add: i32,
): void {
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const v = derive(op, second, four(a, a3), four(b, b3), v128.load(g));
    v128.store(y, add ? f32x4.add(v128.load(y), v) : v);
    a += <usize>a3 * 16;
    b += <usize>b3 * 16;
    g += 16;
    y += 16;
  }
  if (i < n) {
    const v = derive(op, second, few(a, a3, n - i), few(b, b3, n - i), few(g, 1, n - i));
    storeFew(y, add ? f32x4.add(few(y, 1, n - i), v) : v, n - i);
  }
}

/** Rows begin … end, each of the last extent. */
export function pairs(
  _scratch: usize,
  op: i32,
  steps: usize,
  a: usize,
  b: usize,
  y: usize,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Steps>(steps);
  const n = s.e3;
  for (let r = begin; r < end; r++) {
    const i2 = r % s.e2;
    const q = r / s.e2;
    const i1 = q % s.e1;
    const i0 = q / s.e1;
    const pa = a + <usize>(i0 * s.a0 + i1 * s.a1 + i2 * s.a2) * 4;
    const pb = b + <usize>(i0 * s.b0 + i1 * s.b1 + i2 * s.b2) * 4;
    const py = y + <usize>r * <usize>n * 4;
    if (op == ADD) row(ADD, pa, s.a3, pb, s.b3, py, n);
    else if (op == SUB) row(SUB, pa, s.a3, pb, s.b3, py, n);
    else if (op == MUL) row(MUL, pa, s.a3, pb, s.b3, py, n);
    else if (op == DIV) row(DIV, pa, s.a3, pb, s.b3, py, n);
    else if (op == MAX) row(MAX, pa, s.a3, pb, s.b3, py, n);
    else row(MIN, pa, s.a3, pb, s.b3, py, n);
  }
}

/** Dense y (+)= ∂f/∂(side) g, rows begin … end. `op` is twice the operation, plus 1 for the second side. */
export function pairsGradient(
  _scratch: usize,
  op: i32,
  steps: usize,
  a: usize,
  b: usize,
  g: usize,
  y: usize,
  add: i32,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Steps>(steps);
  const n = s.e3;
  for (let r = begin; r < end; r++) {
    const i2 = r % s.e2;
    const q = r / s.e2;
    const i1 = q % s.e1;
    const i0 = q / s.e1;
    const pa = a + <usize>(i0 * s.a0 + i1 * s.a1 + i2 * s.a2) * 4;
    const pb = b + <usize>(i0 * s.b0 + i1 * s.b1 + i2 * s.b2) * 4;
    const pg = g + <usize>r * <usize>n * 4;
    const py = y + <usize>r * <usize>n * 4;
    if (op == 2 * ADD || op == 2 * ADD + 1 || op == 2 * SUB) rowBack(ADD, false, pa, s.a3, pb, s.b3, pg, py, n, add);
    else if (op == 2 * SUB + 1) rowBack(SUB, true, pa, s.a3, pb, s.b3, pg, py, n, add);
    else if (op == 2 * MUL) rowBack(MUL, false, pa, s.a3, pb, s.b3, pg, py, n, add);
    else if (op == 2 * MUL + 1) rowBack(MUL, true, pa, s.a3, pb, s.b3, pg, py, n, add);
    else if (op == 2 * DIV) rowBack(DIV, false, pa, s.a3, pb, s.b3, pg, py, n, add);
    else if (op == 2 * DIV + 1) rowBack(DIV, true, pa, s.a3, pb, s.b3, pg, py, n, add);
    else if (op == 2 * MAX) rowBack(MAX, false, pa, s.a3, pb, s.b3, pg, py, n, add);
    else if (op == 2 * MAX + 1) rowBack(MAX, true, pa, s.a3, pb, s.b3, pg, py, n, add);
    else if (op == 2 * MIN) rowBack(MIN, false, pa, s.a3, pb, s.b3, pg, py, n, add);
    else rowBack(MIN, true, pa, s.a3, pb, s.b3, pg, py, n, add);
  }
}
