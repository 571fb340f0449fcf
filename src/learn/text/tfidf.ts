import {
  type Job,
  oneOf,
  type RunOptions,
  resolveOptions,
  runAsync,
  runSync,
  trueOrFalse,
  VicinalError,
  wholeNumber,
} from "../../core/index.ts";
import type { Csr } from "../linalg/csr.ts";
import { fitted, openSaved, type SavedModel } from "../saved.ts";
import { countTerms, type TermOptions, termsOf, wordsOf } from "./terms.ts";

export interface TfidfOptions {
  /** Case is folded before words are cut. */
  lowercase?: boolean;
  /** Cuts a text into words; default: runs of two or more letters, digits and underscores. A model with one cannot be saved. */
  tokenizer?: (text: string) => readonly string[];
  /** Words left out, after folding. */
  stopWords?: readonly string[];
  /** Shortest and longest run of words that is a term, such as [1, 2] for words and pairs. */
  ngramRange?: readonly [number, number];
  /** Terms in fewer texts are left out: a whole number of texts, or a share below 1. */
  minDf?: number;
  /** Terms in more texts are left out: a share up to 1 (which leaves out none), or a whole number of texts from 2 on. */
  maxDf?: number;
  /** Keeps only so many terms, those met most often; ties by term. */
  maxFeatures?: number;
  /** Counts become 1. */
  binary?: boolean;
  /** Rows are brought to length one by this norm. */
  norm?: "l2" | "l1" | "none";
  /** Weighs terms by ln(n / df) + 1. */
  useIdf?: boolean;
  /** As if one more text held every term: ln((n + 1) / (df + 1)) + 1. */
  smoothIdf?: boolean;
  /** Counts become 1 + ln(count). */
  sublinearTf?: boolean;
}

type Resolved = Required<Omit<TfidfOptions, "tokenizer" | "maxFeatures">> &
  Pick<TfidfOptions, "tokenizer" | "maxFeatures">;

export const TFIDF_DEFAULTS: Resolved = {
  lowercase: true,
  tokenizer: undefined,
  stopWords: [],
  ngramRange: [1, 1],
  minDf: 1,
  maxDf: 1,
  maxFeatures: undefined,
  binary: false,
  norm: "l2",
  useIdf: true,
  smoothIdf: true,
  sublinearTf: false,
};

interface Learned {
  readonly terms: readonly string[];
  readonly places: ReadonlyMap<string, number>;
  readonly idf: Float64Array;
}

/**
 * Texts to sparse rows of weighted term counts, by scikit-learn's `TfidfVectorizer`: same defaults, same numbers. Feed the
 * rows to {@link TruncatedSVD} for dense vectors that any index takes.
 *
 * @remarks texts are read once; memory grows with the terms met
 */
export class TfidfVectorizer {
  readonly options: Readonly<Resolved>;
  readonly #terms: TermOptions;
  #learned: Learned | undefined;

  /** @throws VicinalError OPTION_RANGE, OPTION_UNKNOWN */
  constructor(options: TfidfOptions = {}) {
    this.options = resolveOptions<Resolved>(TFIDF_DEFAULTS, options);
    checkTfidfOptions(this.options);
    const { lowercase, tokenizer = wordsOf, stopWords, ngramRange } = this.options;
    this.#terms = { lowercase, tokenizer, stop: new Set(stopWords), ngramRange };
  }

  /** Terms, ascending: term j is column j. */
  getFeatureNamesOut(): readonly string[] {
    return this.#get().terms;
  }

  /** Column of each term. */
  get vocabulary_(): ReadonlyMap<string, number> {
    return this.#get().places;
  }

  /** Weight of each term; all 1 without `useIdf`. */
  get idf_(): Float64Array {
    return this.#get().idf;
  }

  /**
   * Learns terms and their weights.
   *
   * @throws VicinalError BAD_INPUT where no term is left, or for what is not text; what was learned before stays then
   */
  fit(texts: Iterable<string>, run?: RunOptions): this {
    this.#learned = runSync(this.#job(texts), run).learned;
    return this;
  }

