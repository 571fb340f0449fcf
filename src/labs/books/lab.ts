import { join } from "node:path";
import { beginLab } from "../begin.ts";
import { keptParts } from "../keptParts.ts";
import { machine, machineLine } from "../machine.ts";
import { count } from "../numbers.ts";
import type { LabFacts, LabOptions, LabResult } from "../options.ts";
import { meanAndDeviation } from "../paired.ts";
import { heading, printTable } from "../print.ts";
import { booksPage } from "../report/books.ts";
import { writeReport } from "../report/write.ts";
import { answersFor, type SetAnswer } from "./answers.ts";
import { ARM_NAMES, ARMS } from "./compare.ts";
import type { SetName } from "./data.ts";
import { loadBookSets } from "./sets.ts";
import { bookMap } from "./shelves.ts";
import { type Findings, type Part, type Studied, study } from "./study.ts";

export interface BooksLabResults extends LabFacts {
  readonly lab: "books";
  /** Of this run, without what was kept of one that was stopped. */
  readonly seconds: number;
  /** Of each set and condition. */
  readonly findings: readonly Findings[];
  readonly answers: readonly SetAnswer[];
}

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
  const sizes = loaded.flatMap(({ studies }) =>
    studies.map(({ set, plan }) => [plan, set.titles.length, set.links.length, set.pairs.length]),
  );
  const kept = keptParts<Part>(join(out, "books.run"), JSON.stringify([seed, sizes]));
  const findings: Findings[] = [];
  const shown: Studied[] = [];
  for (const { studies } of loaded) {
    for (const [i, { set, plan }] of studies.entries()) {
      const studied = await study(set, { ...plan, seed, kept, signal, onProgress });
      if (i === 0) shown.push(studied);
      print(studied.findings, log);
      findings.push(studied.findings);
    }
  }
  const answers = await answersFor(loaded, shown, options);
  const maps = [];
  for (const [i, { rows }] of shown.entries()) {
    const { set } = loaded[i]!.studies[0]!;
    for (const arm of ["A", "E"] as const) maps.push(await bookMap(arm, rows[arm], set, options));
  }
  const seconds = (performance.now() - start) / 1000;
  const results: BooksLabResults = { lab: "books", machine: here, seed, quick, seconds, findings, answers };
  const done = await writeReport(out, booksPage(results, maps), results);
  kept.remove();
  return done;
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
export function spread(values: readonly number[], digits = 3): string {
  const { mean, deviation } = meanAndDeviation(values);
  const text = mean.toFixed(digits);
  return values.length === 1 ? text : `${text} ± ${deviation.toFixed(digits)}`;
}
