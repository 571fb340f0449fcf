import {
  adamW,
  createLoader,
  createTape,
  type Layer,
  layers,
  oneCycle,
  type Tape,
  type Tensor,
  trainAsync,
} from "../../autodiff/index.ts";
import { type Matrix, type Progress, row } from "../../core/index.ts";
import { augmentImages, crossEntropy, inputScaling } from "../../learn/index.ts";
import type { Learned, LearnOptions, Recipe } from "../learned.ts";
import { shareEqual } from "../neighbourAccuracy.ts";
import { FASHION_CLASSES, FASHION_SIDE } from "./data.ts";

/** One number for grey pictures, as encoders take it in. */
function scaling(rows: Matrix<Float32Array>): { mean: number; deviation: number } {
  const { mean, deviation } = inputScaling(rows);
  return { mean: mean[0]!, deviation: deviation[0]! };
}

/** Batch norm before the features' relu: a network learns faster with it, and more in few epochs. */
const FEATURES = { normalise: true, activation: "relu" } as const;

/** Dense layers only: neighbourhood in the picture means nothing to it. */
export function mlpRecipe(rows: Matrix<Float32Array>, epochs: number, width = 64): Recipe {
  return {
    name: "MLP",
    layers: `784 → 256 → ${width} features → 10`,
    architecture: { kind: "mlp", inputs: rows.cols, hidden: [256], width, ...FEATURES, ...scaling(rows) },
    ...{ epochs, batch: 128, learningRate: 3e-3, weightDecay: 0.05, smoothing: 0.05 },
  };
}

/** Channels of a small network, and of one that takes about three times as long. */
export const STAGES = { small: [16, 32, 64], large: [32, 64, 128] } as const;

/** Three convolutions, each with batch norm, relu and pooling. */
export function cnnRecipe(
  rows: Matrix<Float32Array>,
  epochs: number,
  width: number,
  stages: readonly number[],
): Recipe {
  const image = [FASHION_SIDE, FASHION_SIDE, 1] as const;
  return {
    name: "CNN",
    layers: `3 × 3 convolutions to ${stages.join(", ")} channels, pooled after each → ${width} features → 10`,
    architecture: { kind: "cnn", image, stages, width, ...FEATURES, ...scaling(rows) },
    ...{ epochs, batch: 128, learningRate: 4e-3, weightDecay: 0.05, smoothing: 0.05 },
    augment: augmentImages({ image, flip: true }),
  };
}

/** Rows of pictures as the network takes them in. */
type Input = (from: Matrix<Float32Array>, rows: ArrayLike<number>) => Tensor;

function inputOf(tape: Tape, { mean, deviation }: ReturnType<typeof scaling>): Input {
  return (from, rows) => {
    const block = new Float32Array(rows.length * from.cols);
    for (let i = 0; i < rows.length; i++) {
      const pixels = row(from, rows[i]!);
      for (let j = 0; j < from.cols; j++) block[i * from.cols + j] = (pixels[j]! - mean) / deviation;
    }
    return tape.tensor(block, [rows.length, from.cols]);
  };
}

/** The likeliest class of each row. */
function tell(tape: Tape, model: Layer, input: Input, some: Matrix<Float32Array>): number[] {
  const classes = FASHION_CLASSES.length;
  const out: number[] = [];
  for (let from = 0; from < some.rows; from += 500) {
    const rows = Array.from({ length: Math.min(500, some.rows - from) }, (_, i) => from + i);
    const scores = tape.inference(() => model.forward(input(some, rows)).values());
    for (let i = 0; i < rows.length; i++) {
      const own = scores.subarray(i * classes, (i + 1) * classes);
      out.push(own.indexOf(Math.max(...own)));
    }
  }
  return out;
}

/** Softmax over pixels: one layer, and so no features of its own. */
export async function learnLinear(
  rows: Matrix<Float32Array>,
  labels: ArrayLike<number>,
  epochs: number,
  { seed, threads, signal, onProgress }: LearnOptions,
): Promise<Omit<Learned, "features" | "save">> {
  const [inputs, outputs] = [rows.cols, FASHION_CLASSES.length];
  const recipe: Recipe = {
    name: "linear softmax",
    layers: `${inputs} → ${outputs}`,
    architecture: { kind: "mlp", inputs, hidden: [], width: outputs },
    ...{ epochs, batch: 128, learningRate: 2e-3, weightDecay: 0, smoothing: 0 },
  };
  const tape = createTape({ threads });
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  try {
    const input = inputOf(tape, scaling(rows));
    const model = layers.dense(tape, { inputs, outputs, seed, initialise: layers.zeros() });
    const loader = createLoader({ rows: rows.rows, batch: Math.min(recipe.batch, rows.rows), seed });
    const report = onProgress && ((p: Progress): void => onProgress({ ...p, phase: "learn linear softmax" }));
    await trainAsync(
      {
        ...{ tape, model, loader, epochs },
        optimiser: adamW(model.parameters, { learningRate: recipe.learningRate, weightDecay: 0 }),
        schedule: oneCycle({ rate: recipe.learningRate, steps: epochs * loader.stepsPerEpoch }),
        loss: ({ rows: some }) =>
          crossEntropy(
            model.forward(input(rows, some)),
            Array.from(some, (i) => labels[i]!),
          ),
      },
      {
        ...(signal === undefined ? {} : { signal }),
        ...(report === undefined ? {} : { onProgress: report }),
      },
    );
    const { user, system } = process.cpuUsage(cpu);
    return {
      recipe,
      parameters: layers.parameterCount(model),
      trainSeconds: (performance.now() - start) / 1000,
      cpuSeconds: (user + system) / 1e6,
      accuracy: (some, truth) => shareEqual(tell(tape, model, input, some), truth),
      close: () => tape.dispose(),
    };
  } catch (error) {
    tape.dispose();
    throw error;
  }
}
