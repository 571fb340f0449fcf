import { join } from "node:path";
import { cacheFolder } from "#platform";
import {
  createTape,
  type layers,
  loadWeights,
  readSafetensors,
  type Tape,
  tensorsOf,
  writeSafetensors,
} from "../../autodiff/index.ts";
import { type Matrix, matrix, type RunOptions, runAsync, runSync } from "../../core/index.ts";
import { create } from "../../indexes/index.ts";
import type { EmojiSet } from "../emoji/dataset.ts";
import { EMOJI_STYLES } from "../emoji/styles.ts";
import { pixelVectors } from "../emoji/vectors.ts";
import { keepChecked, readChecked } from "../kept.ts";
import { workThreads } from "../machine.ts";
import { gather } from "../rows.ts";
import { emojiEncoder, SHAPE } from "./encoder.ts";
import { AUGMENTATION, inksOf } from "./pictures.ts";
import { type EmojiTask, emojiTask, STYLES, splitOf } from "./task.ts";
import { embed, type Trained, trainEncoder } from "./training.ts";

/** How often the nearest drawing by another hand shows the same emoji, of emoji that training never saw. */
export interface EmbeddingScores {
  readonly raw: number;
  readonly learned: number;
  /** Emoji never seen, each asked for in every style. */
  readonly emoji: number;
  readonly queries: number;
}

/** A space in which drawings of the same emoji are near each other, whoever drew them. */
export interface EmojiEmbedding {
  /** Of unit length, one for each drawing of the set; compared by cosine. */
  readonly vectors: Matrix<Float32Array>;
  readonly scores: EmbeddingScores;
  /** What training took, seconds. */
  readonly trainSeconds: number;
  /** The vector of another picture, size × size × 3 over white. */
  embed(pixels: Uint8Array): Float32Array;
}

export interface EmbeddingOptions extends RunOptions {
  /** Folder for the trained network; default the user's cache folder. */
  cacheDir?: string | undefined;
  seed?: number;
  /** Passes over the emoji, and how many of these to take; for tests. */
  epochs?: number;
  limit?: number;
}

const SETTINGS = { method: "N-pair", identities: 32, learningRate: 0.01 } as const;
const EPOCHS = 12;
/** Raise with whatever else changes the network. */
const VERSION = 1;

/** The embedding of an earlier training, if it is kept and knows all drawings of the set. */
export async function keptEmbedding(
  set: EmojiSet,
  options: EmbeddingOptions = {},
): Promise<EmojiEmbedding | undefined> {
  const { path, key } = placeOf(set, options);
  const bytes = path === undefined ? undefined : await readChecked(path, key);
  return bytes && openEmbedding(bytes, set);
}

/**
 * Trains a small network on all styles of a set, a fifth of the emoji apart, and keeps it; some 15 seconds for the five
 * styles. Answers its bytes for {@link openEmbedding}.
 */
export async function trainEmbedding(set: EmojiSet, options: EmbeddingOptions = {}): Promise<Uint8Array> {
  const { seed = 1, epochs = EPOCHS, limit, signal, onProgress } = options;
  const start = performance.now();
  const task = emojiTask(set, limit);
  const split = splitOf(task, seed);
  const inks = inksOf(set);
  const said =
    onProgress && ((p: { done: number; total: number }) => onProgress({ ...p, phase: "learn emoji" }));
  const job = trainEncoder(task, inks, split, { ...SETTINGS, seed, epochs, threads: workThreads() });
  const trained = await runAsync(job, { signal, onProgress: said });
  try {
    const trainSeconds = (performance.now() - start) / 1000;
    const vectors = await runAsync(embed(inks, trained, [...set.drawings.keys()]), { signal, onProgress });
    const scores = await scoresOf(task, split.unseen, vectors, { signal });
    const told = { scores, trainSeconds, drawings: set.drawings.map(nameOf), size: set.size };
    const metadata = { emoji: JSON.stringify(told) };
    const rows = { shape: [vectors.rows, vectors.cols], data: vectors.data };
    const bytes = writeSafetensors({ ...tensorsOf(trained.encoder.parameters), vectors: rows }, metadata);
    const { path, key } = placeOf(set, options);
    if (path !== undefined) await keepChecked(path, key, bytes);
    return bytes;
  } finally {
    trained.tape.dispose();
  }
}

