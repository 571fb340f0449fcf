import {
  checkK,
  checkNames,
  checkTargetRecall,
  type RunOptions,
  turn,
  VicinalError,
  wholeNumber,
} from "../../core/index.ts";
import type { Index, Key, SearchParams, VectorsInput } from "../contract.ts";
import { VectorIndex } from "../vectorIndex.ts";
import type { Candidate, Exploration } from "./candidate.ts";
import { type Explored, exploreForRecall, exploreForTime, type Field, frontOf } from "./explore.ts";
import { roundSizes, settingsOf, thinned } from "./settings.ts";
import { heldTrials, queryTrials, type Trials } from "./trials.ts";

export interface TuneOptions<K extends Key = Key> extends RunOptions {
  /** Share of the true neighbours to find, on average; above 0, at most 1. Default 0.95. */
  targetRecall?: number;
  /** Instead of a target: the highest recall within this mean time of a query, in milliseconds. */
  budgetMs?: number;
  /** Neighbours a query; default 10. */
  k?: number;
  /** Of the sample; default the index's. */
  seed?: number;
  /** Queries at most, drawn from those given or from the rows held; default 500. */
  sample?: number;
  /** Keys of the true neighbours of each query, nearest first; found by exact search when not given. */
  truth?: readonly (readonly K[])[];
  /** Whether the chosen setting becomes the index's default; default true. */
  apply?: boolean;
}

/** A setting and what was measured of it. */
export interface TunePoint {
  /** All search parameters. */
  readonly params: SearchParams;
  readonly recall: number;
  /** 95 % confidence interval of the recall. */
  readonly low: number;
  readonly high: number;
  /** Mean time of a query, one a call on this thread. */
  readonly ms: number;
  /** Queries that it was measured on. */
  readonly queries: number;
}

export interface TuneReport {
  /** Settings that none tried beats in both recall and time, by rising recall. */
  readonly points: readonly TunePoint[];
  readonly chosen: TunePoint;
  /** False when no setting reached the target or kept to the budget. */
  readonly reached: boolean;
  readonly k: number;
  /** Settings tried. */
  readonly settings: number;
}

/** Settings that are tried at most, beside those between two of them at the end. */
const MOST_SETTINGS = 160;

const OPTIONS = [
  "targetRecall",
  "budgetMs",
  "k",
  "seed",
  "sample",
  "truth",
  "apply",
  "signal",
  "onProgress",
] satisfies (keyof TuneOptions)[];

/**
 * Finds the search parameters of an index for a target recall, or for a time a query, and makes them its defaults.
 *
 * @param queries of the kind to come, shape q × d; without them, rows held are searched for, each hidden from its
 *   own search. An index that keeps no vectors is judged by its codes unless the truth is given.
 * @throws VicinalError EMPTY_INDEX, OPTION_RANGE, BAD_INPUT, BUSY; the abort's reason
 * @remarks The settings tried and their recalls depend on the seed alone; time decides between settings that pass
 *   when neither searches farther than the other in every parameter. With a budget, time decides throughout.
 */
export async function tune<K extends Key>(
  index: Index<K>,
  queries?: VectorsInput,
  options: TuneOptions<K> = {},
): Promise<TuneReport> {
  checkNames(options, OPTIONS);
  const { targetRecall, budgetMs, k = 10, seed = index.seed, sample = 500, truth, apply = true } = options;
  checkK(k);
  wholeNumber("sample", sample, 1, 1_000_000);
  wholeNumber("seed", seed, 0, Number.MAX_SAFE_INTEGER);
  if (!(index instanceof VectorIndex)) {
    throw new VicinalError("BAD_INPUT", { what: "index", got: typeof index, rule: "made by this library" });
  }
  if (truth !== undefined && queries === undefined) {
    throw new VicinalError("BAD_INPUT", { what: "truth", got: "without queries", rule: "given with them" });
  }
  const goal = checkGoal(targetRecall, budgetMs);
  const drawn = { sample, k, seed, signal: options.signal, onProgress: options.onProgress };
  const held: VectorIndex<K> = index;
  const trials =
    queries === undefined ? await heldTrials(held, drawn) : await queryTrials(held, queries, truth, drawn);
  return explore(held, trials, goal, apply, options);
}

/** What to look for; the target unless a budget is given. */
export type Goal = { readonly targetRecall: number } | { readonly budgetMs: number };

function checkGoal(targetRecall: number | undefined, budgetMs: number | undefined): Goal {
  if (budgetMs === undefined) return { targetRecall: checkTargetRecall(targetRecall ?? 0.95) };
  if (targetRecall !== undefined) {
    throw new VicinalError("BAD_INPUT", {
      what: "goal of tuning",
      got: "targetRecall and budgetMs",
      rule: "one of them",
    });
  }
  if (!(typeof budgetMs === "number" && budgetMs > 0)) {
    throw new VicinalError("OPTION_RANGE", { option: "budgetMs", got: budgetMs, rule: "a time above 0" });
  }
  return { budgetMs };
}

/** Explores an index's dials on these trials. @internal */
export async function explore<K extends Key>(
  index: VectorIndex<K>,
  trials: Trials,
  goal: Goal,
  apply: boolean,
  run: RunOptions,
): Promise<TuneReport> {
  const { k, count } = trials;
  const field: Field = { dials: thinned(index.dials(k), MOST_SETTINGS), sample: count, k };
  const exploration =
    "budgetMs" in goal ? exploreForTime(field, goal.budgetMs) : exploreForRecall(field, goal.targetRecall);
  const { tried, chosen, reached } = await take(exploration, trials, field, run);
  if (apply) index.configure(chosen.params);
  const point = (one: Candidate): TunePoint => ({
    params: { ...index.defaults, ...one.params },
    recall: one.recall,
    low: one.low,
    high: one.high,
    ms: one.ms,
    queries: one.queries,
  });
  const settings = tried.filter(({ queries }) => queries > 0).length;
  return { points: frontOf(tried).map(point), chosen: point(chosen), reached, k, settings };
}

/** Gives an exploration the measurements it asks for. */
async function take(
  exploration: Exploration<Explored>,
  trials: Trials,
  field: Field,
  { signal, onProgress }: RunOptions,
): Promise<Explored> {
  const expected = mostSearches(field);
  let searches = 0;
  let last = performance.now();
  let step = exploration.next();
  while (!step.done) {
    signal?.throwIfAborted();
    const { params, from, to } = step.value;
    const recalls: number[] = [];
    let ms = 0;
    for (let i = from; i < to; i++) {
      const start = performance.now();
      const recall = trials.search(i, params);
      const end = performance.now();
      ms += end - start;
      recalls.push(recall());
      searches++;
      if (end - last < 12) continue;
      signal?.throwIfAborted();
      onProgress?.({ phase: "tune", done: searches, total: Math.max(searches, expected) });
      await turn();
      trials.check();
      last = performance.now();
    }
    step = exploration.next({ recalls, ms });
  }
  onProgress?.({ phase: "tune", done: searches, total: searches });
  signal?.throwIfAborted();
  return step.value;
}

/** Searches when every round drops just half of the settings. */
function mostSearches({ dials, sample }: Field): number {
  let settings = settingsOf(dials).length;
  let before = 0;
  let searches = 0;
  for (const size of roundSizes(Math.min(32, sample), sample)) {
    searches += settings * (size - before);
    before = size;
    settings = Math.ceil(settings / 2);
  }
  return searches;
}
