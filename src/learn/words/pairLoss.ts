/** Cosine and its slopes: rows a and b of two tables. */
export interface Slopes {
  readonly a: Float64Array;
  readonly b: Float64Array;
}

/**
 * The cosine of row `at` of `left` and row `bt` of `right`, with its gradient by both written to `out`:
 * ∂cos/∂a = (b/|b| − cos · a/|a|) / |a|.
 */
export function cosineSlopes(
  left: Float64Array,
  at: number,
  right: Float64Array,
  bt: number,
  d: number,
  out: Slopes,
): number {
  let [dot, aa, bb] = [0, 0, 0];
  for (let j = 0; j < d; j++) {
    const a = left[at * d + j]!;
    const b = right[bt * d + j]!;
    dot += a * b;
    aa += a * a;
    bb += b * b;
  }
  // Rows of length zero have no direction: a tiny length stands in, so that slopes stay finite.
  const [la, lb] = [Math.max(1e-12, Math.sqrt(aa)), Math.max(1e-12, Math.sqrt(bb))];
  const cosine = dot / (la * lb);
  for (let j = 0; j < d; j++) {
    const a = left[at * d + j]! / la;
    const b = right[bt * d + j]! / lb;
    out.a[j] = (b - cosine * a) / la;
    out.b[j] = (a - cosine * b) / lb;
  }
  return cosine;
}

/** Loss of a pair and its slope by the cosine, and by weight and bias of the classification's last unit. */
export interface PairLoss {
  loss: number;
  byCosine: number;
  byWeight: number;
  byBias: number;
}

/** (cos − label)², label 1 for a pair that occurs and −1 for one that does not. */
export function squaredPairLoss(cosine: number, occurs: boolean): PairLoss {
  const error = cosine - (occurs ? 1 : -1);
  return { loss: error * error, byCosine: 2 * error, byWeight: 0, byBias: 0 };
}

/** Binary cross-entropy of σ(weight · cos + bias). */
export function logisticPairLoss(cosine: number, occurs: boolean, weight: number, bias: number): PairLoss {
  const z = weight * cosine + bias;
  const away = occurs ? -z : z;
  const loss = away > 0 ? away + Math.log1p(Math.exp(-away)) : Math.log1p(Math.exp(away));
  const slope = (occurs ? -1 : 1) / (1 + Math.exp(-away));
  return { loss, byCosine: slope * weight, byWeight: slope * cosine, byBias: slope };
}
