import {
  createRng,
  type Job,
  type Matrix,
  matrix,
  type Rng,
  resolveOptions,
  row,
  VicinalError,
  wholeNumber,
} from "../../core/index.ts";
import { positive, refuseDiverged } from "../factor/model.ts";
import { restoreMatrix, type SavedMatrix, saveMatrix } from "../factor/savedArray.ts";
import { JobModel } from "../jobModel.ts";
import { openSaved, type SavedModel } from "../saved.ts";
import { type AliasTable, aliasTable, drawAlias } from "./alias.ts";
import { type SgnsTables, sgnsStep } from "./sgnsStep.ts";
import { type Corpus, readCorpus, type Sequences, type Token } from "./vocabulary.ts";

export interface SkipGramOptions {
  /** Numbers a token is described by, 1 … 4096. */
  dimension?: number;
  /** Tokens on each side that count as beside, the width drawn from 1 to this; Infinity: all of the sequence, whatever its order. */
  window?: number;
  /** Tokens drawn as noise for each pair. */
  negatives?: number;
  /** Noise is drawn by count to this power. */
  power?: number;
  /** Tokens met less often are left out. */
  minCount?: number;
  /** Tokens with a larger share of all than this are dropped at random, the more the commoner; 0 keeps all. */
  subsample?: number;
  /** First step; falls linearly to `minLearningRate`. */
  learningRate?: number;
  minLearningRate?: number;
  epochs?: number;
  seed?: number;
}

export const SKIP_GRAM_DEFAULTS: Required<SkipGramOptions> = {
  dimension: 100,
  window: 5,
  negatives: 5,
  power: 0.75,
  minCount: 5,
  subsample: 1e-3,
  learningRate: 0.025,
  minLearningRate: 1e-4,
  epochs: 5,
  seed: 42,
};

/** A fitted model as JSON; see {@link SkipGram.toJSON}. */
export interface SavedSkipGram extends SavedModel {
  readonly options: object;
  readonly tokens: readonly Token[];
  readonly counts: readonly number[];
  readonly vectors: SavedMatrix;
}

interface Learned<T extends Token> {
  readonly tokens: readonly T[];
  readonly counts: readonly number[];
  readonly vectors: Matrix;
  readonly rows: ReadonlyMap<T, number>;
  readonly loss: readonly number[];
}

/** Tokens between two reports. */
const BLOCK = 512;

/**
 * Vectors of words (or of items of baskets) that tell which others stand beside them: skip-gram with negative sampling.
 * For items of baskets, whose order says nothing, take `window: Infinity`.
 *
 * @throws VicinalError fit: BAD_INPUT, EMPTY_INDEX when fewer than two tokens are met often enough, DIVERGED
 * @remarks O(tokens · window · (1 + negatives) · dimension) an epoch; one thread; the same bytes for a seed
 * @see Mikolov, Sutskever, Chen, Corrado and Dean, NIPS 2013 (arXiv:1310.4546); Barkan and Koenigstein, MLSP 2016, for items
 */
export class SkipGram<T extends Token = Token> extends JobModel<Sequences<T>, Learned<T>> {
  readonly options: Readonly<Required<SkipGramOptions>>;

  /** @throws VicinalError OPTION_UNKNOWN, OPTION_RANGE */
  constructor(options: SkipGramOptions = {}) {
    super("SkipGram");
    const o = resolveOptions(SKIP_GRAM_DEFAULTS, options) as Required<SkipGramOptions>;
    wholeNumber("dimension", o.dimension, 1, 4096);
    if (o.window !== Number.POSITIVE_INFINITY) wholeNumber("window", o.window, 1, 2 ** 31 - 1);
    wholeNumber("negatives", o.negatives, 1, 1000);
    positive("power", o.power, true);
    wholeNumber("minCount", o.minCount, 1, 2 ** 31 - 1);
    positive("subsample", o.subsample, true);
    positive("learningRate", o.learningRate);
    positive("minLearningRate", o.minLearningRate, true);
    wholeNumber("epochs", o.epochs, 1, 1_000_000);
    wholeNumber("seed", o.seed, 0, Number.MAX_SAFE_INTEGER);
    this.options = o;
  }

  /** Tokens in order of rows, the most frequent first. */
  get tokens_(): readonly T[] {
    return this.learned.tokens;
  }

  /** How often each was met. */
  get counts_(): readonly number[] {
    return this.learned.counts;
  }

  /** One row a token; put them into an index of metric cosine. */
  get vectors_(): Matrix {
    return this.learned.vectors;
  }

  /** Mean loss of a pair, with its noise, in each epoch. */
  get loss_(): readonly number[] {
    return this.learned.loss;
  }

  has(token: T): boolean {
    return this.learned.rows.has(token);
  }

  /** The vector of a token; a copy. @throws VicinalError KEY_UNKNOWN */
  vector(token: T): Float32Array {
    const { rows, vectors } = this.learned;
    const at = rows.get(token);
    if (at === undefined) throw new VicinalError("KEY_UNKNOWN", { key: String(token) });
    return row(vectors, at).slice();
  }

  /** Tokens and vectors for JSON.stringify; float32 numbers in base64. */
  toJSON(): SavedSkipGram {
    const { tokens, counts, vectors } = this.learned;
    const { window, ...options } = this.options;
    return {
      format: "vicinal/SkipGram",
      version: 1,
      // JSON has no Infinity.
      options:
        window === Number.POSITIVE_INFINITY ? { ...options, window: "Infinity" } : { ...options, window },
      tokens,
      counts,
      vectors: saveMatrix(vectors),
    };
  }

