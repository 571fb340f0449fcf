import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isVicinalError } from "../../src/core/index.ts";
import { LABS, runStart, type StartResult } from "../../src/labs/index.ts";

const dir = mkdtempSync(join(tmpdir(), "vicinal-labs-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const common = { quick: true, cacheDir: join(dir, "cache"), dataDir: join(dir, "no-data") };

describe("the main job, quick", () => {
  const lines: string[] = [];
  const phases = new Set<string>();
  let done: StartResult;
  beforeAll(async () => {
    done = await runStart({
      ...common,
      out: join(dir, "start"),
      seed: 3,
      log: (line) => lines.push(line),
      onProgress: ({ phase }) => phases.add(phase),
    });
  }, 300_000);

  test("writes both files where it says", () => {
    expect(done.report).toBe(join(dir, "start", "report.html"));
    expect(existsSync(done.report)).toBe(true);
    expect(JSON.parse(readFileSync(done.resultsFile, "utf8"))).toEqual(
      JSON.parse(JSON.stringify(done.results)),
    );
    expect(lines.join("\n")).toContain(done.report);
  });

  test("exact search has recall 1, every index at least 0.9, on both sets", () => {
    expect(done.results.studies.map(({ name }) => name).slice(0, 2)).toEqual(["emoji", "generated"]);
    for (const { rows, name } of done.results.studies) {
      expect(rows.map(({ index }) => index)).toEqual([
        "Flat",
        "HNSW16",
        "HNSW16,SQ8,Refine",
        "HNSW16,SQ7,Refine",
        "Auto",
      ]);
      expect(rows[0]!.chosen.recall, name).toBe(1);
      for (const row of rows) expect(row.chosen.recall, `${name} ${row.index}`).toBeGreaterThan(0.9);
      for (const row of rows) expect(row.bytes).toBeGreaterThan(1e6);
    }
  });

  test("5-NN tells the group of Twemoji drawings far better than the largest group would", () => {
    const [twemoji] = done.results.emoji.accuracy;
    expect(twemoji!.queries).toBe(1943);
    expect(twemoji!.majority).toBeCloseTo(390 / 1943, 10);
    expect(twemoji!.accuracy).toBeGreaterThan(0.55);
    expect(twemoji!.accuracy).toBeLessThan(0.58);
  });

  test("learning is measured on emoji it did not see, and said on the terminal and in the report", () => {
    const { learned } = done.results;
    expect(learned.queries).toBe(learned.emoji * 5);
    expect(learned.kept).toBe(false);
    expect(learned.learned).toBeGreaterThan(learned.raw);
    expect(lines.join("\n")).toContain(
      `${learned.raw.toFixed(3)} by raw pixels, ${learned.learned.toFixed(3)}`,
    );
    expect(readFileSync(done.report, "utf8")).toContain("96 learned numbers");
  });

  test("each shown emoji has ten neighbours, nearest first, itself not among them", () => {
    const { rows } = done.results.emoji.neighbours;
    expect(rows.length).toBe(8);
    for (const row of rows) {
      for (const near of [row.exact, row.approximate]) {
        expect(near.length, row.name).toBe(10);
        expect(near.some((n) => n.name === row.name && n.kind === row.kind)).toBe(false);
        const distances = near.map((n) => n.distance);
        expect(distances).toEqual([...distances].sort((a, b) => a - b));
      }
      expect(row.exact.filter((n) => !n.shared).length).toBe(row.approximate.filter((n) => !n.shared).length);
    }
    const clock = rows.find((row) => row.name === "one-oclock")!;
    expect(clock.exact.every((n) => /oclock|thirty/.test(n.name))).toBe(true);
  });

  test("the terminal gets recall, QPS, build time and memory, and the phases of the work", () => {
    const text = lines.join("\n");
    for (const word of ["recall@10", "QPS", "build", "memory", "5-NN accuracy", "noto:package"])
      expect(text).toContain(word);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(110);
    expect([...phases]).toEqual(expect.arrayContaining(["emoji", "classify", "build HNSW16"]));
  });
});

test("the emoji lab finds the same emoji across styles, best from Twemoji and worst from OpenMoji", async () => {
  const { results, report } = await LABS.emoji!.run({ ...common, out: join(dir, "lab") });
  const { acrossStyles } = results as {
    acrossStyles: { style: string; recallAt1: number; queries: number }[];
  };
  const recall = Object.fromEntries(acrossStyles.map((r) => [r.style, r.recallAt1]));
  for (const { queries } of acrossStyles) expect(queries).toBe(1033);
  expect(recall.twemoji).toBeGreaterThan(0.3);
  expect(recall.twemoji).toBe(Math.max(...Object.values(recall)));
  expect(recall.openmoji).toBe(Math.min(...Object.values(recall)));
  expect(existsSync(report)).toBe(true);
}, 120_000);

test("unknown options, a bad seed or folder, and an abort end the job before anything is written", async () => {
  const code = async (options: object): Promise<string | undefined> =>
    runStart(options).then(
      () => undefined,
      (error: unknown) => (isVicinalError(error) ? error.code : String(error)),
    );
  expect(await code({ fast: true })).toBe("OPTION_UNKNOWN");
  expect(await code({ seed: 1.5 })).toBe("OPTION_RANGE");
  writeFileSync(join(dir, "file"), "");
  expect(await code({ ...common, out: join(dir, "file", "below") })).toBe("FILE");
  const aborted = AbortSignal.abort(new Error("enough"));
  expect(await code({ ...common, out: join(dir, "never"), signal: aborted })).toBe("Error: enough");
  expect(existsSync(join(dir, "never"))).toBe(false);
});
