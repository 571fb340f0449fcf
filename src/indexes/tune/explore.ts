import { Candidate, type Exploration } from "./candidate.ts";
import { type Dials, isBelow, roundSizes, settingsOf } from "./settings.ts";

/** Queries that every setting is first tried on. */
const FIRST_QUERIES = 32;
/** Halving goes no further than this many settings. */
const LEAST_SETTINGS = 4;
/** Steps of a parameter finer than this share of its value drown in the noise of the sample. */
const FINE = 0.06;
/** A setting this much slower than the budget on a part of the sample is given up. */
const TOO_SLOW = 1.5;

export interface Explored {
  readonly tried: readonly Candidate[];
  readonly chosen: Candidate;
  readonly reached: boolean;
}

/** What there is to explore: dials, queries in the sample, neighbours a query. */
export interface Field {
  readonly dials: Dials;
  readonly sample: number;
  readonly k: number;
}

/**
 * The setting that searches least far among those whose recall reaches the target with its whole 95 % confidence
 * interval on the whole sample.
 *
 * Successive halving: all settings on few queries; those that cannot reach the target, those above one that
 * seems to reach it with ease, and at least half in all are dropped; the rest on twice the queries; and so on.
 * A larger value of any parameter is taken to find no less. What was dropped is tried again next below the
 * setting found, and where no survivor passes. Which settings are tried depends on recall alone; time decides between passing settings of
 * which none is below the other.
 *
 * @see Jamieson & Talwalkar, Non-stochastic best arm identification, AISTATS 2016
 */
export function* exploreForRecall(field: Field, targetRecall: number): Exploration<Explored> {
  const { dials, sample, k } = field;
  const tried = settingsOf(dials).map((params) => new Candidate(params, k));
  let alive: readonly Candidate[] = tried;
  for (const size of roundSizes(FIRST_QUERIES, sample)) {
    const kept: Candidate[] = [];
    for (const candidate of alive) {
      if (kept.some((other) => isBelow(other.params, candidate.params) && isEasy(other, targetRecall))) {
        continue;
      }
      yield* candidate.measure(size);
      if (candidate.high >= targetRecall) kept.push(candidate);
    }
    alive = size < sample ? promising(kept, targetRecall, Math.ceil(alive.length / 2)) : kept;
  }
  let passing = alive.filter((candidate) => candidate.passes(targetRecall));
  if (passing.length === 0) passing = yield* tryAgain(tried, sample, targetRecall);
  if (passing.length === 0) {
    const chosen = best(tried);
    yield* chosen.measure(sample);
    return { tried, chosen, reached: false };
  }
  const least = passing.filter((one) => !passing.some((other) => isBelow(other.params, one.params)));
  const coarse = least.reduce((a, b) => (b.ms < a.ms ? b : a));
  const lowest = yield* descend(field, tried, coarse, targetRecall);
  const { chosen, between } = yield* refine(field, lowest, targetRecall);
  return { tried: [...tried, ...between], chosen, reached: true };
}

/** So far above the target that larger settings are not needed. */
function isEasy(candidate: Candidate, targetRecall: number): boolean {
  return candidate.recall >= (1 + targetRecall) / 2 || candidate.low >= targetRecall;
}

/** At most so many: first those at the target or above, smallest first, then those nearest below it. */
function promising(kept: readonly Candidate[], targetRecall: number, most: number): Candidate[] {
  const above = kept.filter(({ recall }) => recall >= targetRecall);
  const below = kept.filter(({ recall }) => recall < targetRecall).toSorted((a, b) => b.recall - a.recall);
  const chosen = new Set([...above, ...below].slice(0, Math.max(most, LEAST_SETTINGS)));
  return kept.filter((candidate) => chosen.has(candidate));
}

/** Settings that were dropped too early: the first that passes on the whole sample. */
function* tryAgain(
  tried: readonly Candidate[],
  sample: number,
  targetRecall: number,
): Exploration<Candidate[]> {
  for (const candidate of tried) {
    const failed = tried.some(
      (other) =>
        other.queries === sample &&
        !other.passes(targetRecall) &&
        (other === candidate || isBelow(candidate.params, other.params)),
    );
    if (failed || (candidate.queries > 0 && candidate.high < targetRecall)) continue;
    yield* candidate.measure(sample);
    if (candidate.passes(targetRecall)) return [candidate];
  }
  return [];
}

