import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runDigitsLab } from "../../src/labs/digits/lab.ts";
import { writeBlots } from "../helpers/blots.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vicinal-digits-"));
  await mkdir(join(folder, "mnist"));
  await writeBlots(join(folder, "mnist"), "train", 400, 1);
  await writeBlots(join(folder, "mnist"), "t10k", 60, 2);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("digits that differ more than their noise are told rightly by every index, and shown with their neighbours", async () => {
  const out = join(folder, "out");
  const { results, report } = await runDigitsLab({ dataDir: folder, out, quick: true });
  expect(results.train).toBe(400);
  expect(results.rows.map(({ index }) => index)).toEqual(["Flat", "RPForest20", "HNSW16,SQ7,Refine"]);
  for (const { accuracy } of results.rows) {
    expect(accuracy.map(({ k }) => k)).toEqual([1, 3, 5, 10]);
    for (const { accuracy: share, queries } of accuracy) {
      expect(queries).toBe(60);
      expect(share).toBeGreaterThan(0.95);
    }
  }
  expect(results.neighbours).toHaveLength(10);
  for (const { name, exact } of results.neighbours) {
    expect(exact).toHaveLength(10);
    expect(exact.every((near) => near.name === name)).toBe(true);
  }
  const html = await readFile(report, "utf8");
  expect(html).toContain("<h2>How often the nearest tell the digit</h2>");
  expect(html.match(/class="query"/g)).toHaveLength(10);
});

test("without the digits the lab says what is missing", async () => {
  const empty = await mkdtemp(join(tmpdir(), "vicinal-none-"));
  const data = process.env["VICINAL_DATA"];
  delete process.env["VICINAL_DATA"];
  try {
    await expect(
      runDigitsLab({ dataDir: empty, out: join(empty, "out"), quick: true }),
    ).rejects.toMatchObject({
      code: "DATASET_MISSING",
    });
  } finally {
    if (data !== undefined) process.env["VICINAL_DATA"] = data;
    await rm(empty, { recursive: true, force: true });
  }
});
