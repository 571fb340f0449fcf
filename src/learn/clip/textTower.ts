import {
  add,
  custom,
  type Layer,
  layers,
  linear,
  type NamedParameters,
  type Parameter,
  type Tape,
  type Tensor,
} from "../../autodiff/index.ts";
import { createRng, resolveOptions, wholeNumber } from "../../core/index.ts";
import { rememberWords, wordsOf } from "./textFeatures.ts";

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

/** All options, checked. Throws OPTION_UNKNOWN, OPTION_RANGE. */
export function resolveTextTower(given: TextTowerOptions): Required<TextTowerOptions> {
  const options = resolveOptions(TEXT_TOWER_DEFAULTS, given);
  wholeNumber("width", options.width, 1, 1 << 16);
  wholeNumber("buckets", options.buckets, 1, 1 << 24);
  wholeNumber("features", options.features, 1, 1 << 16);
  wholeNumber("hidden", options.hidden, 0, 1 << 16);
  wholeNumber("vectors", options.vectors, 0, 1 << 16);
  return options;
}

/** Weights of a tower, biases aside: what a file of it must at least hold. */
export function textWeightsOf({
  width,
  buckets,
  features,
  hidden,
  vectors,
}: Required<TextTowerOptions>): number {
  return (buckets + vectors) * features + (hidden === 0 ? features * width : hidden * (features + width));
}

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
  const options = resolveTextTower(given);
  const { width, buckets, features: columns, hidden, vectors: dimension } = options;
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
  const featuresOf = rememberWords({ buckets, parts: options.parts });
  const parts: Record<string, Layer> = { table, ...(foreign && { words: foreign }), body };
  return {
    options,
    parameters: layers.namedParameters(parts),
    forward(texts) {
      let x = bagOf(table.table, texts, featuresOf);
      if (foreign !== undefined) {
        const means = tape.tensor(meanVectors(texts, dimension, words), [texts.length, dimension]);
        x = add(x, linear(means, foreign.parameters["weight"]!));
      }
      return body.forward(x);
    },
  };
}

/** Sums of table rows for each text, divided by the root of their number: sums of long and short texts are of one size. */
function bagOf(table: Parameter, texts: readonly string[], features: (text: string) => number[]): Tensor {
  const bags = texts.map(features);
  const columns = table.shape[1]!;
  return custom({
    inputs: [table],
    shape: [texts.length, columns],
    forward(output, values) {
      output.fill(0);
      bags.forEach((bag, text) => {
        const share = 1 / Math.sqrt(bag.length);
        for (const feature of bag) addRow(output, text * columns, values!, feature * columns, columns, share);
      });
    },
    backward({ outputGradient, gradients: [gradient] }) {
      if (gradient === undefined) return;
      bags.forEach((bag, text) => {
        const share = 1 / Math.sqrt(bag.length);
        for (const feature of bag) {
          addRow(gradient, feature * columns, outputGradient, text * columns, columns, share);
        }
      });
    },
  });
}

type Values = Float32Array | Float64Array;

/** to += share · from, along one row. */
function addRow(to: Values, at: number, from: Values, source: number, n: number, share: number): void {
  for (let i = 0; i < n; i++) to[at + i]! += share * from[source + i]!;
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
