import { type Matrix, type RunOptions, runAsync } from "../../core/index.ts";
import type { PropertyRatios } from "../../evaluate/index.ts";
import type { KeptParts } from "../keptParts.ts";
import { ARMS, type Arm, type Comparison, comparisons, type Outcome, verdict } from "./compare.ts";
import type { BookSet, Condition, Property, SetName } from "./data.ts";
import { DIMENSION, LAYERED, type LayeredArm, NEIGHBOURS, TRAINED, type TrainedArm } from "./layer.ts";
import { linkScores, ratiosOf, type Scores, scoresOf } from "./measure.ts";
import { smoothed } from "./nearest.ts";
import { packRows, unpackRows } from "./rows.ts";
import { holdOut, type Split } from "./split.ts";
import { type Trained, train } from "./train.ts";

/** What was found on the books of a set under one condition. */
export interface Findings {
  readonly set: SetName;
  readonly condition: Condition;
  readonly books: number;
  readonly links: number;
  readonly pairs: number;
  readonly held: number;
  readonly epochs: number;
  /** Learning rates tried on validation pairs of the first seed, with their AUC; none where the rate is given. */
  readonly tuning: readonly Tried[];
  readonly rates: Readonly<Record<TrainedArm, number>>;
  /** Of each arm, one for each seed. */
  readonly scores: Readonly<Record<Arm, readonly Scores[]>>;
  /** The table itself, without the layer that it was trained through. */
  readonly raw: Readonly<Record<LayeredArm, readonly Scores[]>>;
  /** Learned by E, one for each seed. */
  readonly temperatures: readonly number[];
  readonly comparisons: readonly Comparison[];
  readonly verdict: { readonly outcome: Outcome; readonly text: string };
  /** Ratios of the first seed with their null and interval. */
  readonly nulls: Readonly<Record<"A" | "E", Nulls>>;
}

interface Tried {
  readonly arm: TrainedArm;
  readonly rate: number;
  readonly auc: number;
}

type Nulls = Partial<Record<Property, PropertyRatios>>;

/** How much is done. */
export interface StudyPlan {
  readonly seeds: number;
  readonly epochs: number;
  /** Learning rates to choose from, and beyond where the best is at the edge; one for no choice. */
  readonly rates: readonly number[];
  readonly permutations: number;
  readonly bootstrap: number;
}

export interface StudyOptions extends StudyPlan, RunOptions {
  readonly seed: number;
  readonly kept: KeptParts<Part>;
}

/** Findings, and the rows of books of the first seed. */
export interface Studied {
  readonly findings: Findings;
  readonly rows: Readonly<Record<"A" | "E", Matrix<Float32Array>>>;
}

/** One finished piece of a study: a rate tried, an arm trained and measured on a seed, or the nulls of an arm. */
export type Part =
  | { readonly auc: number }
  | { readonly nulls: Nulls }
  | {
      readonly scores: Scores;
      readonly raw?: Scores;
      /** Of the rows smoothed afterwards: arm F. */
      readonly smoothed?: Scores;
      readonly temperature?: number;
      /** Of the first seed. */
      readonly rows?: string;
    };
type Measured = Extract<Part, { scores: Scores }>;

/** All arms on all seeds, each seed with its own split, start, order and negatives, which all arms share. */
export async function study(set: BookSet, options: StudyOptions): Promise<Studied> {
  const { seed, seeds, epochs, permutations, bootstrap } = options;
  const step = steps(set, options);
  const { tuning, rates } = await tune(set, options, step);
  const scores = emptyLists(ARMS);
  const raw = emptyLists(LAYERED);
  const temperatures: number[] = [];
  let held = 0;
  let first: Studied["rows"] | undefined;
  for (let s = seed; s < seed + seeds; s++) {
    const split = holdOut(set.pairs, set, s);
    held = split.held.length;
    const done = {} as Record<TrainedArm, Measured>;
    for (const arm of TRAINED) {
      done[arm] = await step(`seed ${s} ${arm}`, async (phase) => {
        const job = train(arm, set, split.train, { seed: s, epochs, learningRate: rates[arm], phase });
        return measured(arm, await runAsync(job, options), set, split, { seed: s, keep: s === seed });
      });
      scores[arm].push(done[arm].scores);
    }
    scores.F.push(done.A.smoothed!);
    for (const arm of LAYERED) raw[arm].push(done[arm].raw!);
    temperatures.push(done.E.temperature!);
    first ??= { A: unpackRows(done.A.rows!, DIMENSION), E: unpackRows(done.E.rows!, DIMENSION) };
  }
  const rows = first!;
  const judge = { permutations, bootstrap };
  const nulls = async (arm: "A" | "E"): Promise<Nulls> => {
    const work = async () => ({ nulls: ratiosOf(rows[arm], set, judge).properties });
    return (await step(`nulls ${arm}`, work)).nulls;
  };
  const against = comparisons(scores);
  const findings: Findings = {
    set: set.name,
    condition: set.condition,
    books: set.titles.length,
    links: set.links.length,
    pairs: set.pairs.length,
    ...{ held, epochs, tuning, rates, scores, raw, temperatures },
    comparisons: against,
    verdict: verdict(against),
    nulls: { A: await nulls("A"), E: await nulls("E") },
  };
  return { findings, rows };
}

