import { beginLab } from "../begin.ts";
import { machine, machineLine } from "../machine.ts";
import { count } from "../numbers.ts";
import type { LabFacts, LabOptions, LabResult, ResolvedLabOptions } from "../options.ts";
import { meanAndDeviation } from "../paired.ts";
import { heading, printTable } from "../print.ts";
import { booksPage } from "../report/books.ts";
import { writeReport } from "../report/write.ts";
import { ARM_NAMES, ARMS } from "./compare.ts";
import { type BookSet, bookSet, type Condition, loadArticles } from "./data.ts";
import { type Answer, answer, bookMap, booksNamed, exampleTitles, sampleOf } from "./shelves.ts";
import { type Findings, type Studied, type StudyOptions, study } from "./study.ts";

export interface BooksLabResults extends LabFacts {
  readonly lab: "books";
  readonly seeds: number;
  readonly seconds: number;
  readonly conditions: readonly Findings[];
  readonly answers: readonly Answer[];
}

/** A quick run takes a sample, one seed and a learning rate that was good before. */
const FULL = { seeds: 5, epochs: 15, rates: [0.003, 0.01, 0.03], permutations: 1000, bootstrap: 1000 };
const QUICK = { seeds: 1, epochs: 8, rates: [0.03], permutations: 100, bootstrap: 100 };
const QUICK_BOOKS = 400;
const CONDITIONS: readonly Condition[] = ["all", "unlabelled"];
const EXAMPLES = 5;

export const CONDITION_NAMES: Readonly<Record<Condition, string>> = {
  all: "all links",
  unlabelled: "without links that name a label",
};

/**
 * Books of Wikipedia by the pages that they link to, with and without neighbours between the table and the cosine: does
 * training through relaxed neighbours bring books alike nearer, and at what price?
 *
 * @throws VicinalError DATASET_MISSING, FORMAT, FILE, OPTION_RANGE, OPTION_UNKNOWN
 */
export async function runBooksLab(given: LabOptions = {}): Promise<LabResult<BooksLabResults>> {
  const start = performance.now();
  const options = await beginLab(given);
  const { seed, quick, log, signal } = options;
  const loaded = await loadArticles(options.dataDir);
  const articles = quick ? sampleOf(loaded, QUICK_BOOKS, seed, options.queries) : loaded;
  const here = machine();
  log(machineLine(here));
  const settings: StudyOptions = { ...(quick ? QUICK : FULL), seed, signal, onProgress: options.onProgress };
  const found: Findings[] = [];
  let shown: { set: BookSet; studied: Studied } | undefined;
  for (const condition of CONDITIONS) {
    const set = bookSet(articles, condition);
    const studied = await study(condition, set, settings);
    shown ??= { set, studied };
    print(studied.findings, log);
    found.push(studied.findings);
  }
  const { set, studied } = shown!;
  const titles = loaded.map(({ title }) => title);
  const answers = answersFor(set, studied, titles, options);
  const maps = [
    await bookMap("A", studied.rows.A, set, options),
    await bookMap("E", studied.rows.E, set, options),
  ];
  const results: BooksLabResults = {
    lab: "books",
    machine: here,
    seed,
    seeds: settings.seeds,
    quick,
    seconds: (performance.now() - start) / 1000,
    conditions: found,
    answers,
  };
  return writeReport(options.out, booksPage(results, maps), results);
}

/** Books near those asked for, or near a few of the largest genres. */
function answersFor(
  set: BookSet,
  { rows }: Studied,
  titles: readonly string[],
  { queries, log }: ResolvedLabOptions,
): Answer[] {
  const models = { A: rows.A, E: rows.E };
  const answers: Answer[] = [];
  for (const asked of queries.length > 0 ? queries : exampleTitles(set, EXAMPLES)) {
    const [book] = booksNamed(set.titles, asked);
    if (book === undefined) {
      const [other] = booksNamed(titles, asked);
      const lonely = `"${titles[other!]}" has no link that enough of the books have.`;
      log(other === undefined ? `No book here is called "${asked}".` : lonely);
      continue;
    }
    const one = answer(book, set, models);
    heading(log, one.title);
    for (const [arm, near] of Object.entries(one.nearest)) {
      const list = near.map(({ title, cosine }) => `${title} ${cosine.toFixed(2)}`).join(", ");
      log(`  ${ARM_NAMES[arm as "A" | "E"]}: ${list}`);
    }
    answers.push(one);
  }
  return answers;
}

function print(found: Findings, log: (line: string) => void): void {
  const { condition, books, links, pairs, held, scores } = found;
  heading(
    log,
    `${count(books)} books, ${CONDITION_NAMES[condition]}: ${count(links)} links, ${count(pairs)} pairs, ${count(held)} of them held out`,
  );
  const right = "right" as const;
  const columns = [
    { title: "" },
    { title: "cluster ratio", align: right },
    { title: "AUC", align: right },
    { title: "hit rate@10", align: right },
    { title: "5-NN accuracy", align: right },
  ];
  const cells = ARMS.map((arm) => [
    `${arm} ${ARM_NAMES[arm]}`,
    ...(["ratio", "auc", "hitRate", "accuracy"] as const).map((measure) =>
      spread(scores[arm].map((one) => one[measure])),
    ),
  ]);
  printTable(log, columns, cells);
  log(`  ${found.verdict.text}`);
}

/** "0.723 ± 0.004" over seeds, or one number. */
export function spread(values: readonly number[]): string {
  const { mean, deviation } = meanAndDeviation(values);
  return values.length === 1 ? mean.toFixed(3) : `${mean.toFixed(3)} ± ${deviation.toFixed(3)}`;
}
