import type { EmojiSet } from "../emoji/dataset.ts";
import type { EmojiStyle } from "../emoji/styles.ts";
import type { LabFacts } from "../options.ts";
import type { Recalls } from "./measure.ts";

/** Recall in both directions between texts and the pictures of one gallery. */
export interface BothWays {
  readonly textToImage: Recalls;
  readonly imageToText: Recalls;
}

/** One model: a style and a fifth of the emoji that it never saw. */
export interface ClipRun {
  readonly held: EmojiStyle;
  readonly seed: number;
  readonly known: number;
  readonly unseen: number;
  /** What the captions hold beside name and group. */
  readonly extras: readonly string[];
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly loss: number;
  readonly temperature: number;
  /** Known emoji in the style that was never seen. */
  readonly knownInHeldStyle: BothWays;
  /** Emoji that were never seen, in that style. */
  readonly unseenInHeldStyle: BothWays;
  /** Emoji that were never seen, in each style that was learned from, averaged. */
  readonly unseenInKnownStyles: BothWays;
  /** What who knows the group of each emoji never seen and nothing else would reach, for each k. */
  readonly groupAlone: Readonly<Record<number, number>>;
}

/** A text with the pictures nearest to it. */
export interface ClipAnswer {
  readonly text: string;
  readonly near: readonly {
    readonly name: string;
    readonly style: EmojiStyle;
    readonly cosine: number;
    /** The emoji that the text is the caption of. */
    readonly right: boolean;
    /** Picture of the set. */
    readonly picture: number;
  }[];
}

export interface ClipLabResults extends LabFacts {
  readonly lab: "clip";
  readonly threads: number;
  readonly emoji: number;
  readonly parameters: number;
  readonly runs: readonly ClipRun[];
  /** The first run again with more in the captions, where it is at hand. */
  readonly variants: readonly ClipRun[];
  readonly queries: readonly ClipAnswer[];
  readonly examples: readonly ClipAnswer[];
  readonly credits: EmojiSet["credits"];
}
