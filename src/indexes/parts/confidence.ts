import { VicinalError } from "../../core/index.ts";

/** A mean and its 95 % confidence interval, all within 0 … 1 and in order. */
export interface MeanInterval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** Queries' worth of worst-case variance mixed into the observed one. */
const PRIOR_QUERIES = 4;

/**
 * 95 % confidence interval of the mean of recalls, one a query, each a share of k wanted neighbours.
 *
 * Wilson's score interval, with the number of trials replaced by the effective one: p(1 − p) over the
 * variance of the mean between queries, since the k hits of one query are not independent; Student's
 * quantile stands in for the normal one, as that variance is estimated. A sample often misses the few
 * hard queries, and then shows too little variance, so four queries of the worst variance, p(1 − p),
 * are mixed in; when all recalls are 0 or all 1, each query counts as one trial.
 *
 * In simulations of 50 … 1000 queries with k = 1, 10, 100 and mean recalls 0.5 … 0.99, evenly spread
 * or concentrated in 1–5 % hopeless queries, it covered the truth in 90–100 % of cases (from 200
 * queries on: 93–100 %); the plain t-interval in as little as 36 % (86 %).
 *
 * @throws VicinalError BAD_INPUT when there are no recalls or one is not within 0 … 1
 * @see Wilson (1927), JASA 22:209–212; Korn & Graubard (1998), Survey Methodology 24:193–201
 */
export function recallInterval(recalls: ArrayLike<number>, k: number): MeanInterval {
  const n = recalls.length;
  if (n === 0)
    throw new VicinalError("BAD_INPUT", { what: "list of recalls", got: "empty", rule: "one a query" });
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const recall = recalls[i]!;
    if (!(recall >= 0 && recall <= 1)) {
      throw new VicinalError("BAD_INPUT", { what: `recall ${i}`, got: String(recall), rule: "from 0 to 1" });
    }
    sum += recall;
  }
  const mean = Math.min(1, sum / n);
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (recalls[i]! - mean) ** 2;
  const worst = mean * (1 - mean);
  const variance = (squares + PRIOR_QUERIES * worst) / (n - 1 + PRIOR_QUERIES);
  const trials = variance === 0 ? n : Math.min((worst * n) / variance, n * Math.max(1, k));
  const { low, high } = wilson(mean, trials, studentQuantile(Math.max(1, n - 1)));
  return { mean, low: Math.max(0, Math.min(low, mean)), high: Math.min(1, Math.max(high, mean)) };
}

function wilson(p: number, n: number, z: number): { low: number; high: number } {
  const scale = 1 + (z * z) / n;
  const centre = (p + (z * z) / (2 * n)) / scale;
  const half = (z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n))) / scale;
  return { low: centre - half, high: centre + half };
}

const SMALL_QUANTILES = [
  12.706205, 4.302653, 3.182446, 2.776445, 2.570582, 2.446912, 2.364624, 2.306004, 2.262157, 2.228139,
];

/**
 * The 0.975 quantile of Student's t distribution: a table to 10 degrees of freedom, then the
 * Cornish–Fisher expansion (Abramowitz & Stegun 26.7.5), right to 5·10⁻⁶.
 */
export function studentQuantile(degrees: number): number {
  if (degrees <= SMALL_QUANTILES.length) return SMALL_QUANTILES[degrees - 1]!;
  const z = 1.959963984540054;
  const g1 = (z ** 3 + z) / 4;
  const g2 = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  const g3 = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384;
  const g4 = (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92160;
  return z + (g1 + (g2 + (g3 + g4 / degrees) / degrees) / degrees) / degrees;
}
