import { join } from "node:path";
import { cacheFolder } from "#platform";
import { readSafetensors, writeSafetensors } from "../../autodiff/index.ts";
import { type Matrix, matrix, type RunOptions } from "../../core/index.ts";
import { loadEncoder } from "../../learn/index.ts";
import { keepChecked, readChecked } from "../kept.ts";
import { learn } from "../learned.ts";
import { workThreads } from "../machine.ts";
import { accuracyOfNeighbours } from "../neighbourAccuracy.ts";
import { gather } from "../rows.ts";
import { cnnRecipe, STAGES } from "./networks.ts";

/** Pictures of clothes, those to learn from first. */
export interface FashionRows {
  /** Grey values 0 to 255. */
  readonly pixels: Matrix<Float32Array>;
  readonly labels: ArrayLike<number>;
  /** Rows from this one on are for testing. */
  readonly train: number;
}

/** How often the five nearest pictures to learn from tell the class of pictures for testing. */
export interface FashionScores {
  readonly raw: number;
  readonly learned: number;
  readonly queries: number;
}

/** A space that a network learned to tell clothes apart by. */
export interface FashionEmbedding {
  /** One vector for each picture, compared by cosine. */
  readonly vectors: Matrix<Float32Array>;
  readonly scores: FashionScores;
  readonly trainSeconds: number;
  /** The vector of another picture. */
  embed(pixels: ArrayLike<number>): Float32Array;
}

export interface FashionEmbeddingOptions extends RunOptions {
  /** Default the user's cache folder. */
  cacheDir?: string | undefined;
  /** Of training; for tests. */
  epochs?: number;
}

export const FASHION_WIDTH = 64;
const EPOCHS = 4;
const SEED = 1;
/** Raise with whatever else changes the network. */
const VERSION = 1;
const K = 5;
/** Pictures that are told, spread over those for testing. */
const TOLD = 1000;

/** The space of an earlier training, if it is kept. */
export async function keptFashion(
  rows: Pick<FashionRows, "pixels" | "train">,
  options: FashionEmbeddingOptions = {},
): Promise<FashionEmbedding | undefined> {
  const { path, key } = placeOf(rows, options);
  const bytes = path === undefined ? undefined : await readChecked(path, key);
  return bytes && openFashion(bytes);
}

/** Trains a small convolutional network, keeps it with all vectors, and answers the bytes for {@link openFashion}. */
export async function trainFashion(
  rows: FashionRows,
  options: FashionEmbeddingOptions = {},
): Promise<Uint8Array> {
  const { epochs = EPOCHS, signal, onProgress } = options;
  const { pixels, labels, train } = rows;
  const threads = workThreads();
  const seen = { ...pixels, rows: train };
  const seenLabels = Array.from({ length: train }, (_, i) => labels[i]!);
  const recipe = cnnRecipe(seen, epochs, FASHION_WIDTH, STAGES.small);
  const learned = await learn(recipe, seen, seenLabels, { seed: SEED, threads, signal, onProgress });
  try {
    const vectors = await learned.features(pixels, { signal, onProgress });
    const run = { threads, signal, onProgress };
    const raw = await accuracyOf(pixels, rows, "l2", run);
    const gained = await accuracyOf(vectors, rows, "cosine", run);
    const queries = Math.min(TOLD, pixels.rows - train);
    const scores: FashionScores = { raw, learned: gained, queries };
    const metadata = { fashion: JSON.stringify({ scores, trainSeconds: learned.trainSeconds }) };
    const tensors = {
      encoder: { shape: [learned.save().length], data: learned.save() },
      vectors: { shape: [vectors.rows, vectors.cols], data: vectors.data },
    };
    const bytes = writeSafetensors(tensors, metadata);
    const { path, key } = placeOf(rows, options);
    if (path !== undefined) await keepChecked(path, key, bytes);
    return bytes;
  } finally {
    learned.close();
  }
}

/** What {@link trainFashion} gave. */
export function openFashion(bytes: Uint8Array): FashionEmbedding {
  const { tensors, metadata } = readSafetensors(bytes, "fashion embedding");
  const told = JSON.parse(metadata["fashion"]!) as Pick<FashionEmbedding, "scores" | "trainSeconds">;
  const all = tensors.get("vectors")!;
  let encoder: ReturnType<typeof loadEncoder> | undefined;
  return {
    ...told,
    vectors: matrix(all.values() as Float32Array, all.shape[1]!, all.shape[0]!),
    embed(pixels) {
      encoder ??= loadEncoder(tensors.get("encoder")!.bytes);
      return encoder.encode(Float32Array.from(pixels)).data.slice();
    },
  };
}

async function accuracyOf(
  vectors: Matrix<Float32Array>,
  { labels, train }: FashionRows,
  metric: "l2" | "cosine",
  { threads, signal, onProgress }: RunOptions & { threads: number },
): Promise<number> {
  const count = Math.min(TOLD, vectors.rows - train);
  const asked = Array.from(
    { length: count },
    (_, i) => train + Math.floor((i * (vectors.rows - train)) / count),
  );
  const { rows } = await accuracyOfNeighbours(
    {
      base: { ...vectors, rows: train },
      baseLabels: Array.from({ length: train }, (_, i) => labels[i]!),
      queries: gather(vectors, asked),
      queryLabels: asked.map((i) => labels[i]!),
    },
    [K],
    { metric, threads, signal, onProgress },
  );
  return rows[0]!.accuracy;
}

function placeOf(
  { pixels, train }: Pick<FashionRows, "pixels" | "train">,
  { cacheDir, epochs = EPOCHS }: FashionEmbeddingOptions,
): { path: string | undefined; key: Uint8Array } {
  const folder = cacheDir ?? cacheFolder("fashion");
  const settings = { VERSION, SEED, STAGES, FASHION_WIDTH, TOLD, K, epochs, rows: pixels.rows, train };
  return {
    path: folder === undefined ? undefined : join(folder, `embedding-${pixels.rows}-${epochs}.safetensors`),
    key: new TextEncoder().encode(JSON.stringify(settings)),
  };
}
