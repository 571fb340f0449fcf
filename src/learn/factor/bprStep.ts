/**
 * One step up the gradient of ln σ(x·(y_i − y_j)) − λ/2 (|x|² + |y_i|² + |y_j|²), biases with the items.
 *
 * @returns −ln σ before the step
 */
export function bprStep(
  x: Float64Array,
  u: number,
  y: Float64Array,
  i: number,
  j: number,
  f: number,
  rate: number,
  lambda: number,
  items: boolean,
): number {
  let margin = y[i + f]! - y[j + f]!;
  for (let q = 0; q < f; q++) margin += x[u + q]! * (y[i + q]! - y[j + q]!);
  const pull = 1 / (1 + Math.exp(margin));
  for (let q = 0; q < f; q++) {
    const a = x[u + q]!;
    const b = y[i + q]!;
    const c = y[j + q]!;
    x[u + q] = a + rate * (pull * (b - c) - lambda * a);
    if (!items) continue;
    y[i + q] = b + rate * (pull * a - lambda * b);
    y[j + q] = c - rate * (pull * a + lambda * c);
  }
  if (items) {
    y[i + f]! += rate * (pull - lambda * y[i + f]!);
    y[j + f]! -= rate * (pull + lambda * y[j + f]!);
  }
  return margin > 0 ? Math.log1p(Math.exp(-margin)) : Math.log1p(Math.exp(margin)) - margin;
}
