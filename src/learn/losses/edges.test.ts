import { describe, expect, test } from "vitest";
import { differentiated, type Rows } from "../../../test/helpers/differentiated.ts";
import type { Tensor } from "../../autodiff/index.ts";
import { createRng } from "../../core/index.ts";
import * as loss from "./index.ts";

const rng = createRng(4, "edges of losses");
const normals = (n: number, d: number): Rows =>
  Array.from({ length: n }, () => Array.from({ length: d }, () => rng.normal()));
const LABELS = [0, 0, 1, 1, 2, 2, 0, 3];
const Z = normals(8, 3);
const W = normals(4, 3);
const OTHER = normals(8, 3);
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describe("a batch with nothing to compare gives 0 and a gradient of zeros", () => {
  const alike = range(4).map(() => [0.3, -0.2, 0.5]);
  const apart = normals(4, 3);
  const batches: Record<string, [rows: Rows, labels: number[]]> = {
    "all of different classes": [apart, [0, 1, 2, 3]],
    "a single row": [apart.slice(0, 1), [0]],
    "no rows": [[], []],
    "identical rows of one class": [alike, [1, 1, 1, 1]],
  };
  type Labelled = (z: Tensor, labels: number[]) => Tensor;
  const needPartner: Record<string, Labelled> = {
    contrastive: (z, labels) =>
      loss.contrastive(z, labels, { form: "hadsell", tuples: positivesOnly(labels) }),
    triplet: (z, labels) => loss.triplet(z, labels, { distance: "plain" }),
    "triplet of violated": (z, labels) => loss.triplet(z, labels, { reduction: "meanActive" }),
    lifted: loss.liftedStructure,
    circle: loss.circle,
    NCA: loss.ncaLoss,
  };
  const positivesOnly = (labels: number[]) => ({ ...loss.allPairs(labels), negatives: new Int32Array() });
  const empty = { triplets: new Int32Array() };
  const untold: Record<string, Labelled> = {
    contrastive: (z, labels) => loss.contrastive(z, labels, { tuples: empty }),
    triplet: (z, labels) => loss.triplet(z, labels, { tuples: empty }),
    margin: (z, labels) => loss.marginLoss(z, labels, { tuples: empty }),
    "multi-similarity": (z, labels) => loss.multiSimilarity(z, labels, { tuples: empty }),
  };
  const cases = (losses: Record<string, Labelled>, among: string[]) =>
    Object.entries(losses).flatMap(([name, on]) => among.map((batch) => [name, batch, on] as const));

  const expectNothing = (on: Labelled, batch: string): void => {
    const [rows, labels] = batches[batch]!;
    for (const precision of ["f64", "f32"] as const) {
      const { value, gradient } = differentiated((z) => on(z, labels), rows, W, precision);
      expect(value + 0).toBeCloseTo(0, 6);
      expect(gradient.every((slope) => Math.abs(slope) < 1e-6)).toBe(true);
    }
  };
  test.each(cases(needPartner, Object.keys(batches)))("%s: %s", (_, batch, on) => expectNothing(on, batch));
  test.each(cases({ supervised: loss.supervisedContrastive }, Object.keys(batches).slice(0, 3)))(
    "%s: %s",
    (_, batch, on) => expectNothing(on, batch),
  );
  test.each(cases(untold, Object.keys(batches)))("%s, told to compare nothing: %s", (_, batch, on) =>
    expectNothing(on, batch),
  );

  test("one class alone: no other class to be farther than", () => {
    for (const on of [loss.triplet, loss.liftedStructure, loss.circle, loss.ncaLoss]) {
      const { value, gradient } = differentiated((z) => on(z, [5, 5, 5, 5]), apart, W, "f32");
      expect(value + 0).toBe(0);
      expect(gradient.every((slope) => slope === 0)).toBe(true);
    }
  });
  test("one pair alone has no negatives", () => {
    for (const on of [loss.nPair, loss.infoNce, loss.ntXent]) {
      const { value, gradient } = differentiated((a, b) => on(a, b), apart.slice(0, 1), W.slice(0, 1), "f32");
      expect(value).toBeCloseTo(0, 6);
      expect(gradient.every((slope) => Math.abs(slope) < 1e-6)).toBe(true);
    }
  });
  test("one proxy alone has no rival", () => {
    for (const on of [loss.proxyNca, loss.proxySoftmax, loss.arcFace]) {
      const { value, gradient } = differentiated(
        (z, w) => on(z, [0, 0, 0, 0], w),
        apart,
        W.slice(0, 1),
        "f32",
      );
      expect(value + 0).toBeCloseTo(0, 6);
      expect(gradient.every((slope) => Math.abs(slope) < 1e-5)).toBe(true);
    }
  });
});