/** What {@link trainEmbedding} gave, for a set whose drawings were all among those it was trained with; else undefined. */
export function openEmbedding(bytes: Uint8Array, set: EmojiSet): EmojiEmbedding | undefined {
  const { tensors, metadata } = readSafetensors(bytes, "emoji embedding");
  const { scores, trainSeconds, drawings, size } = JSON.parse(metadata["emoji"] ?? "{}") as {
    scores: EmbeddingScores;
    trainSeconds: number;
    drawings: string[];
    size: number;
  };
  const rowOf = new Map(drawings.map((name, i) => [name, i]));
  const rows = set.drawings.map((drawing) => rowOf.get(nameOf(drawing)) ?? -1);
  if (size !== set.size || rows.includes(-1)) return undefined;
  const all = tensors.get("vectors")!;
  const vectors = gather(matrix(all.values() as Float32Array, all.shape[1]!, all.shape[0]!), rows);
  let network: Pick<Trained, "tape" | "encoder"> | undefined;
  return {
    ...{ vectors, scores, trainSeconds },
    embed(pixels) {
      network ??= networkOf(bytes);
      const inks = inksOf({ ...set, drawings: set.drawings.slice(0, 1), pixels });
      return runSync(embed(inks, network, [0])).data;
    },
  };
}

function networkOf(bytes: Uint8Array): { tape: Tape; encoder: layers.Layer } {
  const tape = createTape();
  const encoder = emojiEncoder(tape, 0);
  loadWeights(encoder.parameters, bytes);
  return { tape, encoder };
}

const nameOf = ({ style, name }: EmojiSet["drawings"][number]): string => `${style}:${name}`;

function placeOf(
  { renderer }: EmojiSet,
  { cacheDir, seed = 1, epochs = EPOCHS, limit }: EmbeddingOptions,
): { path: string | undefined; key: Uint8Array } {
  const folder = cacheDir ?? cacheFolder("emoji");
  // A shortened training does not take the place of a whole one.
  const short = epochs === EPOCHS && limit === undefined ? "" : `-${epochs}-${limit ?? "all"}`;
  const settings = { VERSION, SETTINGS, SHAPE, AUGMENTATION, renderer, seed, epochs, limit };
  return {
    path: folder === undefined ? undefined : join(folder, `embedding-seed${seed}${short}.safetensors`),
    key: new TextEncoder().encode(JSON.stringify(settings)),
  };
}

async function scoresOf(
  task: EmojiTask,
  unseen: Int32Array,
  vectors: Matrix<Float32Array>,
  { signal }: RunOptions,
): Promise<EmbeddingScores> {
  const places = [...task.drawings];
  const raw = await recallAcrossStyles(pixelVectors(task.set, { rows: places }), unseen, "l2", signal);
  const learned = await recallAcrossStyles(gather(vectors, places), unseen, "cosine", signal);
  return { raw, learned, emoji: unseen.length, queries: unseen.length * STYLES };
}

/**
 * Share of drawings whose nearest among those by other hands is of the same emoji.
 *
 * @param vectors one for each identity and style, row-major
 */
export async function recallAcrossStyles(
  vectors: Matrix<Float32Array>,
  identities: ArrayLike<number>,
  metric: "l2" | "cosine",
  signal?: AbortSignal,
): Promise<number> {
  const all = Array.from({ length: vectors.rows }, (_, place) => place);
  let right = 0;
  for (let style = 0; style < STYLES; style++) {
    const gallery = all.filter((place) => place % STYLES !== style);
    const queries = Array.from(identities, (identity) => identity * STYLES + style);
    const index = create<number>("Flat", { dimension: vectors.cols, metric });
    try {
      await index.addAsync(gather(vectors, gallery), { keys: gallery, signal });
      const found = await index.searchAsync(gather(vectors, queries), { k: 1, signal });
      for (const [q, place] of queries.entries()) {
        if (Math.floor(found.key(q, 0) / STYLES) === Math.floor(place / STYLES)) right++;
      }
    } finally {
      index.close();
    }
  }
  return right / Math.max(1, identities.length * EMOJI_STYLES.length);
}
