import { shapeError, shapeText } from "../shape.ts";
import type { Parameter, Tensor } from "../tensor.ts";

export interface NormaliseOptions {
  readonly gain: Tensor;
  readonly shift: Tensor;
  /** Added to the variance, default 1e-5. */
  readonly epsilon?: number;
  /** Whether max(·, 0) follows. */
  readonly relu?: boolean;
}

/** Statistics of each channel, as they are known so far. */
export interface RunningStatistics {
  readonly mean: Parameter;
  readonly variance: Parameter;
  /** Share of a new batch in them, default 0.1. */
  readonly momentum?: number;
}

/**
 * Batch normalisation over all axes but the last (Ioffe & Szegedy 2015). While training, by the statistics of
 * the batch, which the running ones follow (their variance unbiased, as in PyTorch); else by the running ones.
 */
export function batchNorm(
  x: Tensor,
  running: RunningStatistics,
  { gain, shift, epsilon = 1e-5, relu = false }: NormaliseOptions,
): Tensor {
  const channels = x.shape.at(-1) ?? 0;
  for (const each of [gain, shift, running.mean, running.variance]) {
    if (each.size !== channels)
      throw shapeError(
        "batchNorm",
        `${shapeText(each.shape)} for ${channels} channels`,
        "one value a channel",
      );
  }
  const { tape } = x;
  const { kernels } = tape;
  const rows = channels === 0 ? 0 : x.size / channels;
  const batch = tape.training;
  if (batch && rows < 2)
    throw shapeError("batchNorm", shapeText(x.shape), "two values a channel at least while training");
  const mean = tape.scratch(channels);
  const inverse = tape.scratch(channels);
  if (batch) {
    kernels.channelStatistics(x.address, rows, channels, epsilon, mean, inverse);
    follow(running, mean, inverse, rows, epsilon);
  } else {
    const { heap } = kernels;
    kernels.copy(running.mean.address, mean, channels);
    for (let c = 0; c < channels; c++) {
      heap[inverse + c] = 1 / Math.sqrt(heap[running.variance.address + c]! + epsilon);
    }
  }
  const [px, pGain, pShift] = [x.address, gain.address, shift.address];
  return tape.apply(
    [x, gain, shift],
    x.shape,
    (y) => kernels.normalise(px, rows, channels, mean, inverse, pGain, pShift, relu, y),
    (dy, y) => {
      const room = (input: Tensor): number =>
        input.slot.tracked ? tape.gradient(input) : tape.scratch(input.size);
      kernels.normaliseGradient(
        ...([px, y, dy, rows, channels, mean, inverse, pGain, relu, batch] as const),
        ...([room(x), room(gain), room(shift)] as const),
      );
    },
  );
}

function follow(
  { mean, variance, momentum = 0.1 }: RunningStatistics,
  batchMean: number,
  inverse: number,
  rows: number,
  epsilon: number,
): void {
  const { heap } = mean.tape.kernels;
  for (let c = 0; c < mean.size; c++) {
    const spread = (1 / heap[inverse + c]! ** 2 - epsilon) * (rows / (rows - 1));
    heap[mean.address + c]! += momentum * (heap[batchMean + c]! - heap[mean.address + c]!);
    heap[variance.address + c]! += momentum * (Math.max(0, spread) - heap[variance.address + c]!);
  }
}
