import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRng, type Matrix, row } from "../../src/core/index.ts";
import { exhaustive } from "../../src/labs/words/exhaustive.ts";
import { runWordsLab, studyWords } from "../../src/labs/words/lab.ts";
import { loadVocabulary, sumOf, vectorsOf, WordTable } from "../../src/labs/words/vocabulary.ts";

const TOPICS = ["river", "music", "king", "car"];
const PER_TOPIC = 60;
const D = 25;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vicinal-words-test-"));
  await mkdir(join(folder, "words"));
  const rng = createRng(5, "words");
  const lines = [`${TOPICS.length * PER_TOPIC} ${D}`];
  for (const topic of TOPICS) {
    const centre = Array.from({ length: D }, () => rng.normal());
    for (let i = 0; i < PER_TOPIC; i++) {
      const word = i === 0 ? topic : `${topic}${i}`;
      lines.push(`${word} ${centre.map((c) => (c + 0.3 * rng.normal()).toFixed(5)).join(" ")}`);
    }
  }
  await writeFile(join(folder, "words", "glove-twitter-25d.txt"), `${lines.join("\n")}\n`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Cosine by its definition, in float64. */
function cosine(a: Float32Array, b: Float32Array): number {
  let [dot, aa, bb] = [0, 0, 0];
  for (let j = 0; j < a.length; j++) {
    dot += a[j]! * b[j]!;
    aa += a[j]! * a[j]!;
    bb += b[j]! * b[j]!;
  }
  return dot / Math.sqrt(aa * bb);
}

test("words streamed from a file answer what words held in memory answer, which is the definition", async () => {
  const held = await loadVocabulary("glove", "words", { dataDir: folder });
  const streamed = await loadVocabulary("glove", "words", { dataDir: folder, streamedRows: 100 });
  expect(held.vectors).toBeDefined();
  expect(streamed.vectors).toBeUndefined();
  expect(streamed.words).toEqual(held.words);
  const two = await vectorsOf(streamed, [3, 130], undefined);
  expect(two).toEqual([row(held.vectors!, 3), row(held.vectors!, 130)]);

  const query = sumOf(two);
  const queries: Matrix<Float32Array> = { data: query, rows: 1, cols: D, stride: D };
  const definition = held.words
    .map((_, i) => ({ i, similarity: cosine(query, row(held.vectors!, i)) }))
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, 12);
  for (const vocabulary of [held, streamed]) {
    const found = await exhaustive(vocabulary, queries, 12, {});
    expect(found.rows[0]).toEqual(definition.map(({ i }) => i));
    for (const [i, distance] of found.distances[0]!.entries()) {
      expect(1 - distance).toBeCloseTo(definition[i]!.similarity, 5);
    }
  }
});

test("a word is found as written, with a first capital, or in small letters", () => {
  const table = new WordTable(["China", "river", "USA", "usa"]);
  expect(table.find("china")).toBe(0);
  expect(table.find("River")).toBe(1);
  expect(table.find("USA")).toBe(2);
  expect(table.findAll("  china   river ")).toEqual([0, 1]);
  expect(table.findAll("china lake")).toBeUndefined();
  expect(table.findAll(" ")).toBeUndefined();
});

test("words of one topic are each other's neighbours, by every index, also over codes read from a stream", async () => {
  const out = join(folder, "out");
  const lines: string[] = [];
  const { results, report } = await runWordsLab({
    ...{ dataDir: folder, out, quick: true, queries: ["music king", "no such words"] },
    log: (line) => lines.push(line),
  });
  const set = results.sets.find(({ name }) => name === "glove")!;
  expect(set.words).toBe(TOPICS.length * PER_TOPIC);
  for (const topic of TOPICS.filter((word) => word !== "car")) {
    const one = set.similar.find(({ query }) => query === topic)!;
    expect(one.exact).toHaveLength(10);
    for (const { word } of one.exact) expect(word).toMatch(new RegExp(`^${topic}\\d+$`));
    for (const { overlap } of one.approximate) expect(overlap).toBeGreaterThan(0.7);
  }
  const sum = set.similar.find(({ query }) => query === "music king")!;
  for (const { word } of sum.exact) {
    expect(word).toMatch(/^(music|king)\d+$/);
    expect(word).not.toMatch(/^(music|king)$/);
  }
  expect(lines.join("\n")).toContain('"no such words" has words that are not in this set.');
  for (const { points } of set.knobs) expect(points.at(-1)!.overlap).toBeGreaterThan(0.95);
  expect(await readFile(report, "utf8")).toContain("Words and their neighbours");

  const streamed = await loadVocabulary("glove", "words", { dataDir: folder, streamedRows: 100 });
  const options = { out, seed: 1, quick: true, queries: [], weights: [], log: () => {} };
  const codes = await studyWords(streamed, options);
  expect(codes.knobs.map(({ index }) => index)).toEqual(["HNSW16,SQ7"]);
  expect(codes.knobs[0]!.points.at(-1)!.overlap).toBeGreaterThan(0.9);
});
