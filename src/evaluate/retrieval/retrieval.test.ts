import fc from "fast-check";
import { expect, test } from "vitest";
import { createRng, type Matrix, matrix, row } from "../../core/index.ts";
import { create } from "../../indexes/index.ts";
import { distance } from "../../metrics/index.ts";
import { evaluateRetrieval, rankedScores } from "../index.ts";

const draw = (n: number, d: number, seed: number): Matrix => {
  const rng = createRng(seed, "retrieval");
  return matrix(
    Float32Array.from({ length: n * d }, () => rng.normal()),
    d,
  );
};
const labelsOf = (n: number, classes: number, seed: number): number[] => {
  const rng = createRng(seed, "labels");
  return Array.from({ length: n }, () => rng.below(classes));
};

type Scores = Record<"precisionAt1" | "rPrecision" | "mapAtR" | "map" | "mrr" | "queries", number> & {
  recall: Record<number, number>;
};

/** The measures word for word: rank everything, look for the wanted. */
function slow(
  queries: Matrix,
  labels: number[],
  gallery: Matrix,
  galleryLabels: number[],
  alone: boolean,
  metric: "l2" | "cosine" | "ip",
  ks: number[],
): Scores {
  const all: Scores[] = [];
  for (const [q, label] of labels.entries()) {
    const others = galleryLabels.map((_, i) => i).filter((i) => !alone || i !== q);
    const far = (i: number): number => Math.fround(distance(metric, row(queries, q), row(gallery, i)));
    const ranked = others.sort((a, b) => far(a) - far(b) || a - b);
    const good = ranked.map((i) => galleryLabels[i] === label);
    const R = good.filter(Boolean).length;
    if (R === 0) continue;
    const share = (n: number): number => good.slice(0, n).filter(Boolean).length / n;
    const average = (n: number): number =>
      good.slice(0, n).reduce((sum, hit, i) => sum + (hit ? share(i + 1) : 0), 0) / R;
    all.push({
      queries: 1,
      precisionAt1: share(1),
      rPrecision: share(R),
      mapAtR: average(R),
      map: average(good.length),
      mrr: 1 / (good.indexOf(true) + 1),
      recall: Object.fromEntries(ks.map((k) => [k, good.slice(0, k).some(Boolean) ? 1 : 0])),
    });
  }
  const mean = (of: (s: Scores) => number): number => all.reduce((sum, s) => sum + of(s), 0) / all.length;
  return {
    queries: all.length,
    precisionAt1: mean((s) => s.precisionAt1),
    rPrecision: mean((s) => s.rPrecision),
    mapAtR: mean((s) => s.mapAtR),
    map: mean((s) => s.map),
    mrr: mean((s) => s.mrr),
    recall: Object.fromEntries(ks.map((k) => [k, mean((s) => s.recall[k]!)])),
  };
}

function same(got: Scores, want: Scores): void {
  expect(got.queries).toBe(want.queries);
  for (const name of ["precisionAt1", "rPrecision", "mapAtR", "map", "mrr"] as const) {
    expect(got[name], name).toBeCloseTo(want[name], 10);
  }
  for (const k of Object.keys(want.recall)) expect(got.recall[+k]).toBeCloseTo(want.recall[+k]!, 10);
}

test("every measure is what its definition says, against a gallery and among the rows themselves", async () => {
  const ks = [1, 2, 7];
  const shape = fc.record({
    seed: fc.nat(1e6),
    n: fc.integer({ min: 2, max: 40 }),
    classes: fc.integer({ min: 1, max: 6 }),
    metric: fc.constantFrom("l2" as const, "cosine" as const, "ip" as const),
  });
  await fc.assert(
    fc.asyncProperty(shape, async ({ seed, n, classes, metric }) => {
      const gallery = draw(n, 3, seed);
      const galleryLabels = labelsOf(n, classes, seed);
      const queries = draw(9, 3, seed + 1);
      const labels = labelsOf(9, classes, seed + 1);
      const options = { metric, ks, cluster: false };
      const apart = slow(queries, labels, gallery, galleryLabels, false, metric, ks);
      if (apart.queries > 0)
        same(await evaluateRetrieval(queries, labels, { ...options, gallery, galleryLabels }), apart);
      const alone = slow(gallery, galleryLabels, gallery, galleryLabels, true, metric, ks);
      if (alone.queries > 0) same(await evaluateRetrieval(gallery, galleryLabels, options), alone);
    }),
    { numRuns: 25 },
  );
});

test("the measures of one ranked list: 1, 0, 1, 1 of R = 4 with one more behind", () => {
  const { firstRank, rPrecision, apAtR, ap } = rankedScores([1, 0, 1, 1, 0, 1], 4);
  expect(firstRank).toBe(1);
  expect(rPrecision).toBe(0.75);
  expect(apAtR).toBeCloseTo((1 + 2 / 3 + 3 / 4) / 4, 12);
  expect(ap).toBeCloseTo((1 + 2 / 3 + 3 / 4 + 4 / 6) / 4, 12);
  expect(rankedScores([0, 0], 1)).toEqual({
    firstRank: Number.POSITIVE_INFINITY,
    rPrecision: 0,
    apAtR: 0,
    ap: 0,
  });
});

test("a query whose class the gallery lacks is left out and counted", async () => {
  const gallery = draw(12, 4, 1);
  const galleryLabels = Array.from({ length: 12 }, (_, i) => (i < 6 ? "a" : "b"));
  const scores = await evaluateRetrieval(draw(3, 4, 2), ["a", "z", "b"], { gallery, galleryLabels });
  expect(scores).toMatchObject({ queries: 2, skipped: 1, gallery: 12, depth: 12 });
  const alone = await evaluateRetrieval(draw(5, 4, 3), ["a", "a", "b", "b", "c"]);
  expect(alone).toMatchObject({ queries: 4, skipped: 1, gallery: 4 });
});

