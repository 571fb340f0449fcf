import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addNoise, denoise, loadDenoisingNetwork } from "../../src/apply/index.ts";
import { createTape, layers } from "../../src/autodiff/index.ts";
import { createRng, type Matrix, matrix } from "../../src/core/index.ts";
import { psnr } from "../../src/evaluate/index.ts";
import { ARMS, type Recipe } from "../../src/labs/denoise/arms/arms.ts";
import { compareArms } from "../../src/labs/denoise/arms/compare.ts";
import { measureArm } from "../../src/labs/denoise/arms/measure.ts";
import { chance, compared } from "../../src/labs/denoise/arms/print.ts";
import { FULL, runArms } from "../../src/labs/denoise/arms/study.ts";
import { type ArmRun, armFiles, trainArm } from "../../src/labs/denoise/arms/train.ts";
import { noiseSeed } from "../../src/labs/denoise/measure.ts";
import { loadTestSets, type TestSet } from "../../src/labs/denoise/pictures.ts";
import { armsSection } from "../../src/labs/report/denoiseArms.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vicinal-arms-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function picture(side: number, seed: number): Matrix {
  const rng = createRng(seed, "picture");
  const [a, b] = [2 + rng.below(4), 3 + rng.below(4)];
  const pixel = (_: unknown, i: number): number =>
    0.3 + 0.2 * (Math.floor((i % side) / a) % 2) + 0.2 * (Math.floor(i / side / b) % 2);
  return matrix(Float32Array.from({ length: side * side }, pixel), side);
}
const pictures = [1, 2, 3].map((seed) => picture(30, seed));
const recipe: Recipe = { ...FULL, features: 4, depth: 3, steps: 6, batch: 2, crop: 20 };

test("at the full size both DnCNNs together have as many parameters as the N3Net, within 1 %, and one as many convolutions", () => {
  const counts = new Map(
    ARMS.map((arm) => [arm.name, layers.parameterCount(arm.make(createTape(), FULL, 1).layer)]),
  );
  expect(Math.abs(counts.get("dncnn2")! / counts.get("n3")! - 1)).toBeLessThan(0.01);
  expect(counts.get("knn")).toBeLessThan(counts.get("n3")!);
  expect(counts.get("k1")).toBeLessThan(counts.get("n3")!);
  const { layer } = ARMS.find(({ name }) => name === "dncnn")!.make(createTape(), FULL, 1);
  const convolutions = Object.values(layer.parameters).filter(({ rank }) => rank === 4);
  expect(convolutions).toHaveLength(3 * FULL.depth);
});

describe("a run", () => {
  test.each(ARMS.map((arm) => [arm.name, arm] as const))(
    "of %s that was stopped goes on to the same weights, and is not done again",
    async (name, arm) => {
      const whole = armFiles(join(folder, "whole"), name, 1, "a");
      const made = await trainArm(arm, 1, recipe, pictures, whole);
      const parts = armFiles(join(folder, "parts"), name, 1, "a");
      const controller = new AbortController();
      const onProgress = ({ done }: { done: number }): void => {
        if (done === 4) controller.abort();
      };
      const stopped = trainArm(arm, 1, recipe, pictures, parts, {
        ...{ signal: controller.signal, onProgress, every: 3 },
      });
      await expect(stopped).rejects.toMatchObject({ name: "AbortError" });
      expect(parts.run()).toBeUndefined();
      expect(parts.checkpoint.load()).toBeDefined();
      const spent = parts.spent();
      expect(spent).toBeGreaterThan(0);
      const resumed = await trainArm(arm, 1, recipe, pictures, parts);
      expect(resumed.cpuSeconds).toBeGreaterThan(spent);
      expect(parts.networks()).toEqual(whole.networks());
      expect(parts.networks()).toHaveLength(name === "dncnn2" ? 2 : 1);
      expect(parts.checkpoint.load()).toBeUndefined();
      const none = { onProgress: () => expect.unreachable() };
      expect(await trainArm(arm, 1, recipe, pictures, parts, none)).toEqual(resumed);
      expect({ ...resumed, cpuSeconds: 0, loss: 0 }).toEqual({ ...made, cpuSeconds: 0, loss: 0 });
    },
    60_000,
  );

  test("of other settings, or whose weights are gone, does not count as done", async () => {
    expect(armFiles(join(folder, "whole"), "n3", 1, "a").run()).toBeDefined();
    expect(armFiles(join(folder, "whole"), "n3", 1, "b").run()).toBeUndefined();
    expect(armFiles(join(folder, "whole"), "n3", 2, "a").run()).toBeUndefined();
    await rm(join(folder, "parts", "n3-1.safetensors"));
    expect(armFiles(join(folder, "parts"), "n3", 1, "a").run()).toBeUndefined();
  });

  test("is measured as its networks estimate one after another, once for each noise", async () => {
    const files = armFiles(join(folder, "whole"), "dncnn2", 1, "a");
    const clean = { width: 30, height: 30, data: picture(30, 7).data };
    const sets: TestSet[] = [{ name: "Set12", whole: true, pictures: [{ name: "one", clean }] }];
    const how = { sigma: 50, seed: 4 };
    const run = await measureArm(files.run()!, files, sets, how);
    let estimate = matrix(addNoise(clean.data, 50, noiseSeed(4, "Set12", 0, 50)), 30);
    for (const bytes of files.networks()) {
      const network = loadDenoisingNetwork(bytes);
      estimate = denoise(estimate, { method: "dncnn", sigma: 50, network });
    }
    expect(run.psnr).toEqual({ noise: 4, sets: { Set12: [psnr(estimate.data, clean.data)] } });
    expect(files.run()).toEqual(run);
    const none = { onProgress: () => expect.unreachable() };
    expect(await measureArm(files.run()!, files, sets, { ...how, ...none })).toEqual(run);
    const other = await measureArm(run, files, sets, { ...how, seed: 5 });
    expect(other.psnr!.sets["Set12"]).not.toEqual(run.psnr!.sets["Set12"]);
  });
});

