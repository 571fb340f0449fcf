import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clustered, dot, squared } from "../../test/helpers/codedRows.ts";
import { testableBuilds } from "../../test/helpers/relaxed.ts";
import { type Matrix, row } from "../core/index.ts";
import { type Build, Engine } from "../kernels/index.ts";
import { prepareTraining, type Quantizer, trainNow } from "./codes.ts";
import { PqCodec, type PqOptions } from "./pqCodec.ts";
import { trainPq, trainPqAsync } from "./train.ts";

const BUILDS = testableBuilds();

interface Made {
  readonly quantizer: Quantizer;
  readonly books: (part: number, centroid: number) => Float64Array;
}

function make(rows: Matrix, options: PqOptions, build: Build = "plain", ip = false): Made {
  let read: Made["books"] | undefined;
  const quantizer = trainNow(
    prepareTraining(
      rows,
      { ip, seed: 1 },
      (space, shape) => {
        const codec = new PqCodec(space, shape, options);
        const { m } = options;
        read = (part, centroid) => {
          const ksub = 2 ** options.nbits;
          const start = Math.floor((part * shape.dimension) / m);
          const end = Math.floor(((part + 1) * shape.dimension) / m);
          const stride = (1 + Math.ceil(shape.dimension / m)) * ksub;
          const at = codec.rowBytes / 4 + part * stride + centroid;
          return Float64Array.from(
            { length: end - start },
            (_, t) => space.f32("codeBooks")[at + (t + 1) * ksub]!,
          );
        };
        return codec;
      },
      Engine.create({ build }),
    ),
  );
  return { quantizer, books: read! };
}

const FORMS: readonly PqOptions[] = [
  { m: 3, nbits: 8, fastScan: false },
  { m: 6, nbits: 8, fastScan: false },
  { m: 5, nbits: 4, fastScan: false },
  { m: 5, nbits: 4, fastScan: true },
];
const name = ({ m, nbits, fastScan }: PqOptions): string => `PQ${m}x${nbits}${fastScan ? "fs" : ""}`;

describe.each(FORMS.map((form) => [name(form), form] as const))("%s", (_, form) => {
  const d = 13;
  const rows = clustered(301, d, 5);

  test("a row is decoded as the nearest centroid of each part", () => {
    const { quantizer, books } = make(rows, form);
    const decoded = quantizer.decode(quantizer.encode(rows));
    for (let i = 0; i < rows.rows; i += 7) {
      for (let part = 0; part < form.m; part++) {
        const start = Math.floor((part * d) / form.m);
        const end = Math.floor(((part + 1) * d) / form.m);
        const x = row(rows, i).subarray(start, end);
        const got = squared(x, row(decoded, i).subarray(start, end));
        let best = Infinity;
        for (let k = 0; k < 2 ** form.nbits; k++) best = Math.min(best, squared(x, books(part, k)));
        expect(got).toBeLessThanOrEqual(best + 1e-4);
      }
    }
  });

  test.each([false, true])("ranks are distances to the decoded rows (ip %s)", (ip) => {
    const { quantizer, books } = make(rows, form, "plain", ip);
    const codes = quantizer.encode(rows);
    const decoded = quantizer.decode(codes);
    const query = clustered(1, d, 9).data;
    const ranks = quantizer.ranks(query, codes);
    let widest = 0;
    for (let part = 0; part < form.m && form.fastScan; part++) {
      const start = Math.floor((part * d) / form.m);
      const end = Math.floor(((part + 1) * d) / form.m);
      const x = query.subarray(start, end);
      const entries = Array.from({ length: 16 }, (_, k) =>
        ip ? -dot(x, books(part, k)) : squared(x, books(part, k)),
      );
      widest = Math.max(widest, Math.max(...entries) - Math.min(...entries));
    }
    // Each of m entries is rounded to a step of widest / 255.
    const atol = (form.m * widest) / 510 + 1e-3;
    for (let i = 0; i < rows.rows; i++) {
      const x = row(decoded, i);
      const want = ip ? -dot(query, x) : squared(query, x);
      expect(Math.abs(ranks[i]! - want)).toBeLessThanOrEqual(atol);
    }
  });

  test("both builds make the same codes", () => {
    const bytes = BUILDS.map((build) => make(rows, form, build).quantizer.encode(rows).blocks);
    for (const other of bytes) expect(other).toEqual(bytes[0]);
  });
});

test("rounded tables of any number of parts add up without overflow", () => {
  const d = 600;
  const rows = clustered(40, d, 3);
  const { quantizer } = make(rows, { m: 600, nbits: 4, fastScan: true });
  const codes = quantizer.encode(rows);
  const decoded = quantizer.decode(codes);
  const query = Float32Array.from({ length: d }, () => 100);
  const ranks = quantizer.ranks(query, codes);
  for (let i = 0; i < rows.rows; i++) {
    const want = squared(query, row(decoded, i));
    expect(Math.abs(ranks[i]! - want) / want).toBeLessThan(0.01);
  }
});

test("more centroids leave less error than one part's share of the variance", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), (seed) => {
      const rows = clustered(200, 6, seed);
      const { quantizer } = make(rows, { m: 3, nbits: 4, fastScan: true });
      const decoded = quantizer.decode(quantizer.encode(rows));
      let error = 0;
      for (let i = 0; i < rows.rows; i++) error += squared(row(rows, i), row(decoded, i));
      const mean = Array.from({ length: 6 }, (_, j) => {
        let sum = 0;
        for (let i = 0; i < rows.rows; i++) sum += row(rows, i)[j]!;
        return sum / rows.rows;
      });
      let variance = 0;
      for (let i = 0; i < rows.rows; i++) variance += squared(row(rows, i), mean);
      expect(error).toBeLessThan(0.25 * variance);
    }),
    { numRuns: 10 },
  );
});

test("codes of another length than the rows need are refused", () => {
  const rows = clustered(40, 4, 3);
  const { quantizer } = make(rows, { m: 2, nbits: 4, fastScan: true });
  expect(() => quantizer.decode({ rows: 40, blocks: new Uint8Array(7) })).toThrow(/as encode\(\)/);
});

test("threads train the codebooks that one thread does", async () => {
  const rows = clustered(300, 12, 4);
  const one = trainPq(rows, { m: 4, nbits: 4 }).encode(rows);
  const two = (await trainPqAsync(rows, { m: 4, nbits: 4, threads: 2 })).encode(rows);
  expect(two.blocks).toEqual(one.blocks);
});