  /** The model that {@link toJSON} gave (or its text); its `loss_` is empty. @throws VicinalError FORMAT, OPTION_RANGE */
  static fromJSON<T extends Token = Token>(json: unknown): SkipGram<T> {
    const saved = openSaved(json, "SkipGram");
    const { window, ...options } = saved.options<Record<string, unknown>>("options");
    const wide = window === "Infinity" ? Number.POSITIVE_INFINITY : (window as number);
    const model = new SkipGram<T>({ ...(options as SkipGramOptions), window: wide });
    const vectors = restoreMatrix("vectors of a saved SkipGram", saved.raw("vectors"));
    const tokens = saved.raw("tokens");
    if (!Array.isArray(tokens) || tokens.length !== vectors.rows)
      saved.fail("it has a token for each vector");
    const rows = rowsByToken(tokens as T[]);
    if (rows.size !== vectors.rows) saved.fail("its tokens differ from each other");
    const counts = [...saved.vector("counts", vectors.rows)];
    model.take({ tokens: tokens as T[], counts, vectors, rows, loss: [] });
    return model;
  }

  /** @internal */
  protected override *job(sequences: Sequences<T>): Job<Learned<T>> {
    const { dimension: d, minCount, power, epochs, seed, negatives } = this.options;
    const corpus = readCorpus(sequences, minCount);
    const n = corpus.tokens.length;
    const start = createRng(seed, "skip-gram start");
    const inputs = Float32Array.from({ length: n * d }, () => (start.next() - 0.5) / d);
    const tables: SgnsTables = { inputs, outputs: new Float32Array(n * d), change: new Float64Array(d), d };
    const pairs: Pairs = {
      tables,
      noise: aliasTable(corpus.counts.map((count) => count ** power)),
      keep: keepShares(corpus, this.options.subsample),
      targets: new Uint32Array(negatives + 1),
      rng: createRng(seed, "skip-gram draws"),
      sum: 0,
      count: 0,
    };
    const loss: number[] = [];
    for (let epoch = 0; epoch < epochs; epoch++) {
      pairs.sum = 0;
      pairs.count = 0;
      yield* this.#epoch(corpus, pairs, epoch);
      refuseDiverged("SkipGram", (epoch + 1) * corpus.words.length, pairs.sum, inputs, tables.outputs);
      loss.push(pairs.count === 0 ? 0 : pairs.sum / pairs.count);
    }
    const { tokens } = corpus;
    return {
      tokens,
      counts: [...corpus.counts],
      vectors: matrix(inputs, d, n),
      rows: rowsByToken(tokens),
      loss,
    };
  }

  *#epoch({ words, starts }: Corpus<T>, pairs: Pairs, epoch: number): Job<void> {
    const { learningRate, minLearningRate, epochs } = this.options;
    const total = epochs * words.length;
    let reported = -BLOCK;
    for (let s = 0; s + 1 < starts.length; s++) {
      const sentence = thinned(words.subarray(starts[s], starts[s + 1]), pairs);
      for (let i = 0; i < sentence.length; i++) {
        const done = epoch * words.length + starts[s]! + Math.min(i, starts[s + 1]! - starts[s]!);
        if (done - reported >= BLOCK) {
          reported = done;
          yield { phase: "skip-gram", done, total };
        }
        const rate = Math.max(minLearningRate, learningRate * (1 - done / total));
        this.#around(sentence, i, rate, pairs);
      }
    }
  }

  /** The pairs of one token with those beside it. */
  #around(sentence: Uint32Array, i: number, rate: number, pairs: Pairs): void {
    const { window, negatives } = this.options;
    const { rng, noise, targets, tables } = pairs;
    const whole = window === Number.POSITIVE_INFINITY;
    const reach = whole ? sentence.length : 1 + rng.below(window);
    const to = Math.min(sentence.length - 1, i + reach);
    for (let j = Math.max(0, i - reach); j <= to; j++) {
      // In a basket a token is not beside itself, as often as it is there.
      if (j === i || (whole && sentence[j] === sentence[i])) continue;
      targets[0] = sentence[j]!;
      let count = 1;
      for (let t = 0; t < negatives; t++) {
        const drawn = drawAlias(noise, rng);
        if (drawn !== targets[0]) targets[count++] = drawn;
      }
      pairs.sum += sgnsStep(tables, sentence[i]!, targets, count, rate);
      pairs.count++;
    }
  }
}

interface Pairs {
  readonly tables: SgnsTables;
  readonly noise: AliasTable;
  /** Share of each token's occurrences that stays. */
  readonly keep: Float64Array;
  readonly targets: Uint32Array;
  readonly rng: Rng;
  sum: number;
  count: number;
}

/** √(t/f) + t/f of a token with share f of all, at most 1: word2vec's own formula. */
function keepShares<T extends Token>({ counts }: Corpus<T>, t: number): Float64Array {
  if (t === 0) return new Float64Array(counts.length).fill(1);
  const total = counts.reduce((a, b) => a + b, 0);
  return counts.map((count) => Math.min(1, Math.sqrt((t * total) / count) + (t * total) / count));
}

/** What is left of a sequence when common tokens are dropped at random. */
function thinned(words: Uint32Array, { keep, rng }: Pairs): Uint32Array {
  return words.filter((word) => keep[word]! >= 1 || rng.next() < keep[word]!);
}

const rowsByToken = <T extends Token>(tokens: readonly T[]): Map<T, number> =>
  new Map(tokens.map((token, i) => [token, i]));