describe("arms are compared", () => {
  const run = (arm: string, seed: number, values: number[]): ArmRun => ({
    ...{ arm, seed, parameters: 10, cpuSeconds: 60, loss: 0.01 },
    psnr: { noise: 1, sets: { Set12: values } },
  });
  const runs = [
    run("n3", 1, [25, 26, 27, 24, 23]),
    run("n3", 2, [25.2, 26.2, 27.2, 24.2, 23.2]),
    run("n3", 3, [30, 30, 30, 30, 30]),
    run("knn", 1, [24.8, 25.7, 26.6, 23.5, 22.4]),
    run("knn", 2, [25, 25.9, 26.8, 23.7, 22.6]),
  ];

  test("by pictures, each the mean over the seeds that all have finished", () => {
    const { arms, comparisons } = compareArms(runs, ["n3", "knn", "k1"], "Set12");
    expect(arms.map(({ arm }) => arm)).toEqual(["n3", "knn"]);
    expect(arms[0]!.bySeed.map((value) => value.toFixed(6))).toEqual(["25.000000", "25.200000"]);
    const [only] = comparisons;
    expect(only!.difference.mean).toBeCloseTo(0.4, 9);
    expect(only!.bySeed.map((value) => value.toFixed(6))).toEqual(["0.400000", "0.400000"]);
    expect([only!.wins, only!.pictures]).toEqual([5, 5]);
    // All five of one sign: 2 of 2⁵.
    expect(only!.pValue).toBeCloseTo(1 / 16, 12);
    const [turned] = compareArms(runs, ["knn", "n3"], "Set12").comparisons;
    expect(turned!.difference.mean).toBeCloseTo(-0.4, 9);
    expect([turned!.wins, turned!.pValue]).toEqual([0, only!.pValue]);
    expect(compared(turned!)).toBe(
      "N3Net, hard k-NN against N3Net: −0.40 dB (−0.60 to −0.20), better on 0 of 5 pictures, p = 0.063",
    );
    expect(compareArms(runs, ["n3"], "BSD68")).toEqual({ set: "BSD68", arms: [], comparisons: [] });
  });

  test("chances are printed with one digit where they are small", () => {
    expect([0.5, 0.0312, 0.00049, 3.2e-13].map(chance)).toEqual(["0.500", "0.031", "5·10⁻⁴", "3·10⁻¹³"]);
  });

  test("the report has the tables, and says so where there is nothing to compare", () => {
    const sets = [compareArms(runs, ["n3", "knn"], "Set12")];
    const html = armsSection({ recipe: FULL, pictures: 400, runs, sets });
    for (const part of ["N3Net, hard k-NN", "+0.40", "5 of 5", "0.063"]) expect(html).toContain(part);
    const nothing = armsSection({
      recipe: FULL,
      pictures: 400,
      runs,
      sets: [compareArms([], ["n3"], "Set12")],
    });
    expect(nothing).toContain("No seed is finished");
  });
});

const data = process.env["VICINAL_DATA"];
test.skipIf(data === undefined)(
  "a quick study trains all arms, keeps them, and compares them; nothing is trained unasked (skipped without $VICINAL_DATA)",
  async () => {
    const sets = await loadTestSets(undefined, true);
    const how = { cacheDir: join(folder, "cache"), seed: 1, quick: true, log: () => {} };
    expect(await runArms(sets, { ...how, train: false })).toBeUndefined();
    const first = await runArms(sets, { ...how, train: true });
    expect(first!.sets.map(({ set, arms }) => [set, arms.length])).toEqual([["Set12", ARMS.length]]);
    const files = await readdir(join(folder, "cache", "arms-quick"));
    expect(files.filter((file) => file.endsWith(".checkpoint"))).toEqual([]);
    const before = await readFile(join(folder, "cache", "arms-quick", "n3-1.safetensors"));
    expect(await runArms(sets, { ...how, train: false })).toEqual(first);
    expect(await readFile(join(folder, "cache", "arms-quick", "n3-1.safetensors"))).toEqual(before);
  },
  60_000,
);
