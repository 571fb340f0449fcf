import { createRng, isVicinalError, type Matrix, row } from "../../core/index.ts";
import { create, type Index } from "../../indexes/index.ts";
import { beginLab } from "../begin.ts";
import { machine, machineLine, workThreads } from "../machine.ts";
import { bytes, count, seconds, share, times } from "../numbers.ts";
import type { LabFacts, LabOptions, LabResult, ResolvedLabOptions } from "../options.ts";
import { heading } from "../print.ts";
import { wordsPage } from "../report/words.ts";
import { writeReport } from "../report/write.ts";
import { type Cold, coldPossible, coldStart } from "./cold.ts";
import { type Exhaustive, exhaustive } from "./exhaustive.ts";
import { type Knob, turnKnob } from "./knob.ts";
import { loadVocabulary, sumOf, type Vocabulary, vectorBlocks, vectorsOf, WordTable } from "./vocabulary.ts";

/** The words nearest to a word or to a sum of words, the words themselves left out. */
export interface Similar {
  readonly query: string;
  readonly exact: readonly { readonly word: string; readonly similarity: number }[];
  /** What each approximate index answers, as it is tuned by default. */
  readonly approximate: readonly {
    readonly index: string;
    readonly words: readonly string[];
    readonly overlap: number;
  }[];
}

/** What was found on one set of words. */
export interface WordSet {
  readonly name: string;
  readonly title: string;
  readonly words: number;
  readonly dimension: number;
  readonly similar: readonly Similar[];
  readonly knobs: readonly Knob[];
  readonly cold: readonly Cold[];
  readonly builds: readonly { readonly index: string; readonly seconds: number; readonly bytes: number }[];
}

export interface WordsLabResults extends LabFacts {
  readonly lab: "words";
  readonly sets: readonly WordSet[];
}

const SETS = [
  ["word2vec", "Google News words (word2vec)"],
  ["glove", "Twitter words (GloVe)"],
] as const;

const SHOWN = ["king", "river", "music", "Monday", "chinese river", "french president", "german car"];
const K = 10;

/**
 * Most similar words and sums of words: exhaustively, by a random-projection forest and by a graph; how much they agree,
 * how much faster they are, and the whole time of a cold process.
 *
 * @throws VicinalError DATASET_MISSING when no words are at hand, OPTION_RANGE for a query of unknown words, FILE
 */
export async function runWordsLab(given: LabOptions = {}): Promise<LabResult<WordsLabResults>> {
  const options = await beginLab(given);
  const { seed, quick, log } = options;
  const here = machine();
  log(machineLine(here));
  const sets: WordSet[] = [];
  let missing: unknown;
  for (const [name, title] of SETS) {
    try {
      const vocabulary = await loadVocabulary(name, title, {
        ...plain(options),
        limit: quick ? 3000 : undefined,
      });
      sets.push(await studyWords(vocabulary, options));
    } catch (error) {
      if (!isVicinalError(error, "DATASET_MISSING")) throw error;
      missing = error;
      log(`${title}: not at hand; ${error.params.fix}.`);
    }
  }
  if (sets.length === 0) throw missing;
  const results: WordsLabResults = { lab: "words", machine: here, seed, quick, sets };
  return writeReport(options.out, wordsPage(results), results);
}

const plain = ({ dataDir, signal, onProgress }: ResolvedLabOptions) => ({ dataDir, signal, onProgress });

/** The study of one set of words. @internal */
export async function studyWords(vocabulary: Vocabulary, options: ResolvedLabOptions): Promise<WordSet> {
  const { log, signal } = options;
  const { words, dimension, title, name } = vocabulary;
  heading(log, `${title}: ${count(words.length)} × ${dimension}`);
  const asked = await queriesFor(vocabulary, options);
  const truth = await exhaustive(vocabulary, asked.vectors, K + 4, options);
  const sums = await randomSums(vocabulary, options);
  const truthOfSums = await exhaustive(vocabulary, sums, K, options);

  const similar = asked.texts.map(
    (query, q): Similar => ({ query, exact: others(words, asked.rows[q]!, truth, q), approximate: [] }),
  );
  const knobs: Knob[] = [];
  const cold: Cold[] = [];
  const builds: { index: string; seconds: number; bytes: number }[] = [];
  const approximate = similar.map((): Similar["approximate"][number][] => []);
  for (const spec of contestants(vocabulary)) {
    const start = performance.now();
    const index = await buildWords(spec, vocabulary, options);
    try {
      builds.push({
        index: spec,
        seconds: (performance.now() - start) / 1000,
        bytes: index.stats().memory.total,
      });
      for (const [q, own] of asked.rows.entries()) {
        if (index.exact) continue;
        const found = index.search(row(asked.vectors, q), { k: K + own.length }).keys();
        const near = found.filter((key) => !own.includes(key)).slice(0, K);
        const want = similar[q]!.exact.map(({ word }) => word);
        const got = near.map((key) => words[key]!);
        approximate[q]!.push({ index: spec, words: got, overlap: overlapOf(got, want) });
      }
      knobs.push(await turnKnob(index, sums, truthOfSums.rows, K, options));
      if (coldPossible()) cold.push(await coldStart(index, firstRow(sums), signal));
    } finally {
      index.close();
    }
  }
  const done = similar.map((one, q) => ({ ...one, approximate: approximate[q]! }));
  print(done, knobs, cold, builds, options);
  return { name, title, words: words.length, dimension, similar: done, knobs, cold, builds };
}

