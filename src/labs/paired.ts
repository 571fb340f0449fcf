/** A mean difference with its 95 % interval (Student's t); null for one pair. */
export interface Difference {
  readonly mean: number;
  readonly interval: readonly [low: number, high: number] | null;
}

/** Two-sided 95 % points of Student's t, for 1, 2, … degrees of freedom. */
const T95 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];

/** Beyond the table the expansion in 1/ν of Cornish and Fisher is right to three digits. */
const t95 = (freedom: number): number =>
  T95[freedom - 1] ?? 1.95996 + 2.37227 / freedom + 2.8224 / freedom ** 2;

export function meanAndDeviation(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0 };
}

/** The difference pair by pair. */
export function paired(a: readonly number[], b: readonly number[]): Difference {
  const { mean, deviation } = meanAndDeviation(a.map((value, i) => value - b[i]!));
  if (a.length < 2) return { mean, interval: null };
  const half = (t95(a.length - 1) * deviation) / Math.sqrt(a.length);
  return { mean, interval: [mean - half, mean + half] };
}
