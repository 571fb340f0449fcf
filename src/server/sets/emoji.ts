import { type Matrix, matrix, turn } from "../../core/index.ts";
import { EMOJI_GROUPS } from "../../labs/emoji/catalogue.ts";
import { type EmojiSet, loadEmoji } from "../../labs/emoji/dataset.ts";
import { EMOJI_STYLES, type EmojiStyle, STYLE_LABELS } from "../../labs/emoji/styles.ts";
import { pixelVectors } from "../../labs/emoji/vectors.ts";
import { share } from "../../labs/numbers.ts";
import { type EmojiEmbedding, keptEmbedding, openEmbedding } from "../../labs/siamese/embedding.ts";
import { SHAPE } from "../../labs/siamese/encoder.ts";
import { runHeavy } from "../heavy/run.ts";
import { type DataSet, type Feature, givenFeature, type LoadedSet, propertyOf } from "./dataSet.ts";
import { learnedSpace } from "./learnedSpace.ts";

/** Pictures are averaged to this side before they are compared. */
const SIDE = 16;
/** Pictures averaged before others have a turn. */
const AT_ONCE = 500;

export const EMOJI: DataSet = emojiSet("emoji", "Emoji, five styles", EMOJI_STYLES);

/** One style alone: small enough to be searched in a page. */
export const EMOJI_TWEMOJI: DataSet = emojiSet("emoji-twemoji", "Emoji, Twemoji alone", ["twemoji"]);

function emojiSet(name: string, title: string, styles: readonly EmojiStyle[]): DataSet {
  return {
    ...{ name, title, kind: "pictures" },
    load: async ({ cacheDir, signal, onProgress }) =>
      loaded(await loadEmoji({ styles, cacheDir, signal, onProgress }), cacheDir),
  };
}

async function loaded(set: EmojiSet, cacheDir: string | undefined): Promise<LoadedSet> {
  const { drawings, pixels, size } = set;
  const styles = [...new Set(drawings.map(({ style }) => style))];
  const nameOf = new Map<string, string>();
  for (const { identity, name } of drawings) if (!nameOf.has(identity)) nameOf.set(identity, spoken(name));
  return {
    count: drawings.length,
    note:
      styles.length === 1
        ? "Drawings of one style; neighbours are emoji that look alike."
        : "Drawings of the same emoji by five hands; neighbours may be alike in what they show or in how they are drawn.",
    titles: drawings.map(({ name }) => spoken(name)),
    properties: [
      propertyOf(
        "style",
        drawings.map(({ style }) => STYLE_LABELS[style]),
        styles.map((style) => STYLE_LABELS[style]),
      ),
      propertyOf(
        "group",
        drawings.map(({ group }) => group),
        EMOJI_GROUPS,
      ),
      propertyOf(
        "emoji",
        drawings.map(({ identity }) => nameOf.get(identity)),
      ),
    ],
    credits: set.credits.map(
      ({ title, author, licence, home }) => `${title} by ${author}, ${licence}, ${home}`,
    ),
    pictures: { side: size, channels: 3, pixels },
    features: await featuresOf(set, cacheDir),
  };
}

const spoken = (name: string): string => name.replaceAll("-", " ");

/** Raw pixels, and the space that a small network learns from all styles: there when it was trained before. */
async function featuresOf(set: EmojiSet, cacheDir: string | undefined): Promise<Feature[]> {
  const learned = learnedSpace(await keptEmbedding(set, { cacheDir }), {
    title: "Learned: same emoji, any style",
    dimension: SHAPE.width,
    score: "nearest by another hand is the same emoji",
    seconds: 20,
    noteOf,
    train: async (run) => openEmbedding(await runHeavy("learnEmoji", { cacheDir }, run), set),
  });
  const pixels = givenFeature(
    {
      name: "pixels",
      title: "Raw pixels",
      note: `Red, green and blue of each picture averaged to ${SIDE} × ${SIDE}.`,
      metrics: ["l2", "l1", "cosine"],
      maps: ["umap", "pca"],
      pixels: { side: SIDE, channels: 3 },
    },
    await wholeNumbers(set),
    (picture) =>
      pixelVectors({ ...set, drawings: set.drawings.slice(0, 1), pixels: picture }, { side: SIDE }).data,
  );
  return [
    { ...pixels, describe: () => ({ ...pixels.describe(), ...learned.pixelScores() }) },
    learned.feature,
  ];
}

function noteOf(learned: EmojiEmbedding | undefined): string {
  const what = `${SHAPE.width} numbers of a small network that saw the same emoji by five hands`;
  if (learned === undefined) return `${what}.`;
  const { raw, learned: gained, emoji, queries } = learned.scores;
  return (
    `${what}. Of ${emoji} emoji that it never saw, ${queries} drawings, the nearest by another hand is the same emoji ` +
    `for ${share(gained, 2)}; by raw pixels for ${share(raw, 2)}.`
  );
}

/** Rounded to bytes: a quarter of the size, and the same numbers in the server as in a page. */
async function wholeNumbers(set: EmojiSet): Promise<Matrix<Uint8Array>> {
  const cols = SIDE * SIDE * 3;
  const out = new Uint8Array(set.drawings.length * cols);
  for (let from = 0; from < set.drawings.length; from += AT_ONCE) {
    const count = Math.min(AT_ONCE, set.drawings.length - from);
    const { data } = pixelVectors(set, {
      side: SIDE,
      rows: Array.from({ length: count }, (_, i) => from + i),
    });
    for (let i = 0; i < data.length; i++) out[from * cols + i] = Math.round(data[i]!);
    await turn();
  }
  return matrix(out, cols, set.drawings.length);
}
