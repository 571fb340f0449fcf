import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { bruteForce, randomMatrix } from "../../test/support/brute.ts";
import { writeVectorFile } from "../data/index.ts";
import { create } from "../indexes/index.ts";
import { buildStreamed } from "./streamed.ts";

const folder = mkdtempSync(join(tmpdir(), "vicinal-streamed-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const vectors = randomMatrix(3000, 6, 1);
const queries = randomMatrix(20, 6, 2);
const fvecs = join(folder, "base.fvecs");
await writeVectorFile(fvecs, vectors);
const jsonl = join(folder, "base.jsonl");
const row = (i: number): number[] => [...vectors.data.subarray(i * 6, i * 6 + 6)];
writeFileSync(
  jsonl,
  Array.from({ length: 3000 }, (_, i) => JSON.stringify({ id: `k${i}`, vector: row(i), half: i >> 1 })).join(
    "\n",
  ),
);

const flat = () => create("Flat", { dimension: 6 });
const answers = (q: number): number[] => bruteForce(vectors, queries, q, "l2", 5).map((r) => r.id);
const query = (q: number): Float32Array => queries.data.subarray(q * 6, q * 6 + 6);

test("blocks make the index that the whole file makes", async () => {
  const index = await buildStreamed(fvecs, flat, { threads: 1, blockRows: 700 });
  expect(index.size).toBe(3000);
  for (let q = 0; q < 20; q++) expect(index.search(query(q), { k: 5 }).keys(0)).toEqual(answers(q));
  index.close();
});

test("keys and metadata stay with their rows", async () => {
  const index = await buildStreamed(jsonl, flat, { threads: 1, blockRows: 701 });
  for (const i of [0, 700, 701, 1402, 2999]) {
    expect(Array.from(index.get(`k${i}`))).toEqual(row(i));
    expect(index.metadata(`k${i}`)).toEqual({ half: i >> 1 });
  }
  index.close();
});

test("an index over codes alone is filled by blocks, keeps no vectors, and finds neighbours", async () => {
  const make = () => create("HNSW8,SQ8", { dimension: 6, efConstruction: 60 });
  const index = await buildStreamed(fvecs, make, { threads: 1, blockRows: 1024 });
  expect(index.size).toBe(3000);
  expect(index.stats().memory.vectors).toBe(0);
  let hits = 0;
  for (let q = 0; q < 20; q++) {
    const found = index.search(query(q), { k: 5 }).keys(0) as number[];
    hits += found.filter((id) => answers(q).includes(id)).length;
  }
  expect(hits / 100).toBeGreaterThan(0.85);
  expect(index.health().unreachable).toBe(0);
  index.close();
});

test.each([2999, 3001, 0])("%d keys for 3000 rows are refused", async (count) => {
  const keys = Array.from({ length: count }, (_, i) => i);
  for (const path of [fvecs, jsonl]) {
    const building = buildStreamed(path, flat, { threads: 1, blockRows: 1000, keys });
    await expect(building).rejects.toMatchObject({ code: "BAD_INPUT" });
  }
});

test("a number that is none is named by its row in the file", async () => {
  const bad = { ...vectors, data: vectors.data.slice() };
  bad.data[2345 * 6 + 4] = Number.NaN;
  const path = join(folder, "bad.fvecs");
  await writeVectorFile(path, bad);
  const building = buildStreamed(path, flat, { threads: 1, blockRows: 1000 });
  await expect(building).rejects.toMatchObject({ code: "NOT_FINITE", params: { row: 2345, column: 4 } });
});

test("stops when asked to", async () => {
  const stop = new AbortController();
  const building = buildStreamed(fvecs, flat, {
    ...{ threads: 1, blockRows: 1000, signal: stop.signal },
    onProgress: () => stop.abort(new Error("enough")),
  });
  await expect(building).rejects.toThrow("enough");
});