describe("extremes stay finite in float32", () => {
  const zeros = range(4).map(() => [0, 0, 0]);
  const far = normals(4, 3).map((row) => row.map((x) => x * 1e4));
  const twins = normals(2, 3).flatMap((row) => [row, [...row]]);
  const labelled: Record<string, (z: Tensor, labels: number[], w: Tensor) => Tensor> = {
    contrastive: (z, labels) => loss.contrastive(z, labels, { form: "hadsell" }),
    triplet: (z, labels) => loss.triplet(z, labels, { distance: "plain" }),
    softplus: (z, labels) => loss.triplet(z, labels, { violation: "softplus" }),
    NCA: (z, labels) => loss.ncaLoss(z, labels),
    supervised: (z, labels) => loss.supervisedContrastive(z, labels),
    "multi-similarity": (z, labels) => loss.multiSimilarity(z, labels),
    lifted: (z, labels) => loss.liftedStructure(z, labels),
    circle: (z, labels) => loss.circle(z, labels),
    margin: (z, labels) => loss.marginLoss(z, labels),
    "N-pair": (z) => loss.nPair(z, z),
    InfoNCE: (z) => loss.infoNce(z, z, { temperature: 0.01 }),
    "NT-Xent": (z) => loss.ntXent(z, z, { temperature: 0.01 }),
    "proxy-NCA": loss.proxyNca,
    "proxy softmax": loss.proxySoftmax,
    "proxy anchor": loss.proxyAnchor,
    ArcFace: loss.arcFace,
    CosFace: loss.cosFace,
  };
  const inputs = { "rows of zeros": zeros, "rows far apart": far, "twin rows": twins };
  const cases = Object.entries(labelled).flatMap(([name, on]) =>
    Object.entries(inputs).flatMap(([kind, rows]) =>
      [
        [0, 0, 1, 1],
        [0, 1, 0, 1],
      ].map((labels) => [name, kind, labels.join(""), on, rows, labels] as const),
    ),
  );
  test.each(cases)("%s, %s, classes %s", (_name, _kind, _classes, on, rows, labels) => {
    const { value, gradient } = differentiated((z, w) => on(z, labels, w), rows, rows.slice(0, 2), "f32");
    expect(value).toSatisfy(Number.isFinite);
    expect(gradient.every(Number.isFinite)).toBe(true);
  });
});

describe("tuples", () => {
  test("triplets and the pairs they are made of mean the same to a loss of pairs", () => {
    const pairs = loss.pairsOf(loss.allTriplets(LABELS));
    const all = loss.allPairs(LABELS);
    const keys = (list: Int32Array): string[] =>
      range(list.length / 2)
        .map((t) => list.subarray(2 * t, 2 * t + 2).join())
        .sort();
    expect(keys(pairs.positives)).toEqual(keys(all.positives));
    // Row 7 is alone in its class: an anchor of no triplet, but the negative of others.
    expect(keys(pairs.negatives)).toEqual(keys(all.negatives));
    const back = loss.tripletsOf(all).triplets;
    const triples = (list: Int32Array): string[] =>
      range(list.length / 3)
        .map((t) => list.subarray(3 * t, 3 * t + 3).join())
        .sort();
    expect(triples(back)).toEqual(triples(loss.allTriplets(LABELS).triplets));
  });
  test("rows that are not in the batch are refused", () => {
    const on = (triplets: number[]) => () =>
      differentiated(
        (z) => loss.triplet(z, LABELS, { tuples: { triplets: Int32Array.from(triplets) } }),
        Z,
        OTHER,
        "f64",
      );
    for (const wrong of [
      [0, 1, 8],
      [0, -1, 2],
      [0, 1],
    ])
      expect(on(wrong)).toThrow(/tuples/);
  });
  test("labels are one for each row, class numbers within the table", () => {
    const on = (labels: number[]) => () =>
      differentiated((z) => loss.contrastive(z, labels), Z, OTHER, "f64");
    expect(on([1, 2])).toThrow(/labels/);
    for (const wrong of [4, -1, 0.5]) {
      const proxies = () =>
        differentiated((z, w) => loss.proxyNca(z, [wrong, ...LABELS.slice(1)], w), Z, W, "f64");
      expect(proxies).toThrow(/label 0/);
    }
  });
});
