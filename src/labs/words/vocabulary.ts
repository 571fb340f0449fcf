import { type Matrix, type RunOptions, row } from "../../core/index.ts";
import { findDataset, loadDataset, openVectorFile, type VectorReader } from "../../data/index.ts";
import { floats } from "../rows.ts";

/** Words and where their vectors are. */
export interface Vocabulary {
  readonly name: string;
  readonly title: string;
  readonly dimension: number;
  /** Word of each row. */
  readonly words: readonly string[];
  /** All vectors, unless there are too many of them to be held: then the file is read again whenever they are wanted. */
  readonly vectors: Matrix<Float32Array> | undefined;
  readonly file: string;
}

/** From this many rows on vectors are streamed from the file instead of held. */
export const STREAMED_ROWS = 1_000_000;

/**
 * The words of a data set.
 *
 * @throws DATASET_MISSING when it is not at hand
 */
export async function loadVocabulary(
  name: string,
  title: string,
  options: RunOptions & { dataDir?: string; limit?: number; streamedRows?: number },
): Promise<Vocabulary> {
  const { dataDir, limit, signal, onProgress, streamedRows = STREAMED_ROWS } = options;
  const files = await findDataset(name, dataDir);
  const file = files.base!;
  const reader = await openVectorFile(file);
  const { dim, rows } = reader;
  if (limit === undefined && rows !== undefined && rows >= streamedRows) {
    const words: string[] = [];
    for await (const block of reader.blocks()) {
      for (const key of block.keys ?? []) words.push(String(key));
      onProgress?.({ phase: `read ${name}`, done: words.length, total: rows });
    }
    return { name, title, dimension: dim, words, vectors: undefined, file };
  }
  await reader.close();
  const { base, keys } = await loadDataset(name, { dataDir, limit, holdOut: 0, signal, onProgress });
  return {
    name,
    title,
    dimension: base.cols,
    words: (keys ?? []).map(String),
    vectors: floats(base, base.rows),
    file,
  };
}

/** The vectors in blocks, from memory or from the file. */
export async function* vectorBlocks(
  { vectors, file }: Vocabulary,
  signal: AbortSignal | undefined,
): AsyncIterable<Matrix<Float32Array>> {
  if (vectors !== undefined) {
    yield vectors;
    return;
  }
  const reader: VectorReader = await openVectorFile(file);
  for await (const block of reader.blocks()) {
    signal?.throwIfAborted();
    yield floats(block, block.rows);
  }
}

/** Row numbers by word, with capital letters where a word is only known so. */
export class WordTable {
  readonly #rows: Map<string, number>;

  constructor(words: readonly string[]) {
    this.#rows = new Map(words.map((word, i) => [word, i]));
  }

  /** The row of a word as written, else with a first capital, else in small letters. */
  find(word: string): number | undefined {
    const capital = word.slice(0, 1).toUpperCase() + word.slice(1);
    return this.#rows.get(word) ?? this.#rows.get(capital) ?? this.#rows.get(word.toLowerCase());
  }

  /** Rows of all words of a text; undefined when one of them is unknown. */
  findAll(text: string): number[] | undefined {
    const rows = text
      .split(/\s+/)
      .filter((word) => word !== "")
      .map((word) => this.find(word));
    return rows.length === 0 || rows.includes(undefined) ? undefined : (rows as number[]);
  }
}

/** The sum of unit vectors of these rows, which points between them. */
export function sumOf(rows: readonly Float32Array[]): Float32Array {
  const sum = new Float32Array(rows[0]!.length);
  for (const vector of rows) {
    const norm = Math.hypot(...vector) || 1;
    for (let j = 0; j < sum.length; j++) sum[j]! += vector[j]! / norm;
  }
  return sum;
}

/** Copies of the vectors of some rows, in their order. */
export async function vectorsOf(
  vocabulary: Vocabulary,
  rows: readonly number[],
  signal: AbortSignal | undefined,
): Promise<Float32Array[]> {
  const found = new Map<number, Float32Array>();
  const wanted = new Set(rows);
  let start = 0;
  for await (const block of vectorBlocks(vocabulary, signal)) {
    for (let i = 0; i < block.rows; i++)
      if (wanted.has(start + i)) found.set(start + i, row(block, i).slice());
    start += block.rows;
    if (found.size === wanted.size) break;
  }
  return rows.map((r) => found.get(r)!);
}
