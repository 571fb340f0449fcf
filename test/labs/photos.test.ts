import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRng } from "../../src/core/index.ts";
import { loadPhotos } from "../../src/labs/photos/data.ts";
import { runPhotosLab } from "../../src/labs/photos/lab.ts";

const RECORD = 3073;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vicinal-photos-"));
  await mkdir(join(folder, "cifar10-jpeg"));
  await writeFile(join(folder, "cifar10-jpeg", "train5k.bin"), photographs(300, 1));
  await writeFile(join(folder, "cifar10-jpeg", "test1k.bin"), photographs(40, 2));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Pictures of noise in which one colour plane of a half is brighter, by the label. */
function photographs(n: number, seed: number): Uint8Array {
  const rng = createRng(seed, "photos");
  const bytes = new Uint8Array(n * RECORD);
  for (let i = 0; i < n; i++) {
    const label = i % 6;
    bytes[i * RECORD] = label;
    for (let j = 1; j < RECORD; j++) bytes[i * RECORD + j] = rng.below(120);
    const from = i * RECORD + 1 + Math.floor(label / 2) * 1024 + (label % 2) * 512;
    for (let j = 0; j < 512; j++) bytes[from + j]! += 100;
  }
  return bytes;
}

test("pixels come out row by row, the three colours of a pixel together", async () => {
  const { train, trainLabels, test: asked } = await loadPhotos({ dataDir: folder, quick: false });
  const bytes = photographs(300, 1);
  expect([train.rows, train.cols, asked.rows]).toEqual([300, 3072, 40]);
  expect([...trainLabels.subarray(0, 7)]).toEqual([0, 1, 2, 3, 4, 5, 0]);
  for (const pixel of [0, 31, 32, 1023]) {
    const want = [0, 1, 2].map((plane) => bytes[5 * RECORD + 1 + plane * 1024 + pixel]);
    expect([...train.data.subarray(5 * 3072 + 3 * pixel, 5 * 3072 + 3 * pixel + 3)]).toEqual(want);
  }
});

test("photographs that a colour tells apart are told by pixels and by features, and shown side by side", async () => {
  const { results, report } = await runPhotosLab({ dataDir: folder, out: join(folder, "out"), quick: true });
  const [pixels, learned] = results.spaces;
  expect([results.train, results.validation, results.test]).toEqual([300, 30, 40]);
  expect([pixels!.dimension, learned!.dimension]).toEqual([3072, 128]);
  expect(pixels!.chosen.accuracy).toBe(1);
  expect(learned!.chosen.accuracy).toBeGreaterThan(0.9);
  expect(learned!.recall[1]!).toBeGreaterThan(0.9);
  expect(results.neighbours).toHaveLength(6);
  for (const { lists } of results.neighbours) {
    expect(lists.map(({ space, near }) => [space, near.length])).toEqual([
      ["Pixels", 10],
      ["Features", 10],
    ]);
  }
  const html = await readFile(report, "utf8");
  expect(html.match(/class="query"/g)).toHaveLength(6);
}, 60_000);

test("a file that is no whole number of photographs is refused", async () => {
  const bad = await mkdtemp(join(tmpdir(), "vicinal-bad-"));
  try {
    await mkdir(join(bad, "cifar10-jpeg"));
    await writeFile(join(bad, "cifar10-jpeg", "train5k.bin"), new Uint8Array(4000));
    await writeFile(join(bad, "cifar10-jpeg", "test1k.bin"), photographs(2, 1));
    await expect(loadPhotos({ dataDir: bad, quick: true })).rejects.toMatchObject({ code: "FORMAT" });
  } finally {
    await rm(bad, { recursive: true, force: true });
  }
});
