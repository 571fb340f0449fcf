import { resolveOptions, wholeNumber } from "../../core/index.ts";
import { convolve, gather, linear } from "../ops/index.ts";
import type { Tape } from "../tape.ts";
import type { Parameter, Tensor } from "../tensor.ts";
import { he, type Initialiser, normal } from "./initialisers.ts";
import { type Layer, type Seed, streamOf } from "./layer.ts";

export interface DenseOptions {
  /** Columns in and out. */
  inputs: number;
  outputs: number;
  /** Whether a bias is added; default true, zero at first. */
  bias?: boolean;
  /** Default {@link he}. */
  initialise?: Initialiser;
  /** Default 0. */
  seed?: Seed;
}

const DENSE = { inputs: 0, outputs: 0, bias: true, initialise: he(), seed: 0 as Seed };

/** x · weight + bias: [rows, inputs] to [rows, outputs]; more leading axes are as good. */
export function dense(tape: Tape, options: DenseOptions): Layer {
  const { bias: biased, initialise, seed, ...size } = resolveOptions(DENSE, options);
  const inputs = wholeNumber("inputs", size.inputs, 1, 1 << 24);
  const outputs = wholeNumber("outputs", size.outputs, 1, 1 << 24);
  const shape = [inputs, outputs];
  const weight = tape.parameter(shape, initialise(shape, streamOf(seed, "dense")));
  const bias = biased ? tape.parameter([outputs]) : undefined;
  return {
    forward: (x) => linear(x, weight, bias),
    parameters: bias === undefined ? { weight } : { weight, bias },
  };
}

export interface ConvolutionOptions {
  /** Channels in and out. */
  inputs: number;
  outputs: number;
  /** Side of the kernel, default 3. */
  size?: number;
  /** Pixels between windows, default 1. */
  stride?: number;
  /** Zeros around the image: a number, or "same" (default). */
  pad?: number | "same";
  /** Whether a bias is added; default true. Leave it out before batch norm. */
  bias?: boolean;
  initialise?: Initialiser;
  seed?: Seed;
}

const CONVOLUTION = {
  ...DENSE,
  size: 3,
  stride: 1,
  pad: "same" as number | "same",
};

/** Convolution of images [n, height, width, inputs] to [n, …, …, outputs]. */
export function convolution(tape: Tape, options: ConvolutionOptions): Layer {
  const { bias: biased, initialise, seed, stride, pad, ...sizes } = resolveOptions(CONVOLUTION, options);
  const size = wholeNumber("size", sizes.size, 1, 255);
  const inputs = wholeNumber("inputs", sizes.inputs, 1, 1 << 20);
  const outputs = wholeNumber("outputs", sizes.outputs, 1, 1 << 20);
  const shape = [size, size, inputs, outputs];
  const weight = tape.parameter(shape, initialise(shape, streamOf(seed, "convolution")));
  const bias = biased ? tape.parameter([outputs]) : undefined;
  const how = bias === undefined ? { stride, pad } : { stride, pad, bias };
  return {
    forward: (x) => convolve(x, weight, how),
    parameters: bias === undefined ? { weight } : { weight, bias },
  };
}

export interface EmbeddingOptions {
  /** Entries of the table, numbered from 0. */
  count: number;
  /** Columns of each. */
  width: number;
  /** Default normal with standard deviation 0.1. */
  initialise?: Initialiser;
  seed?: Seed;
}

/** A table of vectors: {@link lookup} takes row numbers, forward a tensor that holds them. */
export interface Embedding extends Layer {
  /** Rows by number, in the order given: [indices, width]. Throws BAD_INPUT out of range. */
  lookup(indices: ArrayLike<number>): Tensor;
  readonly table: Parameter;
}

const EMBEDDING = { count: 0, width: 0, initialise: normal(0.1), seed: 0 as Seed };

export function embedding(tape: Tape, options: EmbeddingOptions): Embedding {
  const { initialise, seed, ...size } = resolveOptions(EMBEDDING, options);
  const shape = [wholeNumber("count", size.count, 1, 1 << 24), wholeNumber("width", size.width, 1, 1 << 20)];
  const table = tape.parameter(shape, initialise(shape, streamOf(seed, "embedding")));
  return {
    table,
    lookup: (indices) => gather(table, indices),
    forward: (x) => gather(table, x.values()),
    parameters: { table },
  };
}
