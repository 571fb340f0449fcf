/** What one step of skip-gram reads and writes: rows of d numbers. */
export interface SgnsTables {
  readonly inputs: Float32Array | Float64Array;
  readonly outputs: Float32Array | Float64Array;
  /** d numbers of memory. */
  readonly change: Float64Array;
  readonly d: number;
}

/**
 * One step down the gradient of −ln σ(v·u₀) − Σ ln σ(−v·u_n) for an input row v, the output row u₀ of a word beside it and
 * rows u_n of `count − 1` words drawn as noise (targets[0] is the former).
 *
 * @returns the loss before the step; the step is the gradient's when the targets differ from each other
 */
export function sgnsStep(
  { inputs, outputs, change, d }: SgnsTables,
  word: number,
  targets: Uint32Array,
  count: number,
  rate: number,
): number {
  const v = word * d;
  let loss = 0;
  for (let j = 0; j < d; j++) change[j] = 0;
  for (let t = 0; t < count; t++) {
    const u = targets[t]! * d;
    let dot = 0;
    for (let j = 0; j < d; j++) dot += inputs[v + j]! * outputs[u + j]!;
    const away = t === 0 ? -dot : dot;
    // ln(1 + e^away) without overflow; its slope is σ(away).
    loss += away > 0 ? away + Math.log1p(Math.exp(-away)) : Math.log1p(Math.exp(away));
    const slope = 1 / (1 + Math.exp(-away));
    const pull = rate * (t === 0 ? slope : -slope);
    for (let j = 0; j < d; j++) {
      change[j]! += pull * outputs[u + j]!;
      outputs[u + j]! += pull * inputs[v + j]!;
    }
  }
  for (let j = 0; j < d; j++) inputs[v + j]! += change[j]!;
  return loss;
}
