import { join } from "node:path";
import { beginLab } from "../begin.ts";
import { keptParts } from "../keptParts.ts";
import { machine, machineLine } from "../machine.ts";
import { count } from "../numbers.ts";
import type { LabFacts, LabOptions, LabResult, ResolvedLabOptions } from "../options.ts";
import { meanAndDeviation } from "../paired.ts";
import { heading, printTable } from "../print.ts";
import { booksPage } from "../report/books.ts";
import { writeReport } from "../report/write.ts";
import { ARM_NAMES, ARMS } from "./compare.ts";
import type { SetName } from "./data.ts";
import { loadBookSets, type Studyable } from "./sets.ts";
import { type Answer, answer, bookMap, booksNamed, exampleTitles } from "./shelves.ts";
import { type Findings, type Part, type Studied, study } from "./study.ts";

export interface BooksLabResults extends LabFacts {
  readonly lab: "books";
  readonly seconds: number;
  /** Of each set and condition. */
  readonly findings: readonly Findings[];
  readonly answers: readonly (Answer & { readonly set: SetName })[];
}

const EXAMPLES = 5;

export const SET_TITLES: Readonly<Record<SetName, string>> = {
  wikipedia: "Wikipedia",
  goodbooks: "goodbooks-10k",
};

/** "Wikipedia, all links". */
export function studyTitle({ set, condition }: Pick<Findings, "set" | "condition">): string {
  if (set === "goodbooks") return `${SET_TITLES[set]}, by readers`;
  return `${SET_TITLES[set]}, ${condition === "all" ? "all links" : "without links that name a label"}`;
}

/**
 * Books by the pages that theirs links to, and by their readers, with and without neighbours between the table and the
 * cosine: does training through relaxed neighbours bring books alike nearer, and at what price? A run that was stopped goes
 * on from the arms and seeds that it had finished.
 *
 * @throws VicinalError DATASET_MISSING, FORMAT, FILE, OPTION_RANGE, OPTION_UNKNOWN
 */
export async function runBooksLab(given: LabOptions = {}): Promise<LabResult<BooksLabResults>> {
  const start = performance.now();
  const options = await beginLab(given);
  const { seed, quick, out, log, signal, onProgress } = options;
  const loaded = await loadBookSets(options);
  const here = machine();
  log(machineLine(here));
  const sizes = ({ sets, plan }: Studyable): unknown => [
    plan,
    sets.map(({ titles, links, pairs }) => [titles.length, links.length, pairs.length]),
  ];
  const kept = keptParts<Part>(join(out, "books.run"), JSON.stringify([seed, loaded.map(sizes)]));
  const findings: Findings[] = [];
  const shown: Studied[] = [];
  for (const { sets, plan } of loaded) {
    for (const [i, set] of sets.entries()) {
      const studied = await study(set, { ...plan, seed, kept, signal, onProgress });
      if (i === 0) shown.push(studied);
      print(studied.findings, log);
      findings.push(studied.findings);
    }
  }
  const answers = answersFor(loaded, shown, options);
  const maps = [];
  for (const [i, { rows }] of shown.entries()) {
    const [set] = loaded[i]!.sets;
    for (const arm of ["A", "E"] as const) maps.push(await bookMap(arm, rows[arm], set!, options));
  }
  const seconds = (performance.now() - start) / 1000;
  const results: BooksLabResults = { lab: "books", machine: here, seed, quick, seconds, findings, answers };
  const done = await writeReport(out, booksPage(results, maps), results);
  kept.remove();
  return done;
}

/** Books near those asked for, or near one of each of a few large genres. */
function answersFor(
  loaded: readonly Studyable[],
  shown: readonly Studied[],
  { queries, log }: ResolvedLabOptions,
): BooksLabResults["answers"] {
  const answers: (Answer & { set: SetName })[] = [];
  for (const [i, { sets }] of loaded.entries()) {
    const set = sets[0]!;
    const { A, E } = shown[i]!.rows;
    const asked = queries.length > 0 ? queries : exampleTitles(set, EXAMPLES);
    for (const title of asked) {
      const [book] = booksNamed(set.titles, title);
      if (book !== undefined) answers.push({ set: set.name, ...answer(book, set, { A, E }) });
    }
  }
  for (const one of answers) {
    heading(log, one.title);
    for (const [arm, near] of Object.entries(one.nearest)) {
      const list = near.map(({ title, cosine }) => `${title} ${cosine.toFixed(2)}`).join(", ");
      log(`  ${ARM_NAMES[arm as "A" | "E"]}: ${list}`);
    }
  }
  for (const asked of queries) {
    if (loaded.some(({ sets }) => booksNamed(sets[0]!.titles, asked).length > 0)) continue;
    const other = loaded.flatMap(({ titles }) => booksNamed(titles, asked).map((at) => titles[at]!))[0];
    const lonely = `"${other}" has no link that enough of the books have.`;
    log(other === undefined ? `No book here is called "${asked}".` : lonely);
  }
  return answers;
}

function print(found: Findings, log: (line: string) => void): void {
  const { books, links, pairs, held, scores } = found;
  const linked = found.set === "wikipedia" ? "links" : "readers";
  heading(
    log,
    `${studyTitle(found)}: ${count(books)} books, ${count(links)} ${linked}, ${count(pairs)} pairs, ${count(held)} of them held out`,
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
