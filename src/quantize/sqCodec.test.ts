import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clustered, dot, squared } from "../../test/helpers/codedRows.ts";
import { testableBuilds } from "../../test/helpers/relaxed.ts";
import { createRng, matrix, row } from "../core/index.ts";
import { Engine } from "../kernels/index.ts";
import { prepareTraining, type Quantizer, trainNow } from "./codes.ts";
import { SqCodec } from "./sqCodec.ts";
import { trainSq } from "./train.ts";

const BUILDS = testableBuilds();

describe.each([4, 6, 8] as const)("SQ%i", (bits) => {
  const levels = 2 ** bits - 1;

  test("a component within its range is off by half a step at most", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 2, max: 60 }),
        fc.integer(),
        (d, n, seed) => {
          const rows = clustered(n, d, seed);
          const quantizer = trainSq(rows, { bits });
          const decoded = quantizer.decode(quantizer.encode(rows));
          for (let j = 0; j < d; j++) {
            const column = Array.from({ length: n }, (_, i) => rows.data[i * d + j]!);
            const [low, high] = [Math.min(...column), Math.max(...column)];
            // Fewer rows than cuts: the range is that of the rows.
            const half = (high - low) / levels / 2;
            for (let i = 0; i < n; i++) {
              const error = Math.abs(decoded.data[i * d + j]! - column[i]!);
              expect(error).toBeLessThanOrEqual(half + 1e-5 * (1 + Math.abs(high) + Math.abs(low)));
            }
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  test.each(["l2sq", "ip"] as const)(
    "ranks are %s of the decoded rows, but for the rounding of weights",
    (metric) => {
      for (const d of [3, 10, 65]) {
        const rows = clustered(100, d, 7);
        const quantizer = trainSq(rows, { bits, metric });
        const codes = quantizer.encode(rows);
        const decoded = quantizer.decode(codes);
        const query = clustered(1, d, 8).data;
        const ranks = quantizer.ranks(query, codes);
        let scale = 0;
        for (let j = 0; j < d; j++) scale += Math.abs(query[j]!) * 20;
        for (let i = 0; i < 100; i++) {
          const x = row(decoded, i);
          const want = metric === "ip" ? -dot(query, x) : squared(query, x);
          expect(Math.abs(ranks[i]! - want)).toBeLessThan(1e-4 * scale + 1e-3 * Math.abs(want));
        }
      }
    },
  );

  test("products of long rows do not overflow", () => {
    const d = 3000;
    const rows = matrix(
      Float32Array.from({ length: 20 * d }, (_, i) => (i < 10 * d ? 1 : -1)),
      d,
      20,
    );
    const quantizer = trainSq(rows, { bits });
    const codes = quantizer.encode(rows);
    const query = new Float32Array(d).fill(-1);
    const ranks = quantizer.ranks(query, codes);
    expect(ranks[19]!).toBeLessThan(0.01 * 4 * d);
    expect(Math.abs(ranks[0]! - 4 * d)).toBeLessThan(0.01 * 4 * d);
  });

  test("both builds give the same codes and ranks", () => {
    const rows = clustered(70, 11, 2);
    const all = BUILDS.map((build): [Quantizer, Uint8Array] => {
      const engine = Engine.create({ build });
      const shape = { ip: false, seed: 0 };
      const quantizer = trainNow(
        prepareTraining(rows, shape, (space, s) => new SqCodec(space, s, bits), engine),
      );
      return [quantizer, quantizer.encode(rows).blocks];
    });
    const [[first, blocks]] = all as [[Quantizer, Uint8Array]];
    const query = clustered(1, 11, 3).data;
    for (const [quantizer, bytes] of all) {
      expect(bytes).toEqual(blocks);
      const codes = { rows: 70, blocks: bytes };
      expect(quantizer.ranks(query, codes)).toEqual(first.ranks(query, codes));
    }
  });
});

test("a constant component is coded without error, and outliers do not widen the range of 4 bits", () => {
  const rng = createRng(1, "outliers");
  const data = new Float32Array(4096);
  for (let i = 0; i < 4096; i += 2) {
    data[i] = 7.25;
    data[i + 1] = i === 0 ? 1000 : rng.normal();
  }
  const rows = matrix(data, 2);
  const quantizer = trainSq(rows, { bits: 8 });
  const decoded = quantizer.decode(quantizer.encode(rows));
  for (let i = 1; i < rows.rows; i++) {
    expect(decoded.data[2 * i]).toBeCloseTo(7.25, 5);
    expect(Math.abs(decoded.data[2 * i + 1]! - data[2 * i + 1]!)).toBeLessThan(2);
  }
});
