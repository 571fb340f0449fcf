import { createRng, resolveOptions, VicinalError, wholeNumber } from "../../core/index.ts";
import * as ops from "../ops/index.ts";
import type { Tape } from "../tape.ts";
import { type Layer, type Seed, streamOf } from "./layer.ts";

export interface BatchNormOptions {
  channels: number;
  /** Whether max(·, 0) follows, in the same pass. Default false. */
  relu?: boolean;
  /** Added to the variance, default 1e-5. */
  epsilon?: number;
  /** Share of a new batch in the running statistics, default 0.1. */
  momentum?: number;
  /** Initial gain, default 1; 0 makes a residual branch start as nothing. */
  gain?: number;
}

const BATCH_NORM = { channels: 0, relu: false, epsilon: 1e-5, momentum: 0.1, gain: 1 };

/** Batch normalisation of the last axis (Ioffe & Szegedy 2015); running statistics are kept and not trained. */
export function batchNorm(tape: Tape, options: BatchNormOptions): Layer {
  const { relu, epsilon, momentum, ...rest } = resolveOptions(BATCH_NORM, options);
  const channels = wholeNumber("channels", rest.channels, 1, 1 << 20);
  const filled = (value: number): Float64Array => new Float64Array(channels).fill(value);
  const gain = tape.parameter([channels], filled(rest.gain));
  const shift = tape.parameter([channels]);
  const mean = tape.buffer([channels]);
  const variance = tape.buffer([channels], filled(1));
  const running = { mean, variance, momentum };
  return {
    forward: (x) => ops.batchNorm(x, running, { gain, shift, epsilon, relu }),
    parameters: { gain, shift, mean, variance },
  };
}

export interface LayerNormOptions {
  channels: number;
  /** Added to the variance, default 1e-5. */
  epsilon?: number;
}

/** Normalises each row of the last axis by its own mean and variance (Ba et al. 2016). */
export function layerNorm(tape: Tape, options: LayerNormOptions): Layer {
  const { epsilon, ...rest } = resolveOptions({ channels: 0, epsilon: 1e-5 }, options);
  const channels = wholeNumber("channels", rest.channels, 1, 1 << 20);
  const gain = tape.parameter([channels], new Float64Array(channels).fill(1));
  const shift = tape.parameter([channels]);
  return {
    forward(x) {
      const centred = ops.sub(x, ops.mean(x, { axes: [-1], keep: true }));
      const variance = ops.mean(ops.square(centred), { axes: [-1], keep: true });
      const normal = ops.div(centred, ops.sqrt(ops.add(variance, epsilon)));
      return ops.add(ops.mul(normal, gain), shift);
    },
    parameters: { gain, shift },
  };
}

export interface DropoutOptions {
  /** Share of values set to zero while training, 0 … below 1; default 0.5. The others grow to make up for it. */
  rate?: number;
  seed?: Seed;
}

/**
 * Sets values to zero at random while training (Srivastava et al. 2014). Which ones is a function of the seed
 * and of how often it ran, a number kept beside the parameters, so that a resumed run goes on alike.
 */
export function dropout(tape: Tape, options: DropoutOptions = {}): Layer {
  const { rate, seed } = resolveOptions({ rate: 0.5, seed: 0 as Seed }, options);
  if (!(typeof rate === "number" && rate >= 0 && rate < 1)) {
    throw new VicinalError("OPTION_RANGE", { option: "rate", got: rate, rule: "at least 0 and below 1" });
  }
  const own = streamOf(seed, "dropout").u32();
  const runs = tape.buffer([1]);
  return {
    forward(x) {
      if (!tape.training || rate === 0) return x;
      const run = runs.item();
      runs.set([run + 1]);
      const rng = createRng(own, `run ${run}`);
      const mask = tape.precision === "f32" ? new Float32Array(x.size) : new Float64Array(x.size);
      for (let i = 0; i < mask.length; i++) mask[i] = rng.next() < rate ? 0 : 1 / (1 - rate);
      return ops.mul(x, tape.tensor(mask, x.shape));
    },
    parameters: { runs },
  };
}