/** The highest recall; of equals, the one that searches least far. Settings never tried come last. */
function best(tried: readonly Candidate[]): Candidate {
  const measured = tried.filter(({ queries }) => queries > 0);
  return measured.reduce((a, b) => (b.recall > a.recall ? b : a));
}

/** Goes down a rung of some dial as long as the setting there passes: a small sample may have condemned it wrongly. */
function* descend(
  { dials, sample }: Field,
  tried: readonly Candidate[],
  from: Candidate,
  targetRecall: number,
): Exploration<Candidate> {
  let at = from;
  for (const name of Object.keys(dials)) {
    for (;;) {
      const rung = dials[name]!.findLast((value) => value < at.params[name]!);
      const below = tried.find(({ params }) =>
        Object.keys(dials).every((each) => params[each] === (each === name ? rung : at.params[each])),
      );
      if (below === undefined) break;
      yield* below.measure(sample);
      if (!below.passes(targetRecall)) break;
      at = below;
    }
  }
  return at;
}

/** Halves the gap between the first parameter's value and the rung below, as long as the setting passes. */
function* refine(
  { dials, sample, k }: Field,
  coarse: Candidate,
  targetRecall: number,
): Exploration<{ chosen: Candidate; between: Candidate[] }> {
  const between: Candidate[] = [];
  const [name, values] = Object.entries(dials)[0] ?? [];
  if (name === undefined) return { chosen: coarse, between };
  let chosen = coarse;
  let below = values!.findLast((value) => value < coarse.params[name]!) ?? 0;
  while (below > 0 && chosen.params[name]! - below > Math.max(1, below * FINE)) {
    const middle = Math.floor((below + chosen.params[name]!) / 2);
    const next = new Candidate({ ...chosen.params, [name]: middle }, k);
    yield* next.measure(sample);
    between.push(next);
    if (next.passes(targetRecall)) chosen = next;
    else below = middle;
  }
  return { chosen, between };
}

/**
 * The setting of the highest recall among those whose queries take no longer than the budget on average. Settings
 * above one that is too slow are not tried; those that another surely beats in recall in less time, and at least
 * half in all, are dropped before the sample doubles. What is tried depends on the clock.
 */
export function* exploreForTime(field: Field, budgetMs: number): Exploration<Explored> {
  const { dials, sample, k } = field;
  const tried = settingsOf(dials).map((params) => new Candidate(params, k));
  let alive: readonly Candidate[] = tried;
  for (const size of roundSizes(FIRST_QUERIES, sample)) {
    const limit = size < sample ? budgetMs * TOO_SLOW : budgetMs;
    const slow: Candidate[] = [];
    const kept: Candidate[] = [];
    for (const candidate of alive) {
      if (slow.some((other) => isBelow(other.params, candidate.params))) continue;
      yield* candidate.measure(size);
      (candidate.ms > limit ? slow : kept).push(candidate);
    }
    const undominated = kept.filter(
      (one) => !kept.some((other) => other.ms <= one.ms && other.low > one.high),
    );
    // Those a little too slow stay only where there is room: the clock may have erred.
    const late = ({ ms }: Candidate): number => (ms > budgetMs ? 1 : 0);
    const ranked = undominated.toSorted((a, b) => late(a) - late(b) || b.recall - a.recall || a.ms - b.ms);
    if (ranked.length === 0) break;
    alive = ranked.slice(0, Math.max(LEAST_SETTINGS, Math.ceil(alive.length / 2)));
  }
  const measured = tried.filter(({ queries }) => queries > 0);
  const most = Math.max(...measured.map(({ queries }) => queries));
  const within = measured.filter((one) => one.queries === most && one.ms <= budgetMs);
  if (within.length > 0) {
    const chosen = within.reduce((a, b) =>
      b.recall > a.recall || (b.recall === a.recall && b.ms < a.ms) ? b : a,
    );
    return { tried: measured, chosen, reached: true };
  }
  const fastest = measured.reduce((a, b) => (b.ms < a.ms ? b : a));
  return { tried: measured, chosen: fastest, reached: fastest.ms <= budgetMs };
}

/** Settings that no other beats in both recall and time, by rising recall. */
export function frontOf(tried: readonly Candidate[]): Candidate[] {
  const measured = tried.filter(({ queries }) => queries > 0);
  const sorted = measured.toSorted((a, b) => a.ms - b.ms || b.recall - a.recall);
  const front: Candidate[] = [];
  for (const one of sorted) {
    if (front.length === 0 || one.recall > front.at(-1)!.recall) front.push(one);
  }
  return front;
}
