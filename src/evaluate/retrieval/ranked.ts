import { wholeNumber } from "../../core/index.ts";

/** What one query's ranked answers are worth. */
export interface RankedScores {
  /** 1-based rank of the first relevant answer; Infinity when none was found. */
  readonly firstRank: number;
  /** Relevant answers among the first R, over R. */
  readonly rPrecision: number;
  /** Precision at each relevant rank up to R, summed, over R. */
  readonly apAtR: number;
  /** Precision at each relevant rank, summed over all answers, over R. */
  readonly ap: number;
}

/**
 * Scores of one query from the relevance of its answers, nearest first.
 *
 * @param relevant one flag an answer
 * @param R relevant rows that there are to find, at least 1
 * @throws VicinalError OPTION_RANGE
 * @see Musgrave, Belongie & Lim, A Metric Learning Reality Check, ECCV 2020, §3.1
 */
export function rankedScores(relevant: ArrayLike<boolean | number>, R: number): RankedScores {
  wholeNumber("R", R, 1, Number.MAX_SAFE_INTEGER);
  let firstRank = Number.POSITIVE_INFINITY;
  let found = 0;
  let foundAtR = 0;
  let sum = 0;
  let sumAtR = 0;
  for (let rank = 1; rank <= relevant.length; rank++) {
    if (!relevant[rank - 1]) continue;
    if (found === 0) firstRank = rank;
    found++;
    sum += found / rank;
    if (rank > R) continue;
    foundAtR = found;
    sumAtR = sum;
  }
  return { firstRank, rPrecision: foundAtR / R, apAtR: sumAtR / R, ap: sum / R };
}
