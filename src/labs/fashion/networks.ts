import { adamW, createLoader, createTape, layers, oneCycle, trainAsync } from "../../autodiff/index.ts";
import { type Matrix, row } from "../../core/index.ts";
import { augmentImages, crossEntropy } from "../../learn/index.ts";
import { type Learned, type LearnOptions, momentsOf, type Recipe } from "../learned.ts";
import { shareEqual } from "../neighbourAccuracy.ts";
import { FASHION_CLASSES, FASHION_SIDE } from "./data.ts";

/** One number for grey pictures, as encoders take it in. */
function scaling(rows: Matrix<Float32Array>): { mean: number; deviation: number } {
  const { mean, deviation } = momentsOf(rows);
  return { mean: mean[0]!, deviation: deviation[0]! };
}

/** Dense layers only: neighbourhood in the picture means nothing to it. */
export function mlpRecipe(rows: Matrix<Float32Array>, epochs: number, width = 64): Recipe {
  return {
    name: "MLP",
    layers: `784 → 256 → ${width} features → 10`,
    architecture: { kind: "mlp", inputs: rows.cols, hidden: [256], width, ...scaling(rows) },
    ...{ epochs, batch: 128, learningRate: 3e-3, weightDecay: 0.05, smoothing: 0.05 },
  };
}

/** Three convolutions, each with batch norm, relu and pooling. */
export function cnnRecipe(rows: Matrix<Float32Array>, epochs: number, width = 64): Recipe {
  const stages = [16, 32, 64];
  return {
    name: "CNN",
    layers: `3 × 3 convolutions to ${stages.join(", ")} channels, pooled after each → ${width} features → 10`,
    architecture: { kind: "cnn", image: [FASHION_SIDE, FASHION_SIDE, 1], stages, width, ...scaling(rows) },
    ...{ epochs, batch: 128, learningRate: 4e-3, weightDecay: 0.05, smoothing: 0.05 },
    augment: augmentImages({ image: [FASHION_SIDE, FASHION_SIDE, 1], flip: true }),
  };
}

/** Softmax over pixels: one layer, and so no features of its own. */
export async function learnLinear(
  rows: Matrix<Float32Array>,
  labels: ArrayLike<number>,
  epochs: number,
  { seed, threads, signal, onProgress }: LearnOptions,
): Promise<Omit<Learned, "features">> {
  const recipe: Recipe = {
    name: "linear softmax",
    layers: "784 → 10",
    architecture: { kind: "mlp", inputs: rows.cols, hidden: [], width: FASHION_CLASSES.length },
    ...{ epochs, batch: 128, learningRate: 2e-3, weightDecay: 0, smoothing: 0 },
  };
  const tape = createTape({ threads });
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  const { mean, deviation } = scaling(rows);
  const input = (from: Matrix<Float32Array>, some: ArrayLike<number>) => {
    const block = new Float32Array(some.length * from.cols);
    for (let i = 0; i < some.length; i++) {
      const pixels = row(from, some[i]!);
      for (let j = 0; j < from.cols; j++) block[i * from.cols + j] = (pixels[j]! - mean) / deviation;
    }
    return tape.tensor(block, [some.length, from.cols]);
  };
  const model = layers.dense(tape, {
    ...{ inputs: rows.cols, outputs: FASHION_CLASSES.length, seed },
    initialise: layers.zeros(),
  });
  const loader = createLoader({ rows: rows.rows, batch: Math.min(128, rows.rows), seed });
  try {
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
        ...(onProgress === undefined
          ? {}
          : { onProgress: (p) => onProgress({ ...p, phase: "learn linear softmax" }) }),
      },
    );
  } catch (error) {
    tape.dispose();
    throw error;
  }
  const { user, system } = process.cpuUsage(cpu);
  const told = (some: Matrix<Float32Array>): number[] => {
    const out: number[] = [];
    for (let from = 0; from < some.rows; from += 500) {
      const ids = Array.from({ length: Math.min(500, some.rows - from) }, (_, i) => from + i);
      const scores = tape.inference(() => model.forward(input(some, ids)).values());
      for (let i = 0; i < ids.length; i++) {
        const own = scores.subarray(i * FASHION_CLASSES.length, (i + 1) * FASHION_CLASSES.length);
        out.push(own.indexOf(Math.max(...own)));
      }
    }
    return out;
  };
  return {
    recipe,
    parameters: layers.parameterCount(model),
    trainSeconds: (performance.now() - start) / 1000,
    cpuSeconds: (user + system) / 1e6,
    accuracy: (some, truth) => shareEqual(told(some), truth),
    close: () => tape.dispose(),
  };
}