test("duplicates of a query are answers, the query itself is not", async () => {
  const rows = [
    [1, 1],
    [1, 1],
    [5, 5],
    [5, 5],
  ];
  const good = await evaluateRetrieval(rows, [0, 0, 1, 1]);
  expect(good).toMatchObject({ precisionAt1: 1, mapAtR: 1, map: 1, mrr: 1 });
  const bad = await evaluateRetrieval(rows, [0, 1, 0, 1]);
  expect(bad).toMatchObject({ precisionAt1: 0, mapAtR: 0 });
});

test("a smaller depth changes mAP and MRR alone, and is never below R or k", async () => {
  const rows = draw(80, 2, 5);
  const labels = labelsOf(80, 10, 5);
  const whole = await evaluateRetrieval(rows, labels, { ks: [1, 4], cluster: false });
  const part = await evaluateRetrieval(rows, labels, { ks: [1, 4], depth: 1, cluster: false });
  expect(part.depth).toBeGreaterThanOrEqual(8);
  expect(part.depth).toBeLessThan(whole.depth);
  expect(part.rPrecision).toBe(whole.rPrecision);
  expect(part.mapAtR).toBe(whole.mapAtR);
  expect(part.recall).toEqual(whole.recall);
  expect(part.map).toBeLessThan(whole.map);
});

test("averaged over classes, a large class counts as much as a small one", async () => {
  // Class 0 lies together; the two rows of class 1 lie apart, each beside one of class 2.
  const rows = [[0], [0.1], [0.2], [0.3], [10], [20], [10.5], [20.5]];
  const labels = [0, 0, 0, 0, 1, 1, 2, 2];
  const queries = await evaluateRetrieval(rows, labels, { cluster: false });
  const classes = await evaluateRetrieval(rows, labels, { cluster: false, average: "classes" });
  expect(queries.precisionAt1).toBe(0.5);
  expect(classes.precisionAt1).toBeCloseTo(1 / 3, 12);
});

test("an index is searched as it is configured, by its keys", async () => {
  const gallery = draw(400, 8, 7);
  const galleryLabels = labelsOf(400, 4, 7);
  const queries = draw(30, 8, 8);
  const labels = labelsOf(30, 4, 8);
  const index = create<number>("IVF16,Flat", { dimension: 8, metric: "l2" });
  await index.addAsync(gallery);
  const options = { gallery, galleryLabels, cluster: false };
  index.configure({ nprobe: 16 });
  const exact = await evaluateRetrieval(queries, labels, options);
  const all = await evaluateRetrieval(queries, labels, { ...options, index });
  expect(all).toEqual(exact);
  index.close();
});

test("classes that are clusters are found by k-means, and labels drawn at random are not", async () => {
  const rng = createRng(4, "clusters");
  const n = 240;
  const truth = Array.from({ length: n }, (_, i) => i % 4);
  const data = new Float32Array(n * 5);
  for (let i = 0; i < data.length; i++) {
    const label = truth[Math.floor(i / 5)]!;
    data[i] = rng.normal() * 0.2 + (i % 5 === label ? 5 : 0);
  }
  const rows = matrix(data, 5);
  for (const metric of ["l2", "cosine"] as const) {
    const { clusters } = await evaluateRetrieval(rows, truth, { metric });
    expect(clusters).toMatchObject({ k: 4, nmi: 1, ami: 1, ari: 1 });
    expect(clusters!.silhouette).toBeGreaterThan(0.8);
    const random = await evaluateRetrieval(rows, labelsOf(n, 4, 9), { metric });
    expect(Math.abs(random.clusters!.ami)).toBeLessThan(0.05);
    expect(random.clusters!.silhouette).toBeLessThan(0.05);
  }
});

test("packed bits are compared by hamming distance, and not clustered", async () => {
  const bytes = Uint8Array.of(0b0001, 0b0011, 0b11110000, 0b11100000);
  const scores = await evaluateRetrieval(matrix(bytes, 1), ["low", "low", "high", "high"], {
    metric: "hamming",
  });
  expect(scores).toMatchObject({ precisionAt1: 1, mapAtR: 1 });
  expect(scores.clusters).toBeUndefined();
});

test("labels, shapes and options that do not fit are refused by their code", async () => {
  const rows = draw(6, 2, 1);
  const labels = [0, 0, 0, 1, 1, 1];
  const codeOf = (given: Promise<unknown>): Promise<string> =>
    given.then(
      () => "nothing",
      (error: { code: string }) => error.code,
    );
  expect(await codeOf(evaluateRetrieval(rows, [0]))).toBe("BAD_INPUT");
  expect(await codeOf(evaluateRetrieval(rows, labels, { gallery: rows }))).toBe("BAD_INPUT");
  expect(
    await codeOf(evaluateRetrieval(rows, labels, { gallery: draw(6, 3, 1), galleryLabels: labels })),
  ).toBe("DIM_MISMATCH");
  expect(await codeOf(evaluateRetrieval(rows, labels, { ks: [0] }))).toBe("BAD_K");
  expect(await codeOf(evaluateRetrieval(rows, labels, { depth: 0 }))).toBe("OPTION_RANGE");
  expect(await codeOf(evaluateRetrieval(rows, labels, { k: 3 } as object))).toBe("OPTION_UNKNOWN");
  const index = create<number>("Flat", { dimension: 2 });
  expect(await codeOf(evaluateRetrieval(rows, labels, { index }))).toBe("BAD_INPUT");
  expect(await codeOf(evaluateRetrieval(rows, labels, { index, metric: "l2" }))).toBe("OPTION_RANGE");
  index.close();
});
