import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { worst } from "../../../test/support/linearGolden.ts";
import { createRng } from "../../core/index.ts";
import { create } from "../../indexes/index.ts";
import { type Csr, csrToDense } from "../linalg/csr.ts";
import { TfidfVectorizer } from "./tfidf.ts";
import { TruncatedSVD } from "./truncatedSvd.ts";

interface Golden {
  texts: string[];
  unseen: string[];
  cases: {
    options: object;
    terms: string[];
    idf: number[] | null;
    rows: [number, number][][];
    unseen: [number, number][][];
  }[];
  svd: { singular: number[]; variance: number[]; ratio: number[]; components: number[][] };
}
const golden: Golden = JSON.parse(
  readFileSync(new URL("../../../test/golden/text.sklearn-1.2.1.json", import.meta.url), "utf8"),
);

function expectRows(got: Csr, want: [number, number][][]): void {
  expect(got.rows).toBe(want.length);
  want.forEach((row, i) => {
    const [from, to] = [got.indptr[i]!, got.indptr[i + 1]!];
    expect([...got.indices.subarray(from, to)]).toEqual(row.map(([j]) => j));
    expect(
      worst(
        got.data.subarray(from, to),
        row.map(([, value]) => value),
      ),
    ).toBeLessThan(1e-12);
  });
}

describe("TfidfVectorizer", () => {
  test.each(golden.cases.map((one) => [JSON.stringify(one.options), one] as const))(
    "has scikit-learn's terms, weights and rows with %s",
    (_, { options, terms, idf, rows, unseen }) => {
      const model = new TfidfVectorizer(options);
      const found = model.fitTransform(golden.texts);
      expect(model.getFeatureNamesOut()).toEqual(terms);
      if (idf !== null) expect(worst(model.idf_, idf)).toBeLessThan(1e-12);
      expectRows(found, rows);
      expectRows(model.transform(golden.texts), rows);
      expectRows(model.transform(golden.unseen), unseen);
      const read = TfidfVectorizer.fromJSON(JSON.stringify(model));
      expect(read.transform(golden.unseen)).toEqual(model.transform(golden.unseen));
    },
  );

  test("takes a tokenizer, which cannot be saved, and the vocabulary names columns", async () => {
    const model = new TfidfVectorizer({ tokenizer: (text) => [...text.replaceAll(" ", "")], useIdf: false });
    await model.fitAsync(["a b", "b c"]);
    expect([...model.vocabulary_]).toEqual([
      ["a", 0],
      ["b", 1],
      ["c", 2],
    ]);
    expect(() => model.toJSON()).toThrow(expect.objectContaining({ code: "UNSUPPORTED" }));
  });

  test.each([
    ["one string", () => new TfidfVectorizer().fit("text"), "BAD_INPUT"],
    ["a number among texts", () => new TfidfVectorizer().fit(["a", 1 as unknown as string]), "BAD_INPUT"],
    ["texts without words", () => new TfidfVectorizer().fit(["a", "!"]), "BAD_INPUT"],
    ["no text", () => new TfidfVectorizer().fit([]), "BAD_INPUT"],
    [
      "bounds that exclude each other",
      () => new TfidfVectorizer({ minDf: 3, maxDf: 2 }).fit(["ab"]),
      "OPTION_RANGE",
    ],
    ["a fraction of texts", () => new TfidfVectorizer({ minDf: 1.5 }), "OPTION_RANGE"],
    ["runs of no words", () => new TfidfVectorizer({ ngramRange: [0, 1] }), "OPTION_RANGE"],
    ["nothing learned", () => new TfidfVectorizer().transform(["a"]), "NOT_FITTED"],
    ["other files", () => TfidfVectorizer.fromJSON({ format: "vicinal/PCA", version: 1 }), "FORMAT"],
  ])("refuses %s by code", (_, run, code) => {
    expect(run).toThrow(expect.objectContaining({ code }));
  });
});

describe("TruncatedSVD", () => {
  test("spans scikit-learn's subspace with its singular values, of sparse rows and of dense", () => {
    const sparse = new TfidfVectorizer().fitTransform(golden.texts);
    for (const rows of [sparse, csrToDense(sparse)]) {
      const model = new TruncatedSVD({ nComponents: 3 }).fit(rows);
      expect(worst(model.singularValues_, golden.svd.singular)).toBeLessThan(1e-9);
      expect(worst(model.explainedVariance_, golden.svd.variance)).toBeLessThan(1e-9);
      expect(worst(model.explainedVarianceRatio_, golden.svd.ratio)).toBeLessThan(1e-9);
      golden.svd.components.forEach((row, i) => {
        let cosine = 0;
        row.forEach((value, j) => {
          cosine += value * model.components_.data[i * row.length + j]!;
        });
        expect(Math.abs(cosine)).toBeCloseTo(1, 9);
      });
      expect(TruncatedSVD.fromJSON(JSON.stringify(model)).transform(rows)).toEqual(model.transform(rows));
    }
  });

  test("texts about one subject are neighbours under cosine, also without a word in common", () => {
    const subjects = [
      ["sail", "mast", "harbour", "anchor", "keel", "rudder", "deck", "tide"],
      ["oven", "flour", "yeast", "dough", "crust", "butter", "sugar", "knead"],
      ["orbit", "comet", "planet", "lens", "nebula", "moon", "star", "galaxy"],
    ];
    const rng = createRng(5);
    const texts = Array.from({ length: 90 }, (_, i) =>
      Array.from({ length: 4 }, () => subjects[i % 3]![rng.below(8)]!).join(" "),
    );
    const rows = new TfidfVectorizer().fitTransform(texts);
    const vectors = new TruncatedSVD({ nComponents: 3 }).fitTransform(rows);
    const index = create("Flat", { dimension: 3, metric: "cosine" });
    index.add(vectors);
    const found = index.search(vectors, { k: 20 });
    for (let q = 0; q < 90; q++) for (const key of found.keys(q)) expect((key as number) % 3).toBe(q % 3);
    index.close();
  });

  test("refuses too many dimensions, damaged rows and rows of other widths by code", () => {
    const rows = new TfidfVectorizer().fitTransform(golden.texts);
    const code = (c: string) => expect.objectContaining({ code: c });
    expect(() => new TruncatedSVD({ nComponents: 9 }).fit(rows)).toThrow(code("OPTION_RANGE"));
    const model = new TruncatedSVD({ nComponents: 2 }).fit(rows);
    expect(() => model.transform({ ...rows, cols: 3 })).toThrow(code("BAD_INPUT"));
    expect(() => model.transform({ ...rows, cols: 300 })).toThrow(code("DIM_MISMATCH"));
    const bad = rows.data.with(2, Number.NaN);
    expect(() => model.transform({ ...rows, data: bad })).toThrow(code("NOT_FINITE"));
  });
});
