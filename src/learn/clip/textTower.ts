import {
  add,
  type Layer,
  layers,
  linear,
  mul,
  type NamedParameters,
  scatterAdd,
  type Tape,
  type Tensor,
} from "../../autodiff/index.ts";
import { createRng, resolveOptions, wholeNumber } from "../../core/index.ts";
import { textFeatures, wordsOf } from "./textFeatures.ts";

/** Vectors of words from elsewhere. */
export interface WordVectors {
  /** Components of each. */
  readonly dimension: number;
  /** The vector of a word in lower case, if it has one. */
  get(word: string): ArrayLike<number> | undefined;
}

export interface TextTowerOptions {
  /** Columns that come out, default 64. */
  readonly width?: number;
  /** Hashed features, default 4096. */
  readonly buckets?: number;
  /** Columns of the table of features, default 64. */
  readonly features?: number;
  /** Width of the one layer between, default 128; 0 leaves it out. */
  readonly hidden?: number;
  /** Whether runs of letters count beside words, default true. */
  readonly parts?: boolean;
  /** Components of the word vectors that are added; 0 (default) for none. */
  readonly vectors?: number;
}

export const TEXT_TOWER_DEFAULTS: Required<TextTowerOptions> = {
  width: 64,
  buckets: 4096,
  features: 64,
  hidden: 128,
  parts: true,
  vectors: 0,
};

/** Texts to rows. */
export interface TextTower {
  readonly options: Required<TextTowerOptions>;
  readonly parameters: NamedParameters;
  /** Rows [texts, width]; within a step. */
  forward(texts: readonly string[]): Tensor;
}

/**
 * A bag of words and runs of letters: their learned vectors added up (as fastText has it, Bojanowski et al. 2017) and
 * divided by the root of their number, through two dense layers. Word vectors from elsewhere, averaged, come in beside.
 */
export function createTextTower(
  tape: Tape,
  given: TextTowerOptions = {},
  { seed = 0, words }: { seed?: number; words?: WordVectors } = {},
): TextTower {
  const options = resolveOptions(TEXT_TOWER_DEFAULTS, given);
  const width = wholeNumber("width", options.width, 1, 1 << 16);
  const buckets = wholeNumber("buckets", options.buckets, 1, 1 << 24);
  const columns = wholeNumber("features", options.features, 1, 1 << 16);
  const hidden = wholeNumber("hidden", options.hidden, 0, 1 << 16);
  const dimension = wholeNumber("vectors", options.vectors, 0, 1 << 16);
  const rng = createRng(seed, "text tower");
  const table = layers.embedding(tape, {
    count: buckets,
    width: columns,
    initialise: layers.normal(1 / Math.sqrt(columns)),
    seed: rng,
  });
  const foreign =
    dimension === 0
      ? undefined
      : layers.dense(tape, { inputs: dimension, outputs: columns, bias: false, seed: rng });
  const body = layers.sequential(
    hidden === 0
      ? [layers.dense(tape, { inputs: columns, outputs: width, seed: rng })]
      : [
          layers.dense(tape, { inputs: columns, outputs: hidden, seed: rng }),
          layers.activation("gelu"),
          layers.dense(tape, { inputs: hidden, outputs: width, initialise: layers.xavier(), seed: rng }),
        ],
  );
  const parts: Record<string, Layer> = { table, ...(foreign && { words: foreign }), body };
  return {
    options,
    parameters: layers.namedParameters(parts),
    forward(texts) {
      const bag = bagOf(texts, { buckets, parts: options.parts });
      const rows = mul(table.lookup(bag.features), tape.tensor(bag.shares, [bag.shares.length, 1]));
      let x = scatterAdd(rows, bag.texts, texts.length);
      if (foreign !== undefined) {
        const means = tape.tensor(meanVectors(texts, dimension, words), [texts.length, dimension]);
        x = add(x, linear(means, foreign.parameters["weight"]!));
      }
      return body.forward(x);
    },
  };
}

interface Bag {
  readonly features: number[];
  /** Which text each feature is of. */
  readonly texts: number[];
  /** One over the root of their number in that text: sums of long and short texts are of one size. */
  readonly shares: number[];
}

function bagOf(texts: readonly string[], options: { buckets: number; parts: boolean }): Bag {
  const bag: Bag = { features: [], texts: [], shares: [] };
  texts.forEach((text, i) => {
    const features = textFeatures(text, options);
    for (const feature of features) {
      bag.features.push(feature);
      bag.texts.push(i);
      bag.shares.push(1 / Math.sqrt(features.length));
    }
  });
  return bag;
}

/** Mean vectors of the words of texts; zeros where no word has one. */
function meanVectors(texts: readonly string[], dimension: number, words?: WordVectors): Float32Array {
  const out = new Float32Array(texts.length * dimension);
  texts.forEach((text, i) => {
    const known = wordsOf(text)
      .map((word) => words?.get(word))
      .filter((vector) => vector !== undefined);
    for (const vector of known) {
      for (let j = 0; j < dimension; j++) out[i * dimension + j]! += vector[j]! / known.length;
    }
  });
  return out;
}
