import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clustered, dot, squared } from "../../test/helpers/codedRows.ts";
import { testableBuilds } from "../../test/helpers/relaxed.ts";
import { createRng, matrix, row } from "../core/index.ts";
import { Engine } from "../kernels/index.ts";
import { prepareTraining, trainNow } from "./codes.ts";
import { RabitqCodec } from "./rabitqCodec.ts";
import { trainRabitq } from "./train.ts";

const BUILDS = testableBuilds();

describe.each(["l2sq", "ip"] as const)("RaBitQ, %s", (metric) => {
  const rank = (a: Float32Array, b: Float32Array): number => (metric === "ip" ? -dot(a, b) : squared(a, b));

  test.each([16, 100, 128, 200])("bounds hold for nearly all rows, d = %i", (d) => {
    const rows = clustered(600, d, d);
    const quantizer = trainRabitq(rows, { metric });
    const codes = quantizer.encode(rows);
    let above = 0;
    let useful = 0;
    for (let q = 0; q < 5; q++) {
      const query = row(clustered(5, d, 1000 + d), q);
      const bounds = quantizer.bounds(query, codes);
      const ranks = quantizer.ranks(query, codes);
      const spread = rows.rows;
      for (let i = 0; i < spread; i++) {
        if (bounds[i]! > rank(query, row(rows, i))) above++;
        if (bounds[i]! > 0 || metric === "ip") useful++;
        expect(bounds[i]!).toBeLessThanOrEqual(ranks[i]!);
      }
    }
    // A normal error is above 1.9 of its deviations in 2.9 % of cases; errors of rows near each other are alike.
    expect(above / 3000).toBeLessThan(0.05);
    expect(useful / 3000).toBeGreaterThan(0.5);
  });

  test("estimates are unbiased over rotations", () => {
    const d = 64;
    const rows = clustered(40, d, 3);
    const query = clustered(1, d, 77).data;
    const rounds = 60;
    const sums = new Float64Array(40);
    const squares = new Float64Array(40);
    for (let seed = 0; seed < rounds; seed++) {
      const quantizer = trainRabitq(rows, { metric, seed });
      const ranks = quantizer.ranks(query, quantizer.encode(rows));
      for (let i = 0; i < 40; i++) {
        const error = ranks[i]! - rank(query, row(rows, i));
        sums[i]! += error;
        squares[i]! += error * error;
      }
    }
    let biased = 0;
    for (let i = 0; i < 40; i++) {
      const mean = sums[i]! / rounds;
      const deviation = Math.sqrt(squares[i]! / rounds - mean * mean);
      if (Math.abs(mean) > (3 * deviation) / Math.sqrt(rounds)) biased++;
    }
    // 0.3 % of forty means lie beyond three of their deviations.
    expect(biased).toBeLessThanOrEqual(2);
  });

  test("ranks are those of the decoded rows, but for rounded tables", () => {
    const d = 48;
    const rows = clustered(100, d, 4);
    const quantizer = trainRabitq(rows, { metric });
    const codes = quantizer.encode(rows);
    const decoded = quantizer.decode(codes);
    const query = clustered(1, d, 6).data;
    const ranks = quantizer.ranks(query, codes);
    const centre = new Float32Array(d);
    for (let i = 0; i < 100; i++) for (let j = 0; j < d; j++) centre[j]! += row(rows, i)[j]! / 100;
    for (let i = 0; i < 100; i++) {
      const x = row(decoded, i);
      // An estimate takes the true length of a row, and the product with the decoded one.
      const inner = dot(query, x) - dot(centre, x) - dot(query, centre) + dot(centre, centre);
      const want =
        metric === "ip" ? -dot(query, x) : squared(query, centre) + squared(row(rows, i), centre) - 2 * inner;
      const scale = Math.sqrt(squared(query, centre) * squared(x, centre)) + Math.abs(want);
      expect(Math.abs(ranks[i]! - Math.max(want, metric === "ip" ? want : 0))).toBeLessThan(
        0.02 * scale + 0.01,
      );
    }
  });
});

test("rotation keeps lengths: codes of the same rows in other rotations err alike", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 0, max: 1000 }), (d, seed) => {
      const rows = clustered(9, d, seed);
      const quantizer = trainRabitq(rows, { seed });
      const mean = new Float32Array(d);
      for (let i = 0; i < 9; i++) for (let j = 0; j < d; j++) mean[j]! += row(rows, i)[j]! / 9;
      const ranks = quantizer.ranks(mean, quantizer.encode(rows));
      // From the centre, the estimate is the length itself.
      for (let i = 0; i < 9; i++) {
        const want = squared(mean, row(rows, i));
        expect(Math.abs(ranks[i]! - want)).toBeLessThan(1e-3 * want + 1e-3);
      }
    }),
    { numRuns: 30 },
  );
});

test("a row in the centre is ranked exactly and bounded by its rank", () => {
  const rng = createRng(2, "centre");
  const one = Float32Array.from({ length: 20 }, () => rng.normal());
  const rows = matrix(Float32Array.from([...one, ...one]), 20);
  const quantizer = trainRabitq(rows);
  const codes = quantizer.encode(rows);
  const query = Float32Array.from({ length: 20 }, () => rng.normal());
  const want = squared(query, one);
  expect(quantizer.ranks(query, codes)[1]!).toBeCloseTo(want, 3);
  expect(quantizer.bounds(query, codes)[1]!).toBeLessThanOrEqual(want);
});

test("both builds make the same codes", () => {
  const rows = clustered(70, 50, 2);
  const bytes = BUILDS.map((build) => {
    const engine = Engine.create({ build });
    const shape = { ip: false, seed: 4 };
    return trainNow(prepareTraining(rows, shape, (space, s) => new RabitqCodec(space, s), engine)).encode(
      rows,
    ).blocks;
  });
  for (const other of bytes) expect(other).toEqual(bytes[0]);
});
