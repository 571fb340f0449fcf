import { createTape, layers, type NamedParameters } from "../autodiff/index.ts";
import type { Matrix, RunOptions } from "../core/index.ts";
import {
  type Architecture,
  type Augment,
  createEncoder,
  type Encoder,
  fitClassifierAsync,
} from "../learn/index.ts";
import { shareEqual } from "./neighbourAccuracy.ts";

/** A network to learn classes with, and how. */
export interface Recipe {
  readonly name: string;
  /** Layers in words. */
  readonly layers: string;
  readonly architecture: Architecture;
  readonly epochs: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Share of each target spread over all classes. */
  readonly smoothing: number;
  readonly augment?: Augment;
}

/** A network that has learned. */
export interface Learned {
  readonly recipe: Recipe;
  /** Numbers it learned, those of the last layer included. */
  readonly parameters: number;
  readonly trainSeconds: number;
  /** Of all threads together. */
  readonly cpuSeconds: number;
  /** What stands before the last layer, for each row. */
  features(rows: Matrix<Float32Array>, run?: RunOptions): Promise<Matrix<Float32Array>>;
  /** Share of rows that the network itself tells rightly. */
  accuracy(rows: Matrix<Float32Array>, labels: ArrayLike<number>): number;
  /** The network as the bytes of a file, see loadEncoder(). */
  save(): Uint8Array;
  close(): void;
}

export interface LearnOptions extends RunOptions {
  seed: number;
  threads: number;
  /** Called after each epoch with its mean loss. */
  onEpoch?: (epoch: number, loss: number) => void;
}

/** Learns to tell the classes of rows by softmax and cross-entropy. The same seed gives the same network. */
export async function learn(
  recipe: Recipe,
  rows: Matrix<Float32Array>,
  labels: ArrayLike<number>,
  { seed, threads, onEpoch, signal, onProgress }: LearnOptions,
): Promise<Learned> {
  const { name, architecture, augment, epochs, batch, learningRate, weightDecay, smoothing } = recipe;
  const tape = createTape({ threads });
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  const encoder: Encoder = createEncoder(architecture, { tape, seed });
  try {
    const { head } = await fitClassifierAsync(encoder, rows, labels, {
      ...{ epochs, batch, learningRate, weightDecay, smoothing, seed },
      ...(augment === undefined ? {} : { augment }),
      ...(onEpoch === undefined ? {} : { onEpoch: ({ epoch, loss }) => onEpoch(epoch, loss) }),
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined
        ? {}
        : { onProgress: (p) => onProgress({ ...p, phase: `learn ${name}` }) }),
    });
    const { user, system } = process.cpuUsage(cpu);
    return {
      recipe,
      parameters: layers.parameterCount(head as { parameters: NamedParameters }),
      trainSeconds: (performance.now() - start) / 1000,
      cpuSeconds: (user + system) / 1e6,
      features: (some, run = {}) => encoder.encodeAsync(some, run),
      accuracy: (some, truth) => shareEqual(head.predict(some) as number[], truth),
      save: () => encoder.save(),
      close: () => tape.dispose(),
    };
  } catch (error) {
    tape.dispose();
    throw error;
  }
}

/** Rows scaled to length 1, so that L2 ranks them as cosine does; a copy. */
export function unitRows({ data, rows, cols, stride }: Matrix<Float32Array>): Matrix<Float32Array> {
  const out = new Float32Array(rows * cols);
  for (let i = 0; i < rows; i++) {
    let square = 0;
    for (let j = 0; j < cols; j++) square += data[i * stride + j]! ** 2;
    const length = Math.sqrt(square) || 1;
    for (let j = 0; j < cols; j++) out[i * cols + j] = data[i * stride + j]! / length;
  }
  return { data: out, rows, cols, stride: cols };
}
