import { describe, expect, test } from "vitest";
import { DTYPES, METRICS } from "../../src/core/index.ts";
import { build, create, FlatIndex, HnswIndex, open, SUPPORT } from "../../src/indexes/index.ts";
import { type Anything, D, detached } from "./badValues.ts";
import { failureOf, KINDS, ONE_EACH, supported } from "./support.ts";

describe("making an index", () => {
  test("what the SUPPORT table leaves out is refused with UNSUPPORTED", async () => {
    for (const kind of [...ONE_EACH]) {
      for (const dtype of DTYPES) {
        for (const metric of METRICS) {
          if (supported(kind, dtype, metric)) continue;
          const error = await failureOf(() => create(kind.spec, { dimension: 8, metric, dtype }));
          expect(error.code, `${kind.spec} ${metric} ${dtype}`).toBe("UNSUPPORTED");
        }
      }
    }
    expect(new Set(Object.keys(SUPPORT))).toEqual(new Set(KINDS.map(({ support }) => support)));
  });

  test("bad specifications and options are refused by every way of making one", async () => {
    const attempts: [string[], () => unknown][] = [
      [["SPEC_SYNTAX"], () => create("", { dimension: D })],
      [["SPEC_SYNTAX"], () => create("Tree", { dimension: D })],
      [["SPEC_SYNTAX", "OPTION_RANGE"], () => create("HNSW1", { dimension: D })],
      [["SPEC_SYNTAX", "OPTION_RANGE"], () => create("HNSW101", { dimension: D })],
      [["SPEC_SYNTAX", "UNSUPPORTED"], () => create("Flat,SQ8", { dimension: D })],
      [["SPEC_SYNTAX"], () => create("HNSW16,Refine", { dimension: D })],
      [["BAD_INPUT"], () => create(5 as Anything, { dimension: D })],
      [["BAD_INPUT"], () => create(undefined as Anything, { dimension: D })],
      [["UNSUPPORTED"], () => create("Auto", { dimension: D })],
      [["METRIC_UNKNOWN"], () => create("Flat", { dimension: D, metric: "L3" as Anything })],
      [["OPTION_RANGE"], () => create("Flat", { dimension: D, dtype: "f64" as Anything })],
      [["OPTION_UNKNOWN"], () => create("Flat", { dimension: D, dims: 5 } as Anything)],
      [["BAD_INPUT"], () => create("Flat", null as Anything)],
      [["BAD_INPUT", "OPTION_RANGE"], () => create("Flat", undefined as Anything)],
      [["OPTION_UNKNOWN"], () => new HnswIndex({ dimension: D, ef: 5 } as Anything)],
      [["OPTION_RANGE"], () => new HnswIndex({ dimension: D, M: 1 })],
      [["OPTION_RANGE"], () => new HnswIndex({ dimension: D, M: 16, efConstruction: 15 })],
      [["OPTION_RANGE"], () => new HnswIndex({ dimension: D, efSearch: 0 })],
      [["OPTION_RANGE"], () => new HnswIndex({ dimension: D, codes: "sq9" as Anything })],
      [["OPTION_RANGE"], () => new FlatIndex({ dimension: D, seed: -1 })],
      [["OPTION_RANGE"], () => new FlatIndex({ dimension: D, seed: 0.5 })],
      [["OPTION_RANGE"], () => new FlatIndex({} as Anything)],
      [["NOT_FINITE"], () => build([[1, Number.NaN]])],
      [["DIM_MISMATCH"], () => build([[1, 2], [1]])],
      [["BAD_INPUT"], () => build(new Float32Array(8))],
      [["BAD_INPUT"], () => build([])],
      [["BAD_INPUT"], () => build(null as Anything)],
      [["OPTION_UNKNOWN"], () => build([[1, 2]], { recall: 0.9 } as Anything)],
      [["OPTION_RANGE"], () => build([[1, 2]], { targetRecall: 0 })],
      [["OPTION_RANGE"], () => build([[1, 2]], { targetRecall: 1.01 })],
      [["OPTION_RANGE"], () => build([[1, 2]], { targetRecall: Number.NaN })],
      [["BAD_K", "OPTION_RANGE"], () => build([[1, 2]], { k: 0 })],
      [["SPEC_SYNTAX"], () => build([[1, 2]], { spec: "Tree" })],
      [["METRIC_UNKNOWN"], () => build([[1, 2]], { metric: "x" as Anything })],
      [
        ["ZERO_VECTOR"],
        () =>
          build(
            [
              [1, 2],
              [0, 0],
            ],
            { metric: "cosine" },
          ),
      ],
      [
        ["DUPLICATE_KEY"],
        () =>
          build(
            [
              [1, 2],
              [3, 4],
            ],
            { keys: ["a", "a"] },
          ),
      ],
      [["OPTION_UNKNOWN"], () => open(new Uint8Array(0), { limit: 5 } as Anything)],
      [["BAD_INPUT"], () => open(undefined as Anything)],
      [["BAD_INPUT"], () => open(7 as Anything)],
      [["FORMAT_UNKNOWN"], () => open(new Uint8Array(0))],
      [["FILE"], () => open("/nonexistent-folder/x.vic")],
      [["DETACHED_BUFFER"], () => open(detached().buffer as ArrayBuffer)],
    ];
    for (const dimension of [0, -1, 1.5, Number.NaN, 65_536, "4", null, undefined]) {
      attempts.push([["OPTION_RANGE"], () => create("Flat", { dimension } as Anything)]);
      attempts.push([["OPTION_RANGE"], () => create("HNSW8", { dimension } as Anything)]);
    }
    for (const [codes, attempt] of attempts) {
      const error = await failureOf(attempt);
      expect(codes, `${attempt}: ${error.code} ${error.message}`).toContain(error.code);
    }
  });
});
