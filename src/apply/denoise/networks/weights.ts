import type { ImageNeighborBlockOptions } from "../../../learn/index.ts";

/** A convolution of 3 × 3 with zeros around the picture, batch norm merged into it. */
export interface Convolution {
  readonly inputs: number;
  readonly outputs: number;
  /** [3, 3, inputs, outputs] */
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/** Convolutions one after another, max(·, 0) after each but the last. */
export type Chain = readonly Convolution[];

/** Predicts the noise: the estimate is the picture less what the chain makes of it. */
export interface DncnnWeights {
  readonly kind: "dncnn";
  readonly body: Chain;
}

/** A block of neural nearest neighbours; see {@link imageNeighborBlock}. */
export interface BlockWeights {
  /** Left out where the channels themselves are compared. */
  readonly embedding: Chain | undefined;
  /** Left out where one log temperature is shared. */
  readonly temperature: Chain | undefined;
  /** Parameters of the selection, by name. */
  readonly selection: Readonly<Record<string, Float32Array>>;
}

/** Parts, each of which adds its first input channels to its first output channels, with a block between two. */
export interface N3netWeights {
  readonly kind: "n3net";
  readonly parts: readonly Chain[];
  readonly blocks: readonly BlockWeights[];
  /** Of the blocks, where not as published; k follows from the parts. */
  readonly options: Pick<ImageNeighborBlockOptions, "patch" | "stride" | "window" | "form" | "difference">;
}

/** A network that removes noise from grey pictures, ready for use: plain data, that any number of calls may share. */
export interface DenoisingNetwork {
  readonly weights: DncnnWeights | N3netWeights;
  /** The deviation of the noise that it was trained for, from 0 to 255, where the file tells. */
  readonly sigma: number | undefined;
}

export interface Norm {
  readonly gain: ArrayLike<number>;
  readonly shift: ArrayLike<number>;
  readonly mean: ArrayLike<number>;
  readonly variance: ArrayLike<number>;
  readonly epsilon: number;
}

/** The convolution with the norm that follows it in use: gain (x − mean) / √(variance + epsilon) + shift. */
export function merged(
  convolution: Convolution,
  { gain, shift, mean, variance, epsilon }: Norm,
): Convolution {
  const { inputs, outputs } = convolution;
  const scale = Float64Array.from(
    { length: outputs },
    (_, o) => gain[o]! / Math.sqrt(variance[o]! + epsilon),
  );
  const weight = convolution.weight.map((value, i) => value * scale[i % outputs]!);
  const bias = convolution.bias.map((value, o) => (value - mean[o]!) * scale[o]! + shift[o]!);
  return { inputs, outputs, weight, bias };
}
