import type { Matrix } from "../../core/index.ts";
import type { ResolvedLabOptions } from "../options.ts";
import { heading } from "../print.ts";
import { ARM_NAMES } from "./compare.ts";
import type { SetName } from "./data.ts";
import type { Studyable } from "./sets.ts";
import { loadShelf } from "./shelf.ts";
import { type Answer, answer, booksNamed, exampleTitles } from "./shelves.ts";
import type { Studied } from "./study.ts";

/** Books of a set near one of its books. */
export interface SetAnswer extends Answer {
  readonly set: SetName;
}

/** Rows in which books are looked for. */
interface Searched {
  readonly set: SetName;
  readonly titles: readonly string[];
  readonly models: Readonly<Record<"A" | "E", Matrix<Float32Array>>>;
}

const EXAMPLES = 5;

/**
 * Books near those asked for, or near one of each of a few large genres. Those asked for are looked for among all books of
 * Wikipedia, on the shelf; else rows are those of the study's first seed.
 */
export async function answersFor(
  loaded: readonly Studyable[],
  shown: readonly Studied[],
  options: ResolvedLabOptions,
): Promise<SetAnswer[]> {
  const { queries, log } = options;
  const answers: SetAnswer[] = [];
  const found = new Set<string>();
  for (const [i, { studies }] of loaded.entries()) {
    const { set } = studies[0]!;
    const asked = queries.length > 0 ? queries : exampleTitles(set, EXAMPLES);
    const studied = { set: set.name, titles: set.titles, models: shown[i]!.rows };
    const searched = queries.length > 0 && set.name === "wikipedia" ? await shelved(options) : studied;
    for (const title of asked) {
      const [book] = booksNamed(searched.titles, title);
      if (book === undefined) continue;
      found.add(title);
      answers.push({ set: set.name, ...answer(book, searched.titles, searched.models) });
    }
  }
  for (const one of answers) print(one, log);
  for (const asked of queries) {
    if (found.has(asked)) continue;
    const other = loaded.flatMap(({ titles }) => booksNamed(titles, asked).map((at) => titles[at]!))[0];
    const lonely = `"${other}" has too few links or readers among these books.`;
    log(other === undefined ? `No book here is called "${asked}".` : lonely);
  }
  return answers;
}

async function shelved({
  dataDir,
  cacheDir,
  seed,
  signal,
  onProgress,
}: ResolvedLabOptions): Promise<Searched> {
  const run = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
  const folders = { ...(dataDir && { data: dataDir }), ...(cacheDir && { cacheDir }) };
  const { titles, plain, neighbours } = await loadShelf({ ...folders, seed, ...run });
  return { set: "wikipedia", titles, models: { A: plain, E: neighbours } };
}

function print({ title, nearest }: Answer, log: (line: string) => void): void {
  heading(log, title);
  for (const [arm, near] of Object.entries(nearest)) {
    const list = near.map((one) => `${one.title} ${one.cosine.toFixed(2)}`).join(", ");
    log(`  ${ARM_NAMES[arm as "A" | "E"]}: ${list}`);
  }
}