  async fitAsync(texts: Iterable<string>, run?: RunOptions): Promise<this> {
    this.#learned = (await runAsync(this.#job(texts), run)).learned;
    return this;
  }

  /** Rows of the texts, n × terms; a text without any known term has an empty row. */
  transform(texts: Iterable<string>): Csr {
    const { places } = this.#get();
    const { rows } = runSync(countTerms(texts, (text) => termsOf(text, this.#terms), places));
    return this.#weigh(rows, this.#get());
  }

  fitTransform(texts: Iterable<string>): Csr {
    const { learned, rows } = runSync(this.#job(texts));
    this.#learned = learned;
    return this.#weigh(rows, learned);
  }

  toJSON(): SavedModel & Record<string, unknown> {
    const { terms, idf } = this.#get();
    if (this.options.tokenizer !== undefined) {
      const rule = "a function cannot be saved; cut texts into words before and join them by spaces";
      throw new VicinalError("UNSUPPORTED", { what: "saving a model with a tokenizer", rule });
    }
    const format = "vicinal/TfidfVectorizer";
    return { format, version: 1, options: this.options, terms, idf: Array.from(idf) };
  }

  /** Reads what {@link toJSON} gave, or its text. Throws FORMAT, FORMAT_VERSION, OPTION_RANGE, OPTION_UNKNOWN. */
  static fromJSON(json: unknown): TfidfVectorizer {
    const saved = openSaved(json, "TfidfVectorizer");
    const model = new TfidfVectorizer(saved.options<TfidfOptions>("options"));
    const terms = saved.raw("terms");
    if (!Array.isArray(terms) || !terms.every((term): term is string => typeof term === "string")) {
      return saved.fail("terms are strings");
    }
    const places = new Map(terms.map((term, j) => [term, j]));
    if (places.size !== terms.length || terms.length === 0) saved.fail("terms are all different");
    model.#learned = { terms, places, idf: saved.vector("idf", terms.length) };
    return model;
  }

  #get(): Learned {
    return fitted(this.#learned, "TfidfVectorizer");
  }

  *#job(texts: Iterable<string>): Job<{ learned: Learned; rows: Csr }> {
    const counted = yield* countTerms(texts, (text) => termsOf(text, this.#terms), undefined);
    const { keep, frequency } = chosenTerms(counted.rows, counted.terms, this.options);
    const terms = keep.map((old) => counted.terms[old]!);
    const places = new Map(terms.map((term, j) => [term, j]));
    const n = counted.rows.rows;
    const { useIdf, smoothIdf } = this.options;
    const more = smoothIdf ? 1 : 0;
    const idf = Float64Array.from(keep, (old) =>
      useIdf ? Math.log((n + more) / (frequency[old]! + more)) + 1 : 1,
    );
    return { learned: { terms, places, idf }, rows: renumbered(counted.rows, keep) };
  }

  #weigh(counts: Csr, { idf }: Learned): Csr {
    const { binary, sublinearTf, norm } = this.options;
    const data = counts.data.slice();
    for (let i = 0; i < counts.rows; i++) {
      let size = 0;
      for (let at = counts.indptr[i]!; at < counts.indptr[i + 1]!; at++) {
        const count = binary ? 1 : data[at]!;
        const value = (sublinearTf ? 1 + Math.log(count) : count) * idf[counts.indices[at]!]!;
        data[at] = value;
        size += norm === "l2" ? value * value : Math.abs(value);
      }
      if (norm === "none" || size === 0) continue;
      const length = norm === "l2" ? Math.sqrt(size) : size;
      for (let at = counts.indptr[i]!; at < counts.indptr[i + 1]!; at++) data[at]! /= length;
    }
    return { ...counts, data };
  }
}

function checkTfidfOptions(options: Resolved): void {
  const { tokenizer, stopWords, ngramRange, minDf, maxDf, maxFeatures, norm } = options;
  const refuse = (option: string, got: unknown, rule: string): never => {
    throw new VicinalError("OPTION_RANGE", { option, got, rule });
  };
  for (const name of ["lowercase", "binary", "useIdf", "smoothIdf", "sublinearTf"] as const) {
    trueOrFalse(name, options[name]);
  }
  if (tokenizer !== undefined && typeof tokenizer !== "function") {
    refuse("tokenizer", typeof tokenizer, "a function from a text to its words");
  }
  if (!Array.isArray(stopWords) || !stopWords.every((word) => typeof word === "string")) {
    refuse("stopWords", typeof stopWords, "a list of words");
  }
  const [low, high] = Array.isArray(ngramRange) && ngramRange.length === 2 ? ngramRange : [0, 0];
  if (!(Number.isInteger(low) && Number.isInteger(high) && low >= 1 && low <= high && high <= 100)) {
    refuse("ngramRange", String(ngramRange), "[shortest, longest] with 1 <= shortest <= longest");
  }
  if (!(minDf >= 0 && (minDf < 1 || Number.isInteger(minDf)))) {
    refuse("minDf", minDf, "a whole number of texts, or a share from 0 to 1");
  }
  if (!(maxDf >= 0 && (maxDf <= 1 || Number.isInteger(maxDf)))) {
    refuse("maxDf", maxDf, "a share from 0 to 1, or a whole number of texts from 2 on");
  }
  if (maxFeatures !== undefined) wholeNumber("maxFeatures", maxFeatures, 1, 2 ** 31 - 1);
  oneOf("norm", norm, ["l2", "l1", "none"]);
}

/** Columns that are kept, in order of their terms, and in how many texts each old column is. */
function chosenTerms(
  counts: Csr,
  terms: readonly string[],
  { minDf, maxDf, maxFeatures }: Resolved,
): { keep: number[]; frequency: Uint32Array } {
  const frequency = new Uint32Array(counts.cols);
  const total = new Float64Array(counts.cols);
  counts.indices.forEach((j, at) => {
    frequency[j]!++;
    total[j]! += counts.data[at]!;
  });
  if (counts.cols === 0) throw noTerms(counts.rows);
  const least = minDf >= 1 ? minDf : minDf * counts.rows;
  const most = maxDf > 1 ? maxDf : maxDf * counts.rows;
  if (most < least) {
    const rule = `at least minDf, ${least} texts`;
    throw new VicinalError("OPTION_RANGE", { option: "maxDf", got: `${most} texts`, rule });
  }
  let keep = Array.from(terms.keys()).filter((j) => frequency[j]! >= least && frequency[j]! <= most);
  const byTerm = (a: number, b: number): number => (terms[a]! < terms[b]! ? -1 : 1);
  keep.sort(byTerm);
  if (maxFeatures !== undefined && keep.length > maxFeatures) {
    keep = keep.sort((a, b) => total[b]! - total[a]! || byTerm(a, b)).slice(0, maxFeatures);
    keep.sort(byTerm);
  }
  if (keep.length === 0) throw noTerms(counts.rows);
  return { keep, frequency };
}

function noTerms(texts: number): VicinalError {
  const rule = "of words that are in the vocabulary; look at stopWords, minDf and maxDf";
  return new VicinalError("BAD_INPUT", { what: "texts", got: `${texts} without a term that is kept`, rule });
}

/** The columns kept, by their new numbers, ascending in each row. */
function renumbered(counts: Csr, keep: readonly number[]): Csr {
  const place = new Int32Array(counts.cols).fill(-1);
  keep.forEach((old, j) => {
    place[old] = j;
  });
  const indptr = new Uint32Array(counts.rows + 1);
  const indices: number[] = [];
  const data: number[] = [];
  for (let i = 0; i < counts.rows; i++) {
    const row: [number, number][] = [];
    for (let at = counts.indptr[i]!; at < counts.indptr[i + 1]!; at++) {
      const j = place[counts.indices[at]!]!;
      if (j >= 0) row.push([j, counts.data[at]!]);
    }
    row.sort((a, b) => a[0] - b[0]);
    for (const [j, value] of row) {
      indices.push(j);
      data.push(value);
    }
    indptr[i + 1] = indices.length;
  }
  return {
    rows: counts.rows,
    cols: keep.length,
    indptr,
    indices: Uint32Array.from(indices),
    data: Float64Array.from(data),
  };
}