/** Exhaustive search beside two approximate ones; over codes alone where vectors are not held. */
function contestants({ vectors }: Vocabulary): string[] {
  return vectors === undefined ? ["HNSW16,SQ7"] : ["Flat", "RPForest50", "HNSW16,SQ7,Refine"];
}

async function buildWords(
  spec: string,
  vocabulary: Vocabulary,
  { seed, signal, onProgress }: ResolvedLabOptions,
): Promise<Index<number>> {
  const index = create<number>(spec, { dimension: vocabulary.dimension, metric: "cosine", seed });
  const run = { threads: workThreads(), signal, onProgress };
  try {
    // A stream is added block by block: an index over codes never holds more vectors than one block has.
    if (vocabulary.vectors === undefined) await index.addAsync(vectorBlocks(vocabulary, signal), run);
    else await index.addAsync(vocabulary.vectors, run);
    return index;
  } catch (error) {
    index.close();
    throw error;
  }
}

interface Asked {
  readonly texts: readonly string[];
  /** Rows of the words of each query. */
  readonly rows: readonly (readonly number[])[];
  readonly vectors: Matrix<Float32Array>;
}

/** The queries of the caller and those that are always shown, as far as their words are known. */
async function queriesFor(
  vocabulary: Vocabulary,
  { queries, signal, log }: ResolvedLabOptions,
): Promise<Asked> {
  const table = new WordTable(vocabulary.words);
  const texts: string[] = [];
  const rows: number[][] = [];
  for (const text of [...queries, ...SHOWN]) {
    const found = table.findAll(text);
    if (found === undefined) {
      if (queries.includes(text)) log(`  "${text}" has words that are not in this set.`);
      continue;
    }
    if (texts.includes(text)) continue;
    texts.push(text);
    rows.push(found);
  }
  const needed = [...new Set(rows.flat())];
  const vectors = new Map(
    (await vectorsOf(vocabulary, needed, signal)).map((vector, i) => [needed[i]!, vector]),
  );
  const sums = rows.map((list) => sumOf(list.map((r) => vectors.get(r)!)));
  return { texts, rows, vectors: stacked(sums, vocabulary.dimension) };
}

/** Sums of two words drawn at random: queries of the kind asked, none of them a row. */
async function randomSums(
  vocabulary: Vocabulary,
  { seed, quick, signal }: ResolvedLabOptions,
): Promise<Matrix<Float32Array>> {
  const rng = createRng(seed, "word sums");
  const n = quick ? 50 : 300;
  const pairs = Array.from({ length: n }, () => [draw(), draw()] as const);
  function draw(): number {
    return Math.floor(rng.next() * vocabulary.words.length);
  }
  const needed = [...new Set(pairs.flat())];
  const vectors = new Map(
    (await vectorsOf(vocabulary, needed, signal)).map((vector, i) => [needed[i]!, vector]),
  );
  const sums = pairs.map(([a, b]) => sumOf([vectors.get(a)!, vectors.get(b)!]));
  return stacked(sums, vocabulary.dimension);
}

function stacked(rows: readonly Float32Array[], cols: number): Matrix<Float32Array> {
  const data = new Float32Array(rows.length * cols);
  for (const [i, vector] of rows.entries()) data.set(vector, i * cols);
  return { data, rows: rows.length, cols, stride: cols };
}

const firstRow = (m: Matrix<Float32Array>): Matrix<Float32Array> => ({
  ...m,
  data: m.data.slice(0, m.cols),
  rows: 1,
});

/** The exact neighbours of query q without the words it is made of. */
function others(
  words: readonly string[],
  own: readonly number[],
  truth: Exhaustive,
  q: number,
): Similar["exact"] {
  return truth.rows[q]!.map((r, i) => ({ row: r, word: words[r]!, similarity: 1 - truth.distances[q]![i]! }))
    .filter(({ row }) => !own.includes(row))
    .slice(0, K)
    .map(({ word, similarity }) => ({ word, similarity }));
}

function overlapOf(got: readonly string[], want: readonly string[]): number {
  return want.length === 0 ? 1 : got.filter((word) => want.includes(word)).length / want.length;
}

function print(
  similar: readonly Similar[],
  knobs: readonly Knob[],
  cold: readonly Cold[],
  builds: WordSet["builds"],
  { log }: ResolvedLabOptions,
): void {
  for (const { query, exact } of similar) {
    log(
      `  ${query.padEnd(18)} ${exact
        .slice(0, 6)
        .map(({ word }) => word)
        .join(", ")}`,
    );
  }
  for (const { index, points, dial } of knobs) {
    const built = builds.find((build) => build.index === index)!;
    log(`  ${index}: built in ${seconds(built.seconds)}, ${bytes(built.bytes)}`);
    for (const { value, overlap, qps, faster } of points) {
      const at = dial === undefined ? "exhaustive" : `${dial}=${value}`;
      log(`    ${at.padEnd(16)} overlap ${share(overlap, 3)}  ${count(qps)} a second (${times(faster)})`);
    }
  }
  for (const { index, seconds: took, fileBytes } of cold) {
    log(
      `  From a cold start to the answer, ${index} opened from disk: ${seconds(took)} (file ${bytes(fileBytes)})`,
    );
  }
}
