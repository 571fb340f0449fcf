import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { goldenLabelled } from "../../test/support/linearGolden.ts";
import { VicinalError } from "../core/index.ts";
import { UMAP } from "./layout/umap.ts";
import { Covariance } from "./linear/covariance.ts";
import { LDA } from "./linear/lda.ts";
import { LMNN } from "./linear/lmnn.ts";
import { NCA } from "./linear/nca.ts";
import { PCA } from "./linear/pca.ts";
import { GaussianRandomProjection, SparseRandomProjection } from "./linear/randomProjection.ts";
import { Whitening } from "./linear/whitening.ts";
import { packFloats } from "./saved.ts";
import { TfidfVectorizer } from "./text/tfidf.ts";
import { TruncatedSVD } from "./text/truncatedSvd.ts";

const { x, y } = goldenLabelled(30, 4, 31);

interface Saver {
  toJSON(): Record<string, unknown>;
}
const models: [string, Saver, (json: unknown) => Saver][] = [
  ["PCA", new PCA().fit(x), PCA.fromJSON],
  ["Covariance", new Covariance().fit(x), Covariance.fromJSON],
  ["Whitening", new Whitening().fit(x), Whitening.fromJSON],
  ["LDA", new LDA().fit(x, y), LDA.fromJSON],
  ["NCA", new NCA({ maxIterations: 2 }).fit(x, y), NCA.fromJSON],
  ["LMNN", new LMNN({ maxIterations: 2 }).fit(x, y), LMNN.fromJSON],
  [
    "GaussianRandomProjection",
    new GaussianRandomProjection({ nComponents: 2 }).fit(x),
    GaussianRandomProjection.fromJSON,
  ],
  [
    "SparseRandomProjection",
    new SparseRandomProjection({ nComponents: 2 }).fit(x),
    SparseRandomProjection.fromJSON,
  ],
  ["TfidfVectorizer", new TfidfVectorizer().fit(["aa bb", "bb cc"]), TfidfVectorizer.fromJSON],
  ["TruncatedSVD", new TruncatedSVD({ nComponents: 2 }).fit(x), TruncatedSVD.fromJSON],
  ["UMAP", new UMAP({ nEpochs: 2 }).fit(x), UMAP.fromJSON],
];

const junk = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    undefined,
    Number.NaN,
    -1,
    0.5,
    1e300,
    "x",
    "",
    true,
    [],
    [[]],
    {},
    [null],
    [[1], [1, 2]],
  ),
  fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { maxLength: 5 }),
  fc.string(),
);

describe("saved models", () => {
  test.each(models)("%s comes back the same, from an object or from text", (_, model, read) => {
    const saved = JSON.parse(JSON.stringify(model));
    expect(JSON.parse(JSON.stringify(read(saved)))).toEqual(saved);
    expect(JSON.parse(JSON.stringify(read(JSON.stringify(model))))).toEqual(saved);
    expect(saved.version).toBe(1);
  });

  test.each(models)(
    "%s with any field replaced or left out is read or refused by a typed error",
    (_, model, read) => {
      const saved = JSON.parse(JSON.stringify(model)) as Record<string, unknown>;
      fc.assert(
        fc.property(fc.constantFrom(...Object.keys(saved)), junk, fc.boolean(), (field, value, inOptions) => {
          const options = saved["options"] as Record<string, unknown>;
          const broken =
            inOptions && field === "options"
              ? { ...saved, options: { ...options, [Object.keys(options)[0]!]: value } }
              : { ...saved, [field]: value };
          try {
            read(broken);
          } catch (error) {
            expect(error).toBeInstanceOf(VicinalError);
          }
        }),
        { numRuns: 150 },
      );
      for (const other of [null, 5, "{", "[]", [], { format: "vicinal/Other", version: 1 }]) {
        expect(() => read(other)).toThrow(expect.objectContaining({ code: "FORMAT" }));
      }
      expect(() => read({ ...saved, version: 9 })).toThrow(
        expect.objectContaining({ code: "FORMAT_VERSION" }),
      );
    },
  );

  test("a block in base64 is what Node's own encoder writes, also across parts", () => {
    const data = Float32Array.from({ length: 7001 }, (_, i) => Math.fround(Math.sin(i) * 1e3));
    const want = Buffer.from(data.buffer).toString("base64");
    expect(packFloats({ data, rows: 7001, cols: 1, stride: 1 })).toBe(want);
  });
});
