import type { RunOptions } from "../../core/index.ts";
import { type RankingScores, scorePlaces } from "../../evaluate/index.ts";
import type { Tuned } from "./contenders.ts";
import { bootstrap, type HeldOut, type Interval, placesOf } from "./protocol.ts";

/** How well one way to recommend placed the held-out items, over all repetitions. */
export interface Judged {
  readonly name: string;
  readonly setting: object;
  /** Settings tried on the validation items. */
  readonly tried: number;
  readonly validationNdcg: number;
  readonly hitRate: Interval;
  readonly ndcg: Interval;
  readonly mrr: number;
  /** NDCG of each repetition. */
  readonly repeats: readonly number[];
  /** Mean seconds of a fit. */
  readonly fitSeconds: number;
}

/** Paired differences between one contender and another, user by user. */
export interface Versus {
  readonly name: string;
  readonly against: string;
  readonly hitRate: Interval;
  readonly ndcg: Interval;
}

export interface Verdict {
  readonly judged: readonly Judged[];
  readonly versus: readonly Versus[];
}

const K = 10;

interface PerUser {
  readonly hits: Float64Array;
  readonly gains: Float64Array;
}

/** Fits each contender as tuned to all but the tested items, for each repetition, and compares them user by user. */
export async function judgeAll(
  tuned: readonly Tuned[],
  tests: readonly HeldOut[],
  seed: number,
  { signal, onProgress }: RunOptions,
): Promise<Verdict> {
  const judged: Judged[] = [];
  const perUser = new Map<string, PerUser>();
  for (const one of tuned) {
    const { name } = one.contender;
    const users = tests[0]!.train.users;
    const sums: PerUser = { hits: new Float64Array(users), gains: new Float64Array(users) };
    const scores: RankingScores[] = [];
    let fitMs = 0;
    for (const [r, held] of tests.entries()) {
      onProgress?.({ phase: `judge ${name}`, done: r, total: tests.length });
      const start = performance.now();
      const model = one.contender.make(one.setting);
      await model.fitAsync(held.train, { signal });
      fitMs += performance.now() - start;
      const places = await placesOf(model, held, signal);
      scores.push(scorePlaces(places, K));
      for (let u = 0; u < users; u++) {
        if (places[u]! > K) continue;
        sums.hits[u]! += 1 / tests.length;
        sums.gains[u]! += 1 / Math.log2(1 + places[u]!) / tests.length;
      }
    }
    perUser.set(name, sums);
    judged.push({
      name,
      setting: one.setting,
      tried: one.tried.length,
      validationNdcg: one.ndcg,
      hitRate: bootstrap(sums.hits, seed),
      ndcg: bootstrap(sums.gains, seed),
      mrr: scores.reduce((sum, { mrr }) => sum + mrr, 0) / scores.length,
      repeats: scores.map(({ ndcg }) => ndcg),
      fitSeconds: fitMs / 1000 / tests.length,
    });
  }
  return { judged, versus: comparisons(perUser, seed) };
}

const BASELINES = ["popularity", "item-kNN"];

/** Each learned model against each baseline. */
function comparisons(perUser: ReadonlyMap<string, PerUser>, seed: number): Versus[] {
  const out: Versus[] = [];
  for (const [name, own] of perUser) {
    if (BASELINES.includes(name)) continue;
    for (const against of BASELINES) {
      const other = perUser.get(against)!;
      out.push({
        name,
        against,
        hitRate: bootstrap(
          own.hits.map((v, u) => v - other.hits[u]!),
          seed,
        ),
        ndcg: bootstrap(
          own.gains.map((v, u) => v - other.gains[u]!),
          seed,
        ),
      });
    }
  }
  return out;
}
