import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRng, matrix, row } from "../../src/core/index.ts";
import {
  type FashionEmbedding,
  type FashionRows,
  keptFashion,
  openFashion,
  trainFashion,
} from "../../src/labs/fashion/embedding.ts";

const cacheDir = mkdtempSync(join(tmpdir(), "vicinal-fashion-"));
afterAll(() => rmSync(cacheDir, { recursive: true, force: true }));

/** Bars at one of ten heights, with noise. */
function bars(count: number): FashionRows {
  const rng = createRng(5, "bars");
  const labels = Array.from({ length: count }, (_, i) => i % 10);
  const data = new Float32Array(count * 784);
  for (const [i, label] of labels.entries()) {
    for (let at = 0; at < 784; at++) {
      const lit = Math.floor(at / 28 / 2.8) === label;
      data[i * 784 + at] = (lit ? 180 : 20) + Math.floor(rng.next() * 60);
    }
  }
  return { pixels: matrix(data, 784), labels, train: count - 40 };
}

const rows = bars(240);
const options = { cacheDir, epochs: 1 };
let learned: FashionEmbedding;
beforeAll(async () => {
  learned = openFashion(await trainFashion(rows, options));
}, 60_000);

test("every picture has a vector, which the picture gives again", () => {
  expect([learned.vectors.rows, learned.vectors.cols]).toEqual([240, 64]);
  for (const at of [0, 100, 239]) {
    const again = learned.embed(row(rows.pixels, at));
    for (const [i, value] of row(learned.vectors, at).entries()) expect(again[i]).toBeCloseTo(value, 4);
  }
});

test("bars are told by their pixels, and what is told is a share of the pictures for testing", () => {
  const { raw, learned: gained, queries } = learned.scores;
  expect([raw, queries]).toEqual([1, 40]);
  expect(gained * 40).toBeCloseTo(Math.round(gained * 40), 6);
});

test("what is kept is what was trained; of other pictures, other settings or damaged it is not", async () => {
  const kept = await keptFashion(rows, options);
  expect(kept!.vectors.data).toEqual(learned.vectors.data);
  expect(kept!.scores).toEqual(learned.scores);
  expect(await keptFashion({ ...rows, train: 100 }, options)).toBeUndefined();
  expect(await keptFashion(rows, { ...options, epochs: 2 })).toBeUndefined();
  const path = join(cacheDir, readdirSync(cacheDir)[0]!);
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(path, bytes);
  expect(await keptFashion(rows, options)).toBeUndefined();
});
