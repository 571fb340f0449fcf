import { chosenSets, type ResolvedLabOptions } from "../options.ts";
import { isMissing } from "../textFiles.ts";
import { type BookSet, bookSet, type Condition, loadArticles, SET_NAMES, type SetName } from "./data.ts";
import { loadReading, readSet } from "./goodbooks.ts";
import { sampleOf } from "./shelves.ts";
import type { StudyPlan } from "./study.ts";

/** A set under each condition, and how it is studied. */
export interface Studyable {
  readonly studies: readonly { readonly set: BookSet; readonly plan: StudyPlan }[];
  /** Of all books, those that are too little linked among them. */
  readonly titles: readonly string[];
}

const RATES = [0.003, 0.01, 0.03, 0.1];
const JUDGED = { permutations: 1000, bootstrap: 1000 };
const FULL: Readonly<Record<SetName, StudyPlan>> = {
  wikipedia: { seeds: 10, epochs: 60, rates: RATES, ...JUDGED },
  // The rate that nearly every arm chooses on Wikipedia: trying others here would take as long as the study.
  goodbooks: { seeds: 5, epochs: 12, rates: [0.01], ...JUDGED },
};
/** Without links that name a label, where conclusions are only checked. */
const CHECKING_SEEDS = 5;
/** Readers drawn in a full run. */
export const READERS = 500;

/** A quick run takes samples, one seed and a learning rate that was good before. */
const QUICK: Readonly<Record<SetName, StudyPlan>> = {
  wikipedia: { seeds: 1, epochs: 8, rates: [0.03], permutations: 100, bootstrap: 100 },
  goodbooks: { seeds: 1, epochs: 6, rates: [0.03], permutations: 100, bootstrap: 100 },
};
const QUICK_BOOKS = 400;
const QUICK_READERS = 60;
const CONDITIONS: readonly Condition[] = ["all", "unlabelled"];

/**
 * The sets at hand, or the one that is asked for.
 *
 * @throws VicinalError DATASET_MISSING when there is none, FORMAT, OPTION_RANGE
 */
export async function loadBookSets(options: ResolvedLabOptions): Promise<Studyable[]> {
  const found: Studyable[] = [];
  let missing: unknown;
  for (const name of chosenSets(SET_NAMES, options.set)) {
    try {
      found.push(await (name === "wikipedia" ? wikipedia : goodbooks)(options));
    } catch (error) {
      if (!isMissing(error)) throw error;
      missing ??= error;
      options.log(`${name} is not at hand and left out.`);
    }
  }
  if (found.length === 0) throw missing;
  return found;
}

async function wikipedia({ dataDir, quick, seed }: ResolvedLabOptions): Promise<Studyable> {
  const loaded = await loadArticles(dataDir);
  const articles = quick ? sampleOf(loaded, QUICK_BOOKS, seed) : loaded;
  return {
    studies: CONDITIONS.map((condition) => {
      const plan = (quick ? QUICK : FULL).wikipedia;
      const seeds = condition === "all" ? plan.seeds : Math.min(plan.seeds, CHECKING_SEEDS);
      return { set: bookSet(articles, condition), plan: { ...plan, seeds } };
    }),
    titles: loaded.map(({ title }) => title),
  };
}

/** Readers are no labels in disguise: there is one condition. */
async function goodbooks({ dataDir, quick, seed }: ResolvedLabOptions): Promise<Studyable> {
  const reading = await loadReading(dataDir);
  const set = readSet(reading, { readers: quick ? QUICK_READERS : READERS, seed });
  return {
    studies: [{ set, plan: (quick ? QUICK : FULL).goodbooks }],
    titles: reading.books.map(({ title }) => title),
  };
}
