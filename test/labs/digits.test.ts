import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRng } from "../../src/core/index.ts";
import { runDigitsLab } from "../../src/labs/digits/lab.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vicinal-digits-"));
  await mkdir(join(folder, "mnist"));
  await writeSet("train", 400, 1);
  await writeSet("t10k", 60, 2);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A blot on a 28 × 28 picture, at a place of its own for each digit, with noise. */
function picture(digit: number, next: () => number): Uint8Array {
  const pixels = new Uint8Array(28 * 28);
  for (let i = 0; i < pixels.length; i++) pixels[i] = Math.floor(next() * 60);
  const [left, top] = [2 + (digit % 5) * 5, 3 + Math.floor(digit / 5) * 12];
  for (let y = 0; y < 5; y++) for (let x = 0; x < 4; x++) pixels[(top + y) * 28 + left + x] = 200;
  return pixels;
}

async function writeSet(name: string, n: number, seed: number): Promise<void> {
  const rng = createRng(seed, "digits");
  const labels = Uint8Array.from({ length: n }, (_, i) => i % 10);
  const images = new Uint8Array(16 + n * 784);
  const view = new DataView(images.buffer);
  for (const [at, value] of [2051, n, 28, 28].entries()) view.setUint32(4 * at, value);
  for (const [i, digit] of labels.entries())
    images.set(
      picture(digit, () => rng.next()),
      16 + i * 784,
    );
  const head = new Uint8Array(8);
  new DataView(head.buffer).setUint32(0, 2049);
  new DataView(head.buffer).setUint32(4, n);
  await writeFile(join(folder, "mnist", `${name}-images-idx3-ubyte`), images);
  await writeFile(join(folder, "mnist", `${name}-labels-idx1-ubyte`), Uint8Array.of(...head, ...labels));
}

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
