import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bruteForce, randomMatrix } from "../../test/support/brute.ts";
import { createRng, type Matrix, type Metric, matrix, type Scalars } from "../core/index.ts";
import { groundTruth } from "./truth.ts";
import { decodeTruth, encodeTruth } from "./truth-file.ts";

const base = randomMatrix(60, 5, 1);
const queries = randomMatrix(7, 5, 2);

function expectBrute(
  truth: Awaited<ReturnType<typeof groundTruth>>,
  b: Matrix<Scalars>,
  q: Matrix<Scalars>,
  metric: Metric,
) {
  for (let i = 0; i < q.rows; i++) {
    const want = bruteForce(b, q, i, metric, truth.k);
    const distances = truth.distances.subarray(i * truth.k, (i + 1) * truth.k);
    for (let j = 0; j < truth.k; j++) expect(distances[j]).toBeCloseTo(want[j]!.distance, 5);
    expect([...truth.ids.subarray(i * truth.k, (i + 1) * truth.k)].sort()).toEqual(
      want.map((r) => r.id).sort(),
    );
  }
}

test.each<Metric>(["l2", "l2sq", "cosine", "ip", "l1", "linf"])(
  "equals brute force under %s",
  async (metric) => {
    expectBrute(await groundTruth(base, queries, { metric, k: 9, cache: false }), base, queries, metric);
  },
);

test("equals brute force over packed bits", async () => {
  const rng = createRng(5, "bits");
  const bits = (rows: number): Matrix<Scalars> =>
    matrix(
      Uint8Array.from({ length: rows * 16 }, () => rng.below(256)),
      16,
    );
  const [b, q] = [bits(50), bits(4)];
  // Whole distances tie often: compare them alone.
  const truth = await groundTruth(b, q, { metric: "hamming", k: 6, cache: false });
  for (let i = 0; i < 4; i++) {
    expect([...truth.distances.subarray(i * 6, i * 6 + 6)]).toEqual(
      bruteForce(b, q, i, "hamming", 6).map((r) => r.distance),
    );
  }
});

test("has as many neighbours as there are rows when k is larger", async () => {
  const truth = await groundTruth(base, queries, { metric: "l2", k: 1000, cache: false });
  expect(truth.k).toBe(60);
  expectBrute(truth, base, queries, "l2");
});

test("refuses queries of another dimension and a wrong k", async () => {
  await expect(groundTruth(base, randomMatrix(2, 6, 1), { metric: "l2" })).rejects.toMatchObject({
    code: "DIM_MISMATCH",
  });
  await expect(groundTruth(base, queries, { metric: "l2", k: 0 })).rejects.toMatchObject({ code: "BAD_K" });
});

describe("kept in a folder", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "vicinal-truth-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const ask = (metric: Metric = "l2", k = 3, b: Matrix<Scalars> = base) =>
    groundTruth(b, queries, { metric, k, cache: folder });

  test("the answer is read the next time", async () => {
    const first = await ask();
    expect(await ask()).toEqual(first);
    const [name, ...others] = readdirSync(folder);
    expect(others).toEqual([]);
    const other = { ...first, ids: first.ids.map((id) => 59 - id) };
    writeFileSync(join(folder, name!), encodeTruth(other));
    expect(await ask()).toEqual(other);
  });

  test("another metric, k or base is another answer", async () => {
    const changed = matrix(base.data.slice(), 5);
    changed.data[7]! += 1e-6;
    await ask();
    await ask("l1");
    await ask("l2", 4);
    await ask("l2", 3, changed);
    await ask("l2", 3, matrix(base.data, 5, 59));
    expect(readdirSync(folder)).toHaveLength(5);
  });

  test("a damaged file is computed again", async () => {
    const first = await ask();
    const path = join(folder, readdirSync(folder)[0]!);
    const good = readFileSync(path);
    for (const bad of [good.subarray(1), Buffer.alloc(0), Buffer.concat([good, Buffer.alloc(8)])]) {
      writeFileSync(path, bad);
      expect(await ask()).toEqual(first);
    }
    expect(readFileSync(path)).toEqual(good);
  });

  test("a folder that cannot be written to is no failure", async () => {
    writeFileSync(join(folder, "file"), "");
    const cache = join(folder, "file", "below");
    expectBrute(await groundTruth(base, queries, { metric: "l2", k: 3, cache }), base, queries, "l2");
  });
});

test("every flipped bit of a kept file is noticed", () => {
  const truth = {
    ids: Uint32Array.of(1, 2, 3, 4),
    distances: Float32Array.of(0.5, 1, 1.5, 2),
    queries: 2,
    k: 2,
  };
  const bytes = encodeTruth(truth);
  expect(decodeTruth(bytes, 2, 2, 5)).toEqual(truth);
  expect(decodeTruth(bytes, 2, 2, 4)).toBeUndefined();
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = bytes.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    expect(decodeTruth(flipped, 2, 2, 5)).toBeUndefined();
  }
});
