import { join } from "node:path";
import { cacheFolder, keepFile, readKept } from "#platform";
import { createTape, readSafetensors } from "../../autodiff/index.ts";
import { isVicinalError, type RunOptions } from "../../core/index.ts";
import {
  type Augment,
  augmentImages,
  type CnnArchitecture,
  createTwoTower,
  fitTwoTowerAsync,
  loadTwoTower,
  type TextTowerOptions,
  type TwoTower,
  type WordVectors,
} from "../../learn/index.ts";
import { checkpointFile } from "../checkpointFile.ts";
import type { EmojiSet } from "../emoji/dataset.ts";
import { EMOJI_STYLES, type EmojiStyle } from "../emoji/styles.ts";
import { type ClipEmoji, captionOf, imagesOf, rephrase } from "./pairs.ts";

/** Raise when the same call would train another model: kept models are of one recipe. */
const RECIPE = 1;

/** What a model is made of, and how long it learns. */
export interface ClipRecipe {
  readonly image: CnnArchitecture;
  readonly text: Omit<TextTowerOptions, "width">;
  /** Passes over the emoji, each with one of its pictures. */
  readonly epochs: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Share of pictures blended with another style's. */
  readonly blend: number;
}

export function clipRecipe(quick: boolean, wordVectors = 0): ClipRecipe {
  const image = {
    ...({ kind: "cnn", image: [32, 32, 3], width: 64, mean: 128, deviation: 64 } as const),
    stages: quick ? [8, 16, 32] : [16, 48, 96],
  };
  const steps = quick ? { epochs: 20, batch: 128 } : { epochs: 200, batch: 128 };
  return {
    image,
    text: { vectors: wordVectors },
    ...steps,
    learningRate: 1e-2,
    weightDecay: 0.05,
    blend: 0.5,
  };
}

/** How pictures are changed while learning. */
export const clipAugment = (): Augment =>
  augmentImages({
    ...{ image: [32, 32, 3], shift: 3, turn: 10, scale: 0.15, cutout: 8 },
    ...{ brightness: 0.1, contrast: 0.2, hue: 20, saturation: 0.3 },
  });

/** A model, and what it took. */
export interface TrainedClip {
  readonly model: TwoTower;
  readonly seconds: number;
  /** Of all threads together. */
  readonly cpuSeconds: number;
  readonly loss: number;
  /** Whether an earlier run had kept it. */
  readonly kept: boolean;
}

export interface TrainClipOptions extends RunOptions {
  /** The style that is not learned from. */
  readonly held: EmojiStyle;
  readonly seed: number;
  readonly quick: boolean;
  readonly threads: number;
  readonly words?: WordVectors;
  /** Whether keywords are part of the captions. */
  readonly keywords?: boolean;
  /** Folder for models; default the user's cache folder. */
  readonly cacheDir?: string;
}

/**
 * Learns from the pictures of known emoji in all styles but one. The model is kept, and found again by the next call;
 * a run that was stopped goes on where it was.
 */
export async function trainClip(
  set: EmojiSet,
  known: readonly ClipEmoji[],
  options: TrainClipOptions,
): Promise<TrainedClip> {
  const { held, seed, quick, threads, words, keywords = false, signal, onProgress } = options;
  const folder = options.cacheDir ?? cacheFolder("clip");
  const extras = `${words === undefined ? "" : `-words${words.dimension}`}${keywords ? "-keywords" : ""}`;
  const name = `clip-r${RECIPE}-${held}-s${seed}${quick ? "-quick" : ""}${extras}`;
  const path = folder === undefined ? undefined : join(folder, `${name}.safetensors`);
  const tape = createTape({ threads });
  const found = path === undefined ? undefined : await readKept(path);
  if (found !== undefined) {
    const kept = reopen(found, { tape, ...(words && { words }) });
    if (kept !== undefined) return kept;
  }
  const { image, text, ...fit } = clipRecipe(quick, words?.dimension ?? 0);
  const model = createTwoTower({ image, text, seed, tape, ...(words && { words }) });
  const styles = EMOJI_STYLES.filter((style) => style !== held);
  const pairs = known.flatMap((emoji) => styles.map((style) => ({ emoji, picture: emoji.picture[style] })));
  const checkpoint = path === undefined ? undefined : checkpointFile(`${path}.run`);
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  const given = {
    images: imagesOf(
      set,
      pairs.map(({ picture }) => picture),
    ),
    texts: pairs.map(({ emoji }) => captionOf(emoji)),
    subjects: pairs.map(({ emoji }) => emoji.code),
  };
  const train = (resume: Uint8Array | undefined) =>
    fitTwoTowerAsync(model, given, {
      ...{ ...fit, seed, augment: clipAugment(), rephrase, clip: { norm: 5 } },
      ...(checkpoint && { checkpoint: { every: 100, save: checkpoint.save } }),
      ...(resume && { resume }),
      ...(signal && { signal }),
      ...(onProgress && { onProgress: (p) => onProgress({ ...p, phase: `learn without ${held}` }) }),
    });
  const report = await train(checkpoint?.load()).catch((error: unknown) => {
    // A checkpoint of another recipe, or damaged: begin anew.
    if (isVicinalError(error, "FORMAT") || isVicinalError(error, "BAD_INPUT")) return train(undefined);
    throw error;
  });
  const { user, system } = process.cpuUsage(cpu);
  const took = {
    seconds: (performance.now() - start) / 1000,
    cpuSeconds: (user + system) / 1e6,
    loss: report.loss,
  };
  if (path !== undefined) await keepFile(path, model.save({ took: JSON.stringify(took) }));
  checkpoint?.remove();
  return { model, ...took, kept: false };
}

function reopen(bytes: Uint8Array, options: Parameters<typeof loadTwoTower>[1]): TrainedClip | undefined {
  try {
    const model = loadTwoTower(bytes, options);
    const took = JSON.parse(readSafetensors(bytes).metadata["took"] ?? "{}") as Omit<
      TrainedClip,
      "model" | "kept"
    >;
    return { model, ...took, kept: true };
  } catch {
    return undefined;
  }
}
