import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRng, matrix } from "../../src/core/index.ts";
import { writeVectorFile } from "../../src/data/index.ts";
import type { LabResult } from "../../src/labs/index.ts";
import { runTheoryLab, type TheoryLabResults } from "../../src/labs/theory/lab.ts";
import { manifolds } from "../../src/labs/theory/manifolds.ts";
import { ballVolume, integral, meanOf, slopeOf } from "../../src/labs/theory/part.ts";
import {
  coin,
  coverHartBound,
  draw,
  fogAndClear,
  hills,
  normals,
  riskOf,
} from "../../src/labs/theory/problems.ts";
import { wellFormed } from "../helpers/svg.ts";

describe("what the parts stand on", () => {
  test("volumes of balls, integrals, means and slopes are those of the textbook", () => {
    expect([1, 2, 3, 4].map(ballVolume).map((v) => v / Math.PI)).toEqual(
      [2 / Math.PI, 1, 4 / 3, Math.PI / 2].map((v) => expect.closeTo(v, 12)),
    );
    expect(integral(Math.sin, 0, Math.PI)).toBeCloseTo(2, 10);
    expect(meanOf([1, 2, 3, 6])).toEqual({ mean: 3, se: Math.sqrt(14 / 3 / 4) });
    expect(slopeOf([1, 2, 4], [3, 5, 9])).toBeCloseTo(2, 12);
  });

  test("risks of known densities: the normal tail, and what Cover and Hart give for coins", () => {
    for (const d of [1, 3]) expect(normals(d).bayes).toBeCloseTo(0.158655, 6);
    const fair = coin([0.7, 0.3]);
    expect(fair.limit).toBeCloseTo(coverHartBound(fair.bayes, 2), 12);
    const three = coin([0.6, 0.2, 0.2]);
    expect(three.limit).toBeCloseTo(coverHartBound(three.bayes, 3), 12);
    expect(fogAndClear().limit).toBe(fogAndClear().bayes);
  });

  test("drawn rows have the classes that their chances say, and the Bayes rule its risk", () => {
    for (const problem of [hills(3), normals(2), fogAndClear()]) {
      const { rows, labels } = draw(problem, 20_000, createRng(1, problem.name));
      const told = Array.from({ length: rows.rows }, (_, i) => {
        const chances = problem.chances(rows.data.subarray(i * rows.cols, (i + 1) * rows.cols));
        return chances.indexOf(Math.max(...chances));
      });
      const wrong = told.filter((label, i) => label !== labels[i]).length / rows.rows;
      expect(Math.abs(wrong - problem.bayes)).toBeLessThan(0.014);
      expect(Math.abs(riskOf(problem, rows, told) - problem.bayes)).toBeLessThan(0.008);
    }
  });
});

const real = process.env["VICINAL_DATA"];
test.skipIf(real === undefined || !existsSync(join(real, "fashion-mnist")))(
  "Fashion-MNIST ($VICINAL_DATA): pictures fill few dimensions, learned features fewer, pixels dealt out anew many",
  async () => {
    const { claims, numbers } = await manifolds({ seed: 1, quick: true, dataDir: real });
    expect(claims.filter(({ holds }) => !holds)).toEqual([]);
    expect(claims).toHaveLength(5);
    const { found } = numbers as { found: { name: string }[] };
    expect(found.map(({ name }) => name)).toContain("Fashion-MNIST, 64 learned");
  },
  120_000,
);

describe("the lab of theory", () => {
  let folder = "";
  let lab: LabResult<TheoryLabResults>;
  const said: string[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "vicinal-theory-"));
    const rng = createRng(1, "features");
    const angles = Array.from({ length: 600 }, () => 2 * Math.PI * rng.next());
    const circle = Float32Array.from(angles.flatMap((t) => [Math.cos(t), Math.sin(t), 0]));
    await writeVectorFile(join(folder, "circle.npy"), matrix(circle, 3));
    const data = process.env["VICINAL_DATA"];
    delete process.env["VICINAL_DATA"];
    try {
      lab = await runTheoryLab({
        ...{ quick: true, seed: 1, dataDir: folder, out: join(folder, "out") },
        ...{ features: join(folder, "circle.npy"), log: (line: string) => said.push(line) },
      });
    } finally {
      if (data !== undefined) process.env["VICINAL_DATA"] = data;
    }
  }, 180_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("every claim holds at a fixed seed", () => {
    const failed = lab.results.parts.flatMap(({ claims }) => claims.filter(({ holds }) => !holds));
    expect(failed).toEqual([]);
    expect(lab.results.held).toBe(lab.results.claims);
    expect(lab.results.claims).toBeGreaterThan(30);
    expect(said.filter((line) => line.startsWith("  holds"))).toHaveLength(lab.results.claims);
  });

  test("the report shows each subject with pictures that are well-formed and fetch nothing", async () => {
    const html = await readFile(lab.report, "utf8");
    for (const { name, title } of lab.results.parts)
      expect(html).toContain(`<section id="${name}"><h2>${title}`);
    const pictures = [...html.matchAll(/src="data:image\/svg\+xml;base64,([^"]+)"/g)];
    expect(pictures.length).toBeGreaterThan(12);
    for (const [, code] of pictures) {
      const svg = Buffer.from(code!, "base64").toString();
      expect(wellFormed(svg)).toBe(true);
      expect(svg).not.toMatch(/NaN|Infinity|<script/);
    }
    expect(html).not.toMatch(/<script|\ssrc="(?!data:)/);
  });

  test("features from a file are measured beside the planted manifolds: a circle fills one dimension", () => {
    const { found } = lab.results.parts.find(({ name }) => name === "manifolds")!.numbers as {
      found: { name: string; mle: number; twoNn: number }[];
    };
    const circle = found.find(({ name }) => name === "circle.npy")!;
    expect(circle.mle).toBeCloseTo(1, 0);
    expect(circle.twoNn).toBeCloseTo(1, 0);
  });
});
