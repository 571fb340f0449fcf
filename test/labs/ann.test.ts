import { expect, test } from "vitest";
import { syntheticClusters } from "../../src/data/index.ts";
import { crossover } from "../../src/labs/ann/crossover.ts";
import { families, listsFor, PLAIN, subspaces } from "../../src/labs/ann/families.ts";
import { measureSet } from "../../src/labs/ann/measure.ts";
import { machine } from "../../src/labs/machine.ts";
import { annPage } from "../../src/labs/report/ann.ts";

test("every family is built and measured: exact ones miss nothing, approximate ones reach 0.95, all are in the report", async () => {
  const { base, queries } = syntheticClusters({ n: 2000, d: 16, queries: 30, seed: 3 });
  const members = families(base.rows, base.cols);
  const input = { name: "small", title: "Small <set>", note: "Generated.", base, queries };
  const seen: string[] = [];
  const how = { seed: 1, threads: 1, rounds: 1, settings: 5, ks: [10, 1] };
  const found = await measureSet(input, members, how, (row) => seen.push(row.index));

  expect(seen).toEqual(members.map(({ name }) => name));
  expect(found.studies.map(({ k }) => k)).toEqual([10, 1]);
  for (const row of found.summary) {
    expect(row.recallAt10, row.index).toBeGreaterThanOrEqual(0.95);
    expect(row.missAt1, row.index).toBeLessThanOrEqual(0.1);
    expect(row.bytes, row.index).toBeGreaterThan(base.rows * 16);
    expect(row.searchMs, row.index).toBeGreaterThan(0);
  }
  for (const name of [PLAIN, "Flat"]) {
    const exact = found.summary.find(({ index }) => index === name)!;
    expect(exact.recallAt10).toBe(1);
    expect(exact.missAt1).toBe(0);
  }
  const trees = found.studies[0]!.rows.filter(({ index }) => index.endsWith("Tree"));
  expect(trees.map(({ points }) => Math.max(...points.map(({ recall }) => recall)))).toEqual([1, 1]);

  const crossovers = [
    await crossover({
      ...{ along: "n", sizes: [100, 800], fixed: 4, seed: 1, threads: 1, queries: 20, buildSeconds: 60 },
    }),
  ];
  const [lines] = crossovers;
  expect(lines!.lines.map(({ index }) => index)).toContain("IVF,Flat");
  for (const line of lines!.lines) expect(line.points.length + line.left.length, line.index).toBe(2);
  expect(lines!.from.find(({ index }) => index === PLAIN)!.size).toBeUndefined();

  const html = annPage({
    ...{ lab: "ann", machine: machine(), seed: 1, quick: true, seconds: 1, sets: [found], crossovers },
  });
  expect(html).toContain("Small &#60;set&#62;");
  for (const { family } of members) expect(html).toContain(family);
}, 120_000);

test("lists are a power of two near 4√n with rows enough to learn from; parts divide the components evenly", () => {
  expect(listsFor(60_000)).toBe(1024);
  expect(listsFor(1_000_000)).toBe(4096);
  expect(listsFor(500)).toBeLessThanOrEqual(16);
  expect(listsFor(10)).toBe(1);
  expect(subspaces(784)).toBe(392);
  expect(subspaces(128)).toBe(64);
  expect(subspaces(7)).toBe(1);
  for (const d of [25, 300, 768]) expect(d % subspaces(d)).toBe(0);
});
