import { createRng, type Matrix, permutation, type Rng } from "../../core/index.ts";
import type { EmojiSet } from "../emoji/dataset.ts";
import { EMOJI_STYLES, type EmojiStyle } from "../emoji/styles.ts";

/** An emoji that every style has a picture of, and what is said of it. */
export interface ClipEmoji {
  readonly code: string;
  /** Shared by variants of tone and gender: they never straddle a split. */
  readonly identity: string;
  readonly name: string;
  readonly group: string;
  /** Words that also describe it; none unless keywords are at hand. */
  readonly keywords: readonly string[];
  /** Which picture of the set each style's is. */
  readonly picture: Readonly<Record<EmojiStyle, number>>;
}

/** The emoji of which each of the five styles has a picture, by code. */
export function commonEmoji(
  set: EmojiSet,
  keywords: ReadonlyMap<string, readonly string[]> = new Map(),
): ClipEmoji[] {
  const byCode = new Map<string, Partial<Record<EmojiStyle, number>>>();
  for (const [i, { code, style }] of set.drawings.entries()) {
    if (code !== null) byCode.set(code, { ...byCode.get(code), [style]: i });
  }
  const whole = [...byCode].filter(([, picture]) => EMOJI_STYLES.every((style) => style in picture));
  return whole
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, picture]) => {
      const { identity, name, group } = set.drawings[picture.twemoji!]!;
      return {
        ...{ code, identity, name: name.replaceAll("-", " "), group },
        keywords: keywords.get(code) ?? [],
        picture: picture as Record<EmojiStyle, number>,
      };
    });
}

/** Emoji to learn from, and others that are never seen. */
export interface ClipSplit {
  readonly known: readonly ClipEmoji[];
  readonly unseen: readonly ClipEmoji[];
}

/** Keeps a share of the identities out, drawn by the seed. */
export function splitEmoji(emoji: readonly ClipEmoji[], seed: number, share = 0.2): ClipSplit {
  const identities = [...new Set(emoji.map(({ identity }) => identity))];
  const order = permutation(identities.length, createRng(seed, "clip never seen"));
  const held = new Set([...order.slice(0, Math.round(share * identities.length))].map((i) => identities[i]!));
  return {
    known: emoji.filter(({ identity }) => !held.has(identity)),
    unseen: emoji.filter(({ identity }) => held.has(identity)),
  };
}

/** What is said of an emoji: "red apple; Food & Drink", then keywords, if any. */
export function captionOf({ name, group, keywords }: ClipEmoji): string {
  return [name, group, ...(keywords.length > 0 ? [keywords.join(" ")] : [])].join("; ");
}

/** Leaves words out at random, so that none is needed: a fifth of the name's, the group in a third, half the keywords. */
export function rephrase(caption: string, rng: Rng): string {
  const [name, group, keywords = ""] = caption.split("; ") as [string, string, string?];
  const keep = (text: string, share: number): string[] =>
    text.split(" ").filter((word) => word !== "" && rng.next() < share);
  const words = keep(name, 0.8);
  return [
    ...(words.length > 0 ? words : [name]),
    ...(rng.next() < 2 / 3 ? [group] : []),
    ...keep(keywords, 0.5),
  ].join(" ");
}

/** Pictures as rows of RGB, 0 … 255. */
export function imagesOf({ size, pixels }: EmojiSet, pictures: readonly number[]): Matrix {
  const cols = size * size * 3;
  const data = new Float32Array(pictures.length * cols);
  pictures.forEach((picture, i) => {
    data.set(pixels.subarray(picture * cols, (picture + 1) * cols), i * cols);
  });
  return { data, rows: pictures.length, cols, stride: cols };
}
