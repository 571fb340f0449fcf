import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addNoise, denoise } from "../../src/apply/index.ts";
import { matrix } from "../../src/core/index.ts";
import { encodePng } from "../../src/data/index.ts";
import { psnr, ssim } from "../../src/evaluate/index.ts";
import { contendersFor } from "../../src/labs/denoise/contenders.ts";
import { type DenoiseLabResults, runDenoiseLab } from "../../src/labs/denoise/lab.ts";
import { measureSet, noiseSeed } from "../../src/labs/denoise/measure.ts";
import { crop, loadTestSets } from "../../src/labs/denoise/pictures.ts";
import { published, SET12 } from "../../src/labs/denoise/published.ts";

const dncnn = fileURLToPath(new URL("../golden/denoisers.torch-1.13-dncnn.pt", import.meta.url));
const [WIDTH, HEIGHT] = [150, 40];

/** Stripes, at a slant of their own in each picture. */
const stripes = (picture: number): Uint8Array =>
  Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) => {
    const [y, x] = [Math.floor(i / WIDTH), i % WIDTH];
    return (x + (picture + 1) * y) % 14 < 7 ? 80 : 170;
  });

const saved = ["VICINAL_DATA", "VICINAL_N3NET", "VICINAL_DNCNN"].map(
  (name) => [name, process.env[name]] as const,
);
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vicinal-denoise-"));
  for (const set of ["Set12", "BSD68"]) await mkdir(join(folder, "denoise", set), { recursive: true });
  for (const i of [0, 1, 2]) {
    const png = await encodePng({ width: WIDTH, height: HEIGHT, channels: 1, data: stripes(i) });
    await writeFile(join(folder, "denoise", i < 2 ? "Set12" : "BSD68", `0${i}.png`), png);
  }
  await writeFile(join(folder, "dncnn_sigma50.pt"), await readFile(dncnn));
  await writeFile(join(folder, "dncnn_sigma15.pt"), await readFile(dncnn));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs with nothing in the environment that would name data or weights. */
async function alone<T>(work: () => Promise<T>): Promise<T> {
  for (const [name] of saved) delete process.env[name];
  try {
    return await work();
  } finally {
    for (const [name, value] of saved) if (value !== undefined) process.env[name] = value;
  }
}

describe("on pictures made for it", () => {
  let results: DenoiseLabResults;
  let html = "";
  const lines: string[] = [];
  beforeAll(async () => {
    const weights = [join(folder, "dncnn_sigma50.pt"), join(folder, "dncnn_sigma15.pt"), dncnn];
    const out = join(folder, "out");
    const log = (line: string): number => lines.push(line);
    const done = await alone(() => runDenoiseLab({ dataDir: folder, out, seed: 3, weights, log }));
    results = done.results;
    html = await readFile(done.report, "utf8");
  }, 60_000);

  test("a network is run at the σ that its file or name tells, else at all; at no other", () => {
    const names = results.sets[0]!.levels.map(({ methods }) => methods.map(({ name }) => name));
    const any = "dncnn denoisers.torch-1.13-dncnn.pt";
    expect(names).toEqual([
      ["nlm", "bm3d", any],
      ["nlm", "bm3d", "dncnn dncnn_sigma50.pt", any],
      ["nlm", "bm3d", any],
    ]);
    expect(lines.join("\n")).toContain("dncnn_sigma15.pt is left out: it is for noise of σ 15");
  });

  test("scores are those of the method on the noise of the seed that is told; means are over pictures", () => {
    const [set12, bsd68] = results.sets;
    const { noiseSeeds, methods, noisy } = set12!.levels[1]!;
    expect(noiseSeeds).toEqual([3_000_050, 3_001_050]);
    expect(bsd68!.levels[0]!.noiseSeeds).toEqual([3_500_025]);
    const before: number[] = [];
    const after: number[] = [];
    for (const [i, seed] of noiseSeeds.entries()) {
      const clean = matrix(
        Float32Array.from(stripes(i), (v) => v / 255),
        WIDTH,
      );
      const given = matrix(addNoise(clean.data, 50, seed), WIDTH);
      const estimate = denoise(given, { method: "bm3d", sigma: 50 });
      const { cpuSeconds, ...scores } = methods[1]!.pictures[i]!;
      expect(scores).toEqual({
        psnr: psnr(estimate.data, clean.data),
        psnr8: psnr(estimate.data, clean.data, { rounded: true }),
        ssim: ssim(estimate, clean),
      });
      expect(cpuSeconds).toBeGreaterThan(0);
      before.push(psnr(given.data, clean.data));
      after.push(scores.psnr);
    }
    expect(noisy.psnr).toBeCloseTo((before[0]! + before[1]!) / 2, 10);
    expect(methods[1]!.mean.psnr).toBeCloseTo((after[0]! + after[1]!) / 2, 10);
    expect(methods[1]!.aboveBm3d).toEqual({ mean: 0, interval: [0, 0] });
    expect(methods[1]!.mean.psnr).toBeGreaterThan(noisy.psnr + 8);
  });

  test("a part of a set is not held against what was published of the whole", () => {
    expect(results.sets.map(({ name, whole }) => [name, whole])).toEqual([
      ["Set12", false],
      ["BSD68", false],
    ]);
    const methods = results.sets.flatMap(({ levels }) => levels.flatMap((level) => level.methods));
    expect(methods.filter(({ published: told }) => told !== undefined)).toEqual([]);
    expect(html).not.toContain('<th scope="col" class="num">published</th>');
  });

  test("the report has each picture of each set, the methods, and the files' names", () => {
    for (const part of ["Set12", "BSD68", "00 <small>150 × 40", "02 <small>", "BM3D", "dncnn_sigma50.pt"]) {
      expect(html).toContain(part);
    }
    expect(html).not.toContain("NaN");
  });
});