type Step = <P extends Part>(name: string, work: (phase: string) => Promise<P>) => Promise<P>;

/** Does a piece of the study unless it is kept from an earlier run, and keeps it. */
function steps({ name, condition }: BookSet, options: StudyOptions): Step {
  const { kept, seed, seeds } = options;
  const label = `${name}, ${condition === "all" ? "all links" : "no labels"}`;
  return async <P extends Part>(step: string, work: (phase: string) => Promise<P>): Promise<P> => {
    const key = `${name} ${condition} ${step}`;
    const phase = `${label}, of seeds ${seed} to ${seed + seeds - 1}: ${step}`;
    const found = kept.get(key);
    if (found !== undefined) return found as P;
    options.signal?.throwIfAborted();
    const part = await work(phase);
    kept.put(key, part);
    return part;
  };
}

function measured(
  arm: TrainedArm,
  model: Trained,
  set: BookSet,
  split: Split,
  { seed, keep }: { seed: number; keep: boolean },
): Measured {
  const of = (books: Matrix<Float32Array>): Scores => scoresOf(books, model.links, set, split, seed);
  return {
    scores: of(model.books),
    ...(arm === "A" ? { smoothed: of(smoothed(model.books, NEIGHBOURS)) } : { raw: of(model.raw) }),
    ...(model.temperature === undefined ? {} : { temperature: model.temperature }),
    ...(keep && (arm === "A" || arm === "E") ? { rows: packRows(model.books) } : {}),
  };
}

function emptyLists<A extends string>(arms: readonly A[]): Record<A, Scores[]> {
  const lists = {} as Record<A, Scores[]>;
  for (const arm of arms) lists[arm] = [];
  return lists;
}

/** Rates beyond those given that are tried at most. */
const MOST_FURTHER_RATES = 3;

/**
 * The rate of each arm with the best AUC on pairs held out of what the first seed learns from; more are tried where the best
 * is at the edge.
 */
async function tune(
  set: BookSet,
  options: StudyOptions,
  step: Step,
): Promise<Pick<Findings, "tuning" | "rates">> {
  const { seed, epochs, rates: tried } = options;
  const rates = {} as Record<TrainedArm, number>;
  const tuning: Tried[] = [];
  if (tried.length === 1) {
    for (const arm of TRAINED) rates[arm] = tried[0]!;
    return { tuning, rates };
  }
  const tested = holdOut(set.pairs, set, seed);
  const split: Split = holdOut(tested.train, set, seed);
  for (const arm of TRAINED) {
    const aucs = new Map<number, number>();
    for (let rate: number | undefined = tried[0]; rate !== undefined; rate = nextRate(aucs, tried)) {
      const learningRate = rate;
      const { auc } = await step(`rate ${rate} ${arm}`, async (phase) => {
        const job = train(arm, set, split.train, { seed, epochs, learningRate, phase });
        const { books, links } = await runAsync(job, options);
        return { auc: linkScores(books, links, set, split, seed).auc };
      });
      tuning.push({ arm, rate, auc });
      aucs.set(rate, auc);
    }
    rates[arm] = bestOf(aucs);
  }
  return { tuning, rates };
}

const bestOf = (aucs: ReadonlyMap<number, number>): number =>
  [...aucs].reduce((best, one) => (one[1] > best[1] ? one : best))[0];

/** The next of those to be tried; then, while the best is the lowest or the highest, one a third or three times as high. */
function nextRate(aucs: ReadonlyMap<number, number>, tried: readonly number[]): number | undefined {
  const left = tried.find((rate) => !aucs.has(rate));
  if (left !== undefined || aucs.size === tried.length + MOST_FURTHER_RATES) return left;
  const best = bestOf(aucs);
  const rates = [...aucs.keys()];
  if (best === Math.min(...rates)) return Number((best / 3).toPrecision(1));
  return best === Math.max(...rates) ? Number((best * 3).toPrecision(1)) : undefined;
}
