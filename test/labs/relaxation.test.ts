import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRng } from "../../src/core/index.ts";
import type { LabResult } from "../../src/labs/index.ts";
import { chancesOf } from "../../src/labs/relaxation/draws.ts";
import { type RelaxationLabResults, runRelaxationLab } from "../../src/labs/relaxation/lab.ts";
import { nearestOf } from "../../src/labs/relaxation/nearest.ts";
import {
  drawNoisy,
  LOUD,
  mapped,
  rotation,
  suppression,
  vote,
  WIDTH,
} from "../../src/labs/relaxation/noisy.ts";
import { wellFormed } from "../helpers/svg.ts";

describe("what the parts stand on", () => {
  test("chances of draws without replacement are those of the textbook: 3 : 2 : 1", () => {
    const d = [3, 2, 1].map((share) => -Math.log(share));
    const [, second, third] = [0, 1, 2].map((step) => chancesOf(d, 3, 1).slice(3 * step, 3 * step + 3));
    // Second is a: after b (1/3 · 3/4) or after c (1/6 · 3/5).
    expect(second![0]).toBeCloseTo((1 / 3) * (3 / 4) + (1 / 6) * (3 / 5), 12);
    // Last is c: after a, b (1/2 · 2/3) or b, a (1/3 · 3/4).
    expect(third![2]).toBeCloseTo((1 / 2) * (2 / 3) + (1 / 3) * (3 / 4), 12);
  });

  test("the nearest are those of sorting, without the row left out", () => {
    const rng = createRng(1, "nearest");
    const base = Float64Array.from({ length: 40 * 3 }, () => rng.normal());
    const query = base.subarray(15, 18);
    const squared = (i: number): number => query.reduce((sum, x, j) => sum + (x - base[3 * i + j]!) ** 2, 0);
    const sorted = Array.from({ length: 40 }, (_, i) => i).sort((a, b) => squared(a) - squared(b));
    expect(sorted[0]).toBe(5);
    expect(nearestOf(base, query, 6)).toEqual(sorted.slice(0, 6));
    expect(nearestOf(base, query, 6, 5)).toEqual(sorted.slice(1, 7));
  });

  test("a metric that drops the noisy directions brings back the accuracy of the telling ones", () => {
    const rng = createRng(2, "noisy");
    const turn = rotation(WIDTH, rng);
    for (const [i, a] of turn.entries()) {
      for (const [j, b] of turn.entries()) {
        expect(a.reduce((sum, x, c) => sum + x * b[c]!, 0)).toBeCloseTo(i === j ? 1 : 0, 12);
      }
    }
    const [train, fresh] = [drawNoisy(300, turn, rng), drawNoisy(200, turn, rng)];
    const kept = new Float64Array(WIDTH * WIDTH);
    for (let j = 0; j < WIDTH; j++) for (const c of [0, 1]) kept[j * WIDTH + c] = turn[c]![j]!;
    const told = vote(mapped(train.rows, kept), train.labels, mapped(fresh.rows, kept), WIDTH, 5);
    expect(told).toEqual(vote(train.telling, train.labels, fresh.telling, 2, 5));
    expect(suppression(kept, turn)).toBeGreaterThan(1e6);
    const variance = train.rows.reduce((sum, x) => sum + x * x, 0) / train.n;
    expect(variance).toBeGreaterThan(0.8 * (WIDTH - 2) * LOUD ** 2);
  });
});

describe("the lab of the relaxation", () => {
  let folder = "";
  let lab: LabResult<RelaxationLabResults>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "vicinal-relaxation-"));
    lab = await runRelaxationLab({ quick: true, seed: 1, out: join(folder, "out") });
  }, 180_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("every claim holds at a fixed seed", () => {
    const failed = lab.results.parts.flatMap(({ claims }) => claims.filter(({ holds }) => !holds));
    expect(failed).toEqual([]);
    expect(lab.results.parts.map(({ name }) => name)).toEqual([
      ...["falling", "draws", "gradients", "metric", "temperature", "each-own", "planted"],
    ]);
    expect(lab.results.claims).toBeGreaterThan(25);
  });

  test("the report shows each subject with pictures that are well-formed and fetch nothing", async () => {
    const html = await readFile(lab.report, "utf8");
    for (const { name, title } of lab.results.parts)
      expect(html).toContain(`<section id="${name}"><h2>${title}`);
    const pictures = [...html.matchAll(/src="data:image\/svg\+xml;base64,([^"]+)"/g)];
    expect(pictures.length).toBeGreaterThan(10);
    for (const [, code] of pictures) {
      const svg = Buffer.from(code!, "base64").toString();
      expect(wellFormed(svg)).toBe(true);
      expect(svg).not.toMatch(/NaN|Infinity|<script/);
    }
    expect(html).not.toMatch(/<script|\ssrc="(?!data:)/);
  });
});
