import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRng, type Matrix } from "../../src/core/index.ts";
import { runClipLab } from "../../src/labs/clip/lab.ts";
import { groupAlone, recallOf } from "../../src/labs/clip/measure.ts";
import { type ClipEmoji, captionOf, commonEmoji, rephrase, splitEmoji } from "../../src/labs/clip/pairs.ts";
import type { ClipLabResults } from "../../src/labs/clip/results.ts";
import { wordVectorsOf } from "../../src/labs/clip/sources.ts";
import { emojiCacheDir } from "../../src/labs/emoji/cache.ts";
import { type EmojiSet, loadEmoji } from "../../src/labs/emoji/dataset.ts";

let folder = "";
let set: EmojiSet;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vicinal-clip-"));
  // Pictures as the user's cache has them; models go into a folder of their own.
  set = await loadEmoji();
  await cp(emojiCacheDir()!, join(folder, "cache"), { recursive: true });
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("emoji and their captions", () => {
  test("each common emoji has its own picture in every style, and a caption of its own", () => {
    const emoji = commonEmoji(set);
    expect(emoji.length).toBeGreaterThan(1000);
    for (const { code, picture } of emoji) {
      for (const [style, row] of Object.entries(picture))
        expect(set.drawings[row]).toMatchObject({ code, style });
    }
    expect(new Set(emoji.map(captionOf)).size).toBe(emoji.length);
    expect(captionOf(emoji.find(({ code }) => code === "1f34e")!)).toBe("red apple; Food & Drink");
  });

  test("no identity is on both sides of a split, which the seed decides", () => {
    const emoji = commonEmoji(set);
    const { known, unseen } = splitEmoji(emoji, 3);
    const identities = new Set(known.map(({ identity }) => identity));
    expect(unseen.some(({ identity }) => identities.has(identity))).toBe(false);
    expect(known.length + unseen.length).toBe(emoji.length);
    expect(unseen.length / emoji.length).toBeCloseTo(0.2, 1.5);
    expect(splitEmoji(emoji, 3)).toEqual({ known, unseen });
    expect(splitEmoji(emoji, 4).unseen).not.toEqual(unseen);
  });

  test("texts said otherwise have some of the words and never none of the name", () => {
    const rng = createRng(1);
    const seen = new Set<string>();
    for (let i = 0; i < 200; i++) {
      const words = rephrase("red apple; Food & Drink; fruit", rng).split(" ");
      expect(words.some((word) => ["red", "apple"].includes(word))).toBe(true);
      for (const word of words) expect(["red", "apple", "Food", "&", "Drink", "fruit"]).toContain(word);
      seen.add(words.join(" "));
    }
    expect(seen.size).toBeGreaterThan(6);
  });
});

test("recall counts a query when its own row is among the k nearest by cosine", () => {
  const rng = createRng(2, "recall");
  const random = (rows: number): Matrix => ({
    data: Float32Array.from({ length: rows * 4 }, () => rng.normal()),
    ...{ rows, cols: 4, stride: 4 },
  });
  const [queries, gallery] = [random(30), random(30)];
  const cosine = (i: number, j: number): number => {
    let [dot, aa, bb] = [0, 0, 0];
    for (let c = 0; c < 4; c++) {
      const [a, b] = [queries.data[i * 4 + c]!, gallery.data[j * 4 + c]!];
      [dot, aa, bb] = [dot + a * b, aa + a * a, bb + b * b];
    }
    return dot / Math.sqrt(aa * bb);
  };
  const places = Array.from({ length: 30 }, (_, i) => {
    return Array.from({ length: 30 }, (_, j) => cosine(i, j)).filter((s) => s > cosine(i, i)).length;
  });
  const want = Object.fromEntries([1, 5, 10].map((k) => [k, places.filter((p) => p < k).length / 30]));
  expect(recallOf(queries, gallery)).toEqual({ queries: 30, gallery: 30, recall: want });
});

test("who knows the group alone finds one of n with chance k / n", () => {
  const emoji = ["a", "a", "a", "a", "b"].map((group) => ({ group })) as unknown as ClipEmoji[];
  expect(groupAlone(emoji, 2)).toBeCloseTo((4 * 0.5 + 1) / 5, 12);
});

test("word vectors of a file have length 1 and are found by words in any case; files without names are refused", async () => {
  const path = join(folder, "words.txt");
  await writeFile(path, "2 2\nRed 3 4\nsea 0 -2\n");
  const words = await wordVectorsOf(path);
  expect(words.dimension).toBe(2);
  const red = words.get("red")!;
  for (const [i, want] of [0.6, 0.8].entries()) expect(red[i]).toBeCloseTo(want, 6);
  expect([...Array.from(words.get("sea")!)].map(Math.abs)).toEqual([0, 1]);
  expect(words.get("blue")).toBeUndefined();
  const plain = join(folder, "plain.fvecs");
  await writeFile(plain, Uint8Array.of(1, 0, 0, 0, 0, 0, 128, 63));
  await expect(wordVectorsOf(plain)).rejects.toMatchObject({ code: "BAD_INPUT" });
});

describe("lab clip", () => {
  const run = async (out: string, queries: string[]): Promise<ClipLabResults> => {
    const folders = { out: join(folder, out), cacheDir: join(folder, "cache") };
    return (await runClipLab({ ...folders, quick: true, seed: 2, queries })).results;
  };

  test("a quick run is far better than chance, writes its report, and finds its model again", async () => {
    const first = await run("first", ["red heart", "zzzz"]);
    const { knownInHeldStyle, unseenInKnownStyles, known, unseen } = first.runs[0]!;
    expect(known + unseen).toBe(first.emoji);
    expect(knownInHeldStyle.textToImage.gallery).toBe(known);
    expect(knownInHeldStyle.textToImage.recall[10]).toBeGreaterThan(0.28);
    expect(knownInHeldStyle.imageToText.recall[10]).toBeGreaterThan(0.28);
    expect(unseenInKnownStyles.textToImage.recall[10]).toBeGreaterThan((3 * 10) / unseen);
    expect(first.queries.map(({ text }) => text)).toEqual(["red heart", "zzzz"]);
    expect(first.queries[0]!.near).toHaveLength(10);
    expect(first.examples.every(({ near }) => near.filter((n) => n.right).length <= 1)).toBe(true);
    const html = await readFile(join(folder, "first", "report.html"), "utf8");
    for (const part of ["red heart", "Recall@10", "OpenMoji", "Drawings and licences"])
      expect(html).toContain(part);
    expect(html).not.toMatch(/NaN|undefined/);
    const models = (await readdir(join(folder, "cache"))).filter((name) => name.startsWith("clip-"));
    expect(models).toHaveLength(1);
    const again = await run("again", ["red heart"]);
    expect(again.runs).toEqual(first.runs);
    expect(again.queries[0]).toEqual(first.queries[0]);
  }, 60_000);
});