test("a quick run takes the middle of two pictures, and shows a piece of one before and after", async () => {
  const sets = await alone(() => loadTestSets(folder, true));
  expect(sets.map(({ name, pictures }) => [name, pictures.length])).toEqual([["Set12", 2]]);
  const { clean } = sets[0]!.pictures[0]!;
  expect([clean.width, clean.height]).toEqual([96, 40]);
  expect(clean.data[97]).toBe(Math.fround(stripes(0)[WIDTH + 28]! / 255));
  const plain = await alone(() =>
    contendersFor({ dataDir: folder, weights: [], sigmas: [25], log: () => {} }),
  );
  const shown = [{ picture: "00", sigma: 25, left: 8, top: 30 }];
  const { panels } = await measureSet(sets[0]!, plain, { seed: 1, sigmas: [25], shown });
  expect(panels.map(({ picture, panels: of }) => [picture, of.map(({ title }) => title)])).toEqual([
    ["00", ["without noise", "noisy", "non-local means", "BM3D"]],
  ]);
  const [first] = panels[0]!.panels;
  expect(first!.image).toEqual(crop(clean, 8, 30, 88, 10));
});

test("published means of pictures are the means published, to their rounding", () => {
  for (const method of ["bm3d", "dncnn"]) {
    for (const sigma of [25, 50]) {
      const { psnr: told, pictures } = published("Set12", method, sigma)!;
      expect(pictures).toHaveLength(SET12.length);
      const mean = pictures!.reduce((sum, value) => sum + value, 0) / SET12.length;
      expect(Math.abs(mean - told), `${method}, ${sigma}`).toBeLessThan(0.0075);
    }
  }
});

test("no two pictures share a seed of noise", () => {
  const seeds = [0, 1].flatMap((seed) =>
    ["Set12", "BSD68"].flatMap((set) =>
      Array.from({ length: 68 }, (_, i) =>
        [25, 50, 70].map((sigma) => noiseSeed(seed, set, i, sigma)),
      ).flat(),
    ),
  );
  expect(new Set(seeds).size).toBe(seeds.length);
});

test("without pictures, and with a file that is no network, the lab says what is missing", async () => {
  await alone(async () => {
    const empty = runDenoiseLab({ dataDir: join(folder, "none"), out: join(folder, "none") });
    await expect(empty).rejects.toMatchObject({ code: "DATASET_MISSING" });
    const run = (weights: string[]) =>
      runDenoiseLab({ dataDir: folder, out: join(folder, "bad"), quick: true, weights });
    await expect(run([join(folder, "none.pt")])).rejects.toMatchObject({ code: "FILE" });
    await expect(run([fileURLToPath(import.meta.url)])).rejects.toMatchObject({ code: "FORMAT_UNKNOWN" });
  });
});

const data = process.env["VICINAL_DATA"];
const full = process.env["VICINAL_FULL"] !== undefined;

test.skipIf(data === undefined)(
  "on a piece of cameraman and of house methods come in the order that is known (skipped without $VICINAL_DATA)",
  async () => {
    const { results } = await runDenoiseLab({ out: join(folder, "quick"), quick: true });
    expect(results.sets.map(({ name, pictures }) => [name, pictures.map((each) => each.name)])).toEqual([
      ["Set12", ["cameraman", "house"]],
    ]);
    for (const { noisy, methods } of results.sets[0]!.levels) {
      const [nlm, bm3d, ...networks] = methods.map(({ mean }) => mean.psnr);
      expect(nlm).toBeGreaterThan(noisy.psnr + 5);
      expect(bm3d).toBeGreaterThan(nlm! + 0.5);
      for (const network of networks) expect(network).toBeGreaterThan(bm3d! + 0.3);
    }
  },
  60_000,
);

describe.skipIf(!full || data === undefined)(
  "all of BSD68 (skipped without $VICINAL_FULL and $VICINAL_DATA)",
  () => {
    const WITHIN: Readonly<Record<string, number>> = { bm3d: 0.1, dncnn: 0.05, n3net: 0.05 };
    test.each([25, 50, 70])(
      "at σ %i each method whose file is at hand is within 0.05 dB of what was published, BM3D within 0.1 (5 minutes)",
      async (sigma) => {
        const sets = await loadTestSets(undefined, false);
        const contenders = await contendersFor({ weights: [], sigmas: [sigma], log: () => {} });
        const judged = contenders.filter(({ name }) => WITHIN[name] !== undefined);
        const set = sets.find(({ name }) => name === "BSD68")!;
        const { scores } = await measureSet(set, judged, { seed: 1, sigmas: [sigma], shown: [] });
        for (const { name, mean, published: told } of scores.levels[0]!.methods) {
          if (told === undefined) continue;
          expect(Math.abs(mean.psnr - told.psnr), `${name}: ${mean.psnr}`).toBeLessThan(WITHIN[name]!);
        }
      },
      1_800_000,
    );
  },
);
