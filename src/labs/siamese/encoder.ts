import { add, type Layer, layers, reshape, type Tape, type Tensor } from "../../autodiff/index.ts";
import { createRng } from "../../core/index.ts";
import { unitRows } from "../../learn/index.ts";
import { SIDE, VALUES } from "./pictures.ts";

export interface EncoderShape {
  /** Channels after each convolution; the picture is halved after each. */
  readonly stages: readonly number[];
  /** Columns of the embedding. */
  readonly width: number;
}

export const SHAPE: EncoderShape = { stages: [24, 48], width: 96 };

/**
 * Two ways from a picture to its embedding, added up: straight from the pixels by one matrix, and through convolutions
 * with batch norm. The first learns fast which pixels matter; the second learns shapes.
 */
export function emojiEncoder(tape: Tape, seed: number, { stages, width }: EncoderShape = SHAPE): Layer {
  const rng = createRng(seed, "emoji encoder");
  let channels = 3;
  const parts: Layer[] = [];
  for (const outputs of stages) {
    parts.push(
      layers.convolution(tape, { inputs: channels, outputs, bias: false, seed: rng }),
      layers.batchNorm(tape, { channels: outputs, relu: true }),
      layers.maxPool(2),
    );
    channels = outputs;
  }
  const side = SIDE >> stages.length;
  const shapes = layers.sequential([
    ...parts,
    layers.flatten(),
    layers.dense(tape, { inputs: side * side * channels, outputs: width, seed: rng }),
  ]);
  const pixels = layers.dense(tape, { inputs: VALUES, outputs: width, bias: false, seed: rng });
  return {
    forward(x: Tensor): Tensor {
      const images = reshape(x, [-1, SIDE, SIDE, 3]);
      return unitRows(add(pixels.forward(x), shapes.forward(images)));
    },
    parameters: layers.namedParameters({ shapes, pixels }),
  };
}
