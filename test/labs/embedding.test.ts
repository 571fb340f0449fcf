import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRng, type Matrix, matrix, row } from "../../src/core/index.ts";
import { type EmojiSet, loadEmoji } from "../../src/labs/emoji/dataset.ts";
import {
  type EmojiEmbedding,
  keptEmbedding,
  openEmbedding,
  recallAcrossStyles,
  trainEmbedding,
} from "../../src/labs/siamese/embedding.ts";
import { STYLES } from "../../src/labs/siamese/task.ts";

const cacheDir = mkdtempSync(join(tmpdir(), "vicinal-embedding-"));
afterAll(() => rmSync(cacheDir, { recursive: true, force: true }));

let set: EmojiSet;
let bytes: Uint8Array;
let learned: EmojiEmbedding;
const options = { cacheDir, epochs: 2, limit: 60 };
beforeAll(async () => {
  set = await loadEmoji();
  bytes = await trainEmbedding(set, options);
  learned = openEmbedding(bytes, set)!;
}, 120_000);

test("every drawing has a vector of length 1, which its picture gives again", () => {
  expect([learned.vectors.rows, learned.vectors.cols]).toEqual([set.drawings.length, 96]);
  const size = set.size * set.size * 3;
  for (const at of [0, 4000, set.drawings.length - 1]) {
    const vector = row(learned.vectors, at);
    expect(Math.hypot(...vector)).toBeCloseTo(1, 4);
    const again = learned.embed(set.pixels.slice(at * size, (at + 1) * size));
    for (const [i, value] of again.entries()) expect(value).toBeCloseTo(vector[i]!, 4);
  }
});

test("scores are of emoji that training did not see, a fifth of all", () => {
  const { raw, learned: gained, emoji, queries } = learned.scores;
  expect([emoji, queries]).toEqual([12, 60]);
  for (const share of [raw, gained]) expect(share * queries).toBeCloseTo(Math.round(share * queries), 6);
});

test("what is kept is what was trained, for a part of the drawings as well; damaged or of other settings it is not", async () => {
  const kept = await keptEmbedding(set, options);
  expect(kept!.vectors.data).toEqual(learned.vectors.data);
  expect(kept!.scores).toEqual(learned.scores);
  const own = set.drawings.slice(0, 100).reverse();
  const part = await keptEmbedding({ ...set, drawings: own }, options);
  expect(row(part!.vectors, 0)).toEqual(row(learned.vectors, 99));
  expect(await keptEmbedding(set, { ...options, seed: 2 })).toBeUndefined();
  expect(await keptEmbedding(set, { ...options, epochs: 3 })).toBeUndefined();
  const drawn = [{ ...set.drawings[0]!, name: "unheard-of" }];
  expect(await keptEmbedding({ ...set, drawings: drawn }, options)).toBeUndefined();
  const path = join(cacheDir, readdirSync(cacheDir)[0]!);
  const whole = readFileSync(path);
  writeFileSync(path, whole.subarray(0, -5));
  expect(await keptEmbedding(set, options)).toBeUndefined();
});

test("recall across styles is that of looking at every drawing of the other styles", async () => {
  const identities = 40;
  const rng = createRng(7, "places");
  const vectors: Matrix<Float32Array> = matrix(
    Float32Array.from(
      { length: identities * STYLES * 3 },
      (_, at) => Math.floor(at / (STYLES * 3)) + 3 * rng.normal(),
    ),
    3,
  );
  const asked = [0, 5, 17, 39];
  let right = 0;
  for (const identity of asked) {
    for (let style = 0; style < STYLES; style++) {
      const query = row(vectors, identity * STYLES + style);
      let best = Number.POSITIVE_INFINITY;
      let found = -1;
      for (let place = 0; place < vectors.rows; place++) {
        if (place % STYLES === style) continue;
        const distance = row(vectors, place).reduce((sum, x, j) => sum + (x - query[j]!) ** 2, 0);
        if (distance < best) [best, found] = [distance, Math.floor(place / STYLES)];
      }
      if (found === identity) right++;
    }
  }
  expect(right).toBeGreaterThan(0);
  expect(await recallAcrossStyles(vectors, asked, "l2")).toBeCloseTo(right / (asked.length * STYLES), 10);
});
