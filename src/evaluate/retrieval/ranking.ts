import { checkK, VicinalError } from "../../core/index.ts";

/** How well rankings place what was wanted, on average. */
export interface RankingScores {
  readonly k: number;
  /** Rankings judged. */
  readonly queries: number;
  /** Share of rankings with something wanted among the first k. */
  readonly hitRate: number;
  /** Mean share of what was wanted that stands among the first k. */
  readonly recall: number;
  /** Mean of Σ 1/log₂(1 + place) over wanted ones among the first k, divided by the most it could be. */
  readonly ndcg: number;
  /** Mean of 1/(place of the first wanted one), over the first k. */
  readonly mrr: number;
}

/**
 * The place, from 1, of one item in the ranking by descending score of all items but the left-out ones. Items with the
 * same score share the mean of the places they take up together, rounded up, so that constant scores win nothing.
 *
 * @param scores one number an item; NaN is refused
 * @param leaveOut items not ranked, such as those the user has already; the item itself is ranked in any case
 * @throws VicinalError BAD_INPUT
 * @remarks O(items)
 */
export function placeOf(scores: ArrayLike<number>, item: number, leaveOut: Iterable<number> = []): number {
  checkList(scores);
  const own = scores[item];
  if (own === undefined) throw bad(`item ${item}`, `a whole number below ${scores.length}`);
  let above = 0;
  let equal = 0;
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]!;
    if (Number.isNaN(score)) throw bad(`NaN at item ${i}`, "numbers");
    if (score > own) above++;
    else if (score === own && i !== item) equal++;
  }
  const seen = new Set<number>();
  for (const out of leaveOut) {
    if (out === item || seen.has(out)) continue;
    seen.add(out);
    const score = scores[out];
    if (score === undefined) throw bad(`left-out item ${out}`, `a whole number below ${scores.length}`);
    if (score > own) above--;
    else if (score === own) equal--;
  }
  return 1 + above + Math.ceil(equal / 2);
}

/**
 * Scores of leave-one-out: each query has one wanted item, which stands at that place (from 1; Infinity for not found).
 * Recall@k is the hit rate then, and NDCG@k the mean of 1/log₂(1 + place).
 */
export function scorePlaces(places: ArrayLike<number>, k: number): RankingScores {
  checkK(k);
  checkList(places);
  const wanted = Array.from(places, (place) => {
    if (!(place === Number.POSITIVE_INFINITY || (Number.isInteger(place) && place >= 1))) {
      throw bad(`place ${place}`, "a whole number from 1, or Infinity");
    }
    return judge([place], 1, k);
  });
  return mean(wanted, k);
}

/**
 * Scores of rankings with any number of wanted items each; queries that want nothing are left out.
 *
 * @param rankings items, best first; looked at up to k
 * @param wanted of each query the items that count as right
 * @throws VicinalError BAD_INPUT for an item ranked twice, or lists of unequal length; BAD_K
 */
export function scoreRankings(
  rankings: readonly ArrayLike<number>[],
  wanted: readonly Iterable<number>[],
  k: number,
): RankingScores {
  checkK(k);
  for (const list of [rankings, wanted]) checkList(list);
  if (rankings.length !== wanted.length) {
    throw bad(`${rankings.length} rankings for ${wanted.length} queries`, "one a query");
  }
  const all: Judged[] = [];
  for (const [q, ranking] of rankings.entries()) {
    checkList(ranking);
    if (typeof wanted[q]?.[Symbol.iterator] !== "function")
      throw bad(String(wanted[q]), "given with a list of wanted items");
    const right = new Set(wanted[q]);
    if (right.size === 0) continue;
    const places: number[] = [];
    const first = Array.from(ranking).slice(0, k);
    if (new Set(first).size !== first.length)
      throw bad(`an item twice in ranking ${q}`, "rankings of different items");
    for (const [i, item] of first.entries()) if (right.has(item)) places.push(i + 1);
    all.push(judge(places, right.size, k));
  }
  return mean(all, k);
}

function checkList(list: ArrayLike<unknown>): void {
  if (typeof list === "object" && typeof list?.length === "number") return;
  throw bad(String(list), "a list");
}

interface Judged {
  readonly hit: number;
  readonly recall: number;
  readonly ndcg: number;
  readonly reciprocal: number;
}

/** What is gained at a place. */
const gain = (place: number): number => 1 / Math.log2(1 + place);

function judge(places: readonly number[], wanted: number, k: number): Judged {
  const within = places.filter((place) => place <= k);
  let got = 0;
  for (const place of within) got += gain(place);
  let most = 0;
  for (let place = 1; place <= Math.min(wanted, k); place++) most += gain(place);
  return {
    hit: within.length > 0 ? 1 : 0,
    recall: within.length / wanted,
    ndcg: got / most,
    reciprocal: within.length > 0 ? 1 / Math.min(...within) : 0,
  };
}

function mean(all: readonly Judged[], k: number): RankingScores {
  const over = (of: (one: Judged) => number): number =>
    all.length === 0 ? Number.NaN : all.reduce((sum, one) => sum + of(one), 0) / all.length;
  return {
    k,
    queries: all.length,
    hitRate: over(({ hit }) => hit),
    recall: over(({ recall }) => recall),
    ndcg: over(({ ndcg }) => ndcg),
    mrr: over(({ reciprocal }) => reciprocal),
  };
}

function bad(got: string, rule: string): VicinalError {
  return new VicinalError("BAD_INPUT", { what: "a ranking", got, rule });
}
