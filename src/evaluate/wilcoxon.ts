import { VicinalError } from "../core/index.ts";

export interface SignedRank {
  /** Pairs that differ; the others are left out. */
  readonly n: number;
  /** Sums of the ranks of |a − b| where a is larger, and where b is; equal ones share their mean rank. */
  readonly positive: number;
  readonly negative: number;
  /** Two-sided: how often chance alone would part the sums at least as far. 1 when no pair differs. */
  readonly pValue: number;
  /** Whether all 2ⁿ signs were counted (up to 50 pairs), or the normal distribution was taken. */
  readonly exact: boolean;
}

/** Up to so many pairs all signs are counted. */
const MOST_COUNTED = 50;

/**
 * Wilcoxon's signed-rank test of pairs: whether a is larger than b, or smaller, more often and by more than chance has it,
 * without any belief about how differences are distributed but that they are even about their middle.
 *
 * Exact for up to 50 pairs, also with ties (signs of the ranks there are); beyond, the normal approximation with the
 * variance corrected for ties and none for continuity, as SciPy has it.
 *
 * @throws BAD_INPUT for lists of different lengths, NOT_FINITE
 * @remarks O(n²) sums of O(n) ranks while exact
 * @see Wilcoxon, Biometrics Bulletin 1(6), 1945; Pratt & Gibbons 1981 for ties
 */
export function wilcoxonSignedRank(a: ArrayLike<number>, b: ArrayLike<number>): SignedRank {
  const differences = differencesOf(a, b).filter((value) => value !== 0);
  const n = differences.length;
  const { twice, tied } = doubledRanks(differences);
  const all = twice.reduce((sum, rank) => sum + rank, 0);
  const up = twice.reduce((sum, rank, i) => sum + (differences[i]! > 0 ? rank : 0), 0);
  const exact = n <= MOST_COUNTED;
  const least = Math.min(up, all - up);
  const pValue = exact ? counted(twice, least) : approximate(n, least / 2, tied);
  return { n, positive: up / 2, negative: (all - up) / 2, pValue: Math.min(1, pValue), exact };
}

function differencesOf(a: ArrayLike<number>, b: ArrayLike<number>): number[] {
  if (a.length !== b.length) {
    const got = `${a.length} and ${b.length} values`;
    throw new VicinalError("BAD_INPUT", { what: "pairs", got, rule: "as many of one as of the other" });
  }
  return Array.from(a, (value, i) => {
    const difference = value - b[i]!;
    if (Number.isFinite(difference)) return difference;
    throw new VicinalError("NOT_FINITE", { what: "pairs", row: i, column: 0, got: difference });
  });
}

/** Twice the rank of each magnitude, a whole number also for ties, and Σ (t³ − t) over groups of t equal ones. */
function doubledRanks(values: readonly number[]): { twice: number[]; tied: number } {
  const size = values.map(Math.abs);
  const order = [...size.keys()].sort((i, j) => size[i]! - size[j]!);
  const twice: number[] = new Array(values.length);
  let tied = 0;
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && size[order[to]!] === size[order[from]!]) to++;
    for (let i = from; i < to; i++) twice[order[i]!] = from + 1 + to;
    tied += (to - from) ** 3 - (to - from);
    from = to;
  }
  return { twice, tied };
}

/** Twice the share of signs whose positive sum is at most `least`. */
function counted(twice: readonly number[], least: number): number {
  const ways = new Float64Array(least + 1);
  ways[0] = 1;
  for (const rank of twice) {
    for (let sum = least; sum >= rank; sum--) ways[sum]! += ways[sum - rank]!;
  }
  return (2 * ways.reduce((sum, value) => sum + value, 0)) / 2 ** twice.length;
}

function approximate(n: number, least: number, tied: number): number {
  const mean = (n * (n + 1)) / 4;
  const variance = (n * (n + 1) * (2 * n + 1)) / 24 - tied / 48;
  return 2 * normalTail((mean - least) / Math.sqrt(variance));
}

/** Chance that a standard normal number is above z ≥ 0, to about twelve digits: series near 0, continued fraction beyond. */
function normalTail(z: number): number {
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z < 3) {
    let [sum, term] = [0, z];
    for (let i = 1; term > 1e-18; i += 2) {
      sum += term;
      term *= (z * z) / (i + 2);
    }
    return 0.5 - density * sum;
  }
  let tail = 0;
  for (let i = 120; i >= 1; i--) tail = i / (z + tail);
  return density / (z + tail);
}
