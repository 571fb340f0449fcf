import type { RunOptions } from "../../core/index.ts";
import type { FeatureSpace } from "../protocol.ts";
import type { Feature, Vectors } from "./dataSet.ts";

/** What a network made of a set. */
interface Learned {
  readonly vectors: Vectors;
  /** Of raw pixels and of the space: the same task. */
  readonly scores: { readonly raw: number; readonly learned: number };
  embed(pixels: Uint8Array): Float32Array;
}

interface Learning<L extends Learned> {
  readonly title: string;
  readonly dimension: number;
  /** What the scores say. */
  readonly score: string;
  /** About as long as training takes on two idle processors. */
  readonly seconds: number;
  noteOf(learned: L | undefined): string;
  train(run: RunOptions): Promise<L | undefined>;
}

/** A space beside raw pixels, and how these do on its task: nothing until it is learned. */
export interface LearnedSpace {
  readonly feature: Feature;
  pixelScores(): Pick<FeatureSpace, "scores">;
}

/** The space that a network learns, there already where it was trained before. */
export function learnedSpace<L extends Learned>(before: L | undefined, learning: Learning<L>): LearnedSpace {
  const { title, dimension, score, seconds } = learning;
  let learned = before;
  const scores = (which: "raw" | "learned"): Pick<FeatureSpace, "scores"> =>
    learned === undefined ? {} : { scores: [{ name: score, value: learned.scores[which] }] };
  return {
    pixelScores: () => scores("raw"),
    feature: {
      name: "learned",
      describe: () => ({
        ...{ name: "learned", title, dimension, dtype: "f32", note: learning.noteOf(learned) },
        ...{ metrics: ["cosine", "l2"], maps: ["umap", "pca"], embeds: true },
        ...scores("learned"),
        ...(learned === undefined ? { toMake: { seconds } } : {}),
      }),
      vectors: () => learned?.vectors,
      async make({ signal, onProgress }) {
        learned = await learning.train({ signal, onProgress });
      },
      embed: (pixels) => learned!.embed(pixels),
    },
  };
}
