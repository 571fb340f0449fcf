import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findDataset } from "../../src/data/index.ts";
import { loadFashion, pixelSpace, splitFashion } from "../../src/labs/fashion/data.ts";
import { runFashionLab } from "../../src/labs/fashion/lab.ts";
import { accuracyOfNeighbours } from "../../src/labs/neighbourAccuracy.ts";
import { labOptions } from "../../src/labs/options.ts";
import { writeBlots } from "../helpers/blots.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vicinal-fashion-"));
  await mkdir(join(folder, "fashion-mnist"));
  await writeBlots(join(folder, "fashion-mnist"), "train", 400, 1);
  await writeBlots(join(folder, "fashion-mnist"), "t10k", 60, 2);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("blots that differ more than their noise are told rightly by pixels, networks, features and every index", async () => {
  const { results, report } = await runFashionLab({ dataDir: folder, out: join(folder, "out"), quick: true });
  expect([results.train, results.validation, results.test]).toEqual([400, 33, 60]);
  for (const { accuracy } of results.raw) expect(accuracy).toBe(1);
  expect(results.models.map(({ name }) => name)).toEqual(["linear softmax", "MLP", "CNN"]);
  expect(results.models[0]!.test).toBe(1);
  expect(results.models[1]!.neighbours!.test).toBe(1);
  expect(results.features.width).toBe(64);
  for (const { study } of [{ study: results.search.raw }, { study: results.search.learned }]) {
    expect(study.rows).toHaveLength(5);
    expect(study.rows[0]).toMatchObject({ index: "Flat", exact: true, chosen: { recall: 1 } });
  }
  for (const { rawAccuracy } of results.comparison) expect(rawAccuracy).toBe(1);
  const total = results.confusion.raw.counts.flat().reduce((a, b) => a + b, 0);
  expect(total).toBe(60);
  const html = await readFile(report, "utf8");
  for (const id of ["raw", "learn", "features", "search", "confusion", "map", "mistakes"]) {
    expect(html).toContain(`<section id="${id}">`);
  }
}, 60_000);

test("pictures to choose by are apart from those learned from, the same for a seed", async () => {
  const data = await loadFashion(labOptions({ dataDir: folder }));
  const split = splitFashion(data, 3);
  expect([...split.learn, ...split.validate].sort((a, b) => a - b)).toEqual([...Array(400).keys()]);
  expect(splitFashion(data, 3)).toEqual(split);
  expect(splitFashion(data, 4).validate).not.toEqual(split.validate);
});

const real = process.env["VICINAL_DATA"];
const found = real !== undefined && (await findDataset("fashion-mnist", real).catch(() => undefined));
describe.skipIf(!found)("Fashion-MNIST itself ($VICINAL_DATA)", () => {
  test("raw pixels tell 0.8526 of 9,000 test pictures by the nearest and 0.8576 by five", async () => {
    const data = await loadFashion(labOptions({ dataDir: real! }));
    const all = pixelSpace(data);
    if (all.queries.rows !== 9000) return;
    const { rows } = await accuracyOfNeighbours(all, [1, 5], { metric: "l2", threads: 2 });
    expect(rows.map(({ accuracy }) => Math.round(accuracy * 9000))).toEqual([7673, 7718]);
  }, 60_000);

  test("a quick run learns features among which neighbours tell more than among pixels", async () => {
    const { results } = await runFashionLab({ dataDir: real!, out: join(folder, "real"), quick: true });
    const { features, raw, models, comparison } = results;
    expect(Math.max(...raw.map(({ accuracy }) => accuracy))).toBeGreaterThan(0.8);
    expect(models[1]!.neighbours!.test).toBeGreaterThan(0.84);
    expect(features.test).toBeGreaterThan(0.8);
    for (const each of comparison) expect(each.learnedRecall, each.learned).toBeGreaterThan(0.9);
  }, 120_000);
});
