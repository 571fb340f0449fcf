import { type Matrix, type RunOptions, runAsync } from "../../core/index.ts";
import type { PropertyRatios } from "../../evaluate/index.ts";
import { ARMS, type Arm, type Comparison, comparisons, type Outcome, verdict } from "./compare.ts";
import type { BookSet, Condition, Property } from "./data.ts";
import { NEIGHBOURS, TRAINED, type TrainedArm } from "./layer.ts";
import { linkScores, ratiosOf, type Scores, scoresOf } from "./measure.ts";
import { smoothed } from "./nearest.ts";
import { holdOut, type Split } from "./split.ts";
import { type Trained, train } from "./train.ts";

/** What was found on the books under one condition. */
export interface Findings {
  readonly condition: Condition;
  readonly books: number;
  readonly links: number;
  readonly pairs: number;
  readonly held: number;
  readonly epochs: number;
  /** Learning rates tried on validation pairs of the first seed, with their AUC; none where the rate is given. */
  readonly tuning: readonly { readonly arm: TrainedArm; readonly rate: number; readonly auc: number }[];
  readonly rates: Readonly<Record<TrainedArm, number>>;
  /** Of each arm, one for each seed. */
  readonly scores: Readonly<Record<Arm, readonly Scores[]>>;
  /** The table itself, without the layer that it was trained through. */
  readonly raw: Readonly<Record<"D" | "E", readonly Scores[]>>;
  readonly comparisons: readonly Comparison[];
  readonly verdict: { readonly outcome: Outcome; readonly text: string };
  /** Ratios of the first seed with their null and interval. */
  readonly nulls: Readonly<Record<"A" | "E", Partial<Record<Property, PropertyRatios>>>>;
}

export interface StudyOptions extends RunOptions {
  readonly seed: number;
  readonly seeds: number;
  readonly epochs: number;
  /** Learning rates to choose from, one for no choice. */
  readonly rates: readonly number[];
  readonly permutations: number;
  readonly bootstrap: number;
}

/** Findings, and the rows of books of the first seed. */
export interface Studied {
  readonly findings: Findings;
  readonly rows: Readonly<Record<Arm, Matrix<Float32Array>>>;
}

/** All arms on all seeds, each seed with its own split, start, order and negatives, which all arms share. */
export async function study(condition: Condition, set: BookSet, options: StudyOptions): Promise<Studied> {
  const { seed, seeds, epochs, permutations, bootstrap } = options;
  const { tuning, rates } = await tune(set, options);
  const scores = emptyLists(ARMS);
  const raw = emptyLists(["D", "E"] as const);
  let rows: Studied["rows"] | undefined;
  let held = 0;
  for (let s = seed; s < seed + seeds; s++) {
    const split = holdOut(set.pairs, set, s);
    held = split.held.length;
    const models = {} as Record<TrainedArm, Trained>;
    for (const arm of TRAINED) {
      const job = train(arm, set, split.train, { seed: s, epochs, learningRate: rates[arm] });
      models[arm] = await runAsync(job, options);
      scores[arm].push(scoresOf(models[arm].books, models[arm].links, set, split, s));
    }
    for (const arm of ["D", "E"] as const) {
      raw[arm].push(scoresOf(models[arm].raw, models[arm].links, set, split, s));
    }
    const smooth = smoothed(models.A.books, NEIGHBOURS);
    scores.F.push(scoresOf(smooth, models.A.links, set, split, s));
    const { A, B, C, D, E } = models;
    rows ??= { A: A.books, B: B.books, C: C.books, D: D.books, E: E.books, F: smooth };
  }
  const judge = { permutations, bootstrap };
  const against = comparisons(scores);
  const findings: Findings = {
    condition,
    books: set.titles.length,
    links: set.links.length,
    pairs: set.pairs.length,
    held,
    epochs,
    tuning,
    rates,
    scores,
    raw,
    comparisons: against,
    verdict: verdict(against),
    nulls: {
      A: ratiosOf(rows!.A, set, judge).properties,
      E: ratiosOf(rows!.E, set, judge).properties,
    },
  };
  return { findings, rows: rows! };
}

function emptyLists<A extends string>(arms: readonly A[]): Record<A, Scores[]> {
  const lists = {} as Record<A, Scores[]>;
  for (const arm of arms) lists[arm] = [];
  return lists;
}

/** The rate of each arm with the best AUC on pairs held out of what the first seed learns from. */
async function tune(set: BookSet, options: StudyOptions): Promise<Pick<Findings, "tuning" | "rates">> {
  const { seed, epochs, rates: tried } = options;
  const rates = {} as Record<TrainedArm, number>;
  const tuning: { arm: TrainedArm; rate: number; auc: number }[] = [];
  if (tried.length === 1) {
    for (const arm of TRAINED) rates[arm] = tried[0]!;
    return { tuning, rates };
  }
  const tested = holdOut(set.pairs, set, seed);
  const split: Split = holdOut(tested.train, set, seed);
  for (const arm of TRAINED) {
    let best = Number.NEGATIVE_INFINITY;
    for (const rate of tried) {
      const job = train(arm, set, split.train, { seed, epochs, learningRate: rate });
      const { books, links } = await runAsync(job, options);
      const { auc } = linkScores(books, links, set, split, seed);
      tuning.push({ arm, rate, auc });
      if (auc > best) [best, rates[arm]] = [auc, rate];
    }
  }
  return { tuning, rates };
}
