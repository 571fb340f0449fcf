import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { goldenLabelled, linearGolden, worst } from "../../../test/support/linearGolden.ts";
import { createRng, runSync } from "../../core/index.ts";
import { create } from "../../indexes/index.ts";
import { type Dense, denseOf, zeros } from "../linalg/dense.ts";
import { readClasses } from "../rows.ts";
import { LDA } from "./lda.ts";
import type { LinearModel } from "./linearModel.ts";
import { LMNN, targetsOf, withImpostors } from "./lmnn.ts";
import { lmnnObjective } from "./lmnnObjective.ts";
import { NCA } from "./nca.ts";
import { type MetricObjective, ncaObjective } from "./ncaObjective.ts";

function random(rows: number, cols: number, seed: number): Dense {
  const rng = createRng(seed);
  const out = zeros(rows, cols);
  for (let i = 0; i < out.data.length; i++) out.data[i] = rng.normal();
  return out;
}

const squared = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, x, i) => sum + (x - b[i]!) ** 2, 0);

const mapped = (x: Dense, l: Float64Array, m: number): number[][] =>
  Array.from({ length: x.rows }, (_, i) =>
    Array.from({ length: m }, (_, c) => {
      let sum = 0;
      for (let j = 0; j < x.cols; j++) sum += l[c * x.cols + j]! * x.data[i * x.cols + j]!;
      return sum;
    }),
  );

function slowNca(z: number[][], labels: readonly number[]): number {
  let value = 0;
  z.forEach((a, i) => {
    const weights = z.map((b, j) => (i === j ? 0 : Math.exp(-squared(a, b))));
    const total = weights.reduce((s, w) => s + w, 0);
    value -= weights.reduce((s, w, j) => s + (labels[j] === labels[i] ? w : 0), 0) / total;
  });
  return value;
}

/** The gradient against (f(x + h) − f(x − h)) / 2h in every direction. */
function expectGradient(objective: MetricObjective, at: Float64Array, tolerance: number): void {
  const gradient = new Float64Array(at.length);
  const scratch = new Float64Array(at.length);
  objective.evaluate(at, gradient);
  const numeric = Array.from(at, (_, i) => {
    const step = 1e-6;
    const [up, down] = [at.slice(), at.slice()];
    up[i]! += step;
    down[i]! -= step;
    return (objective.evaluate(up, scratch) - objective.evaluate(down, scratch)) / (2 * step);
  });
  const largest = numeric.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  expect(worst(gradient, numeric) / largest).toBeLessThan(tolerance);
}

describe("the objective of NCA", () => {
  test("equals its definition, and its gradient central differences, across blocks of rows", () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(5, 64, 70), (seed, n) => {
        const x = random(n, 4, seed);
        const codes = Uint32Array.from({ length: n }, (_, i) => ((i * 7 + seed) % 3) >>> 0);
        const l = random(3, 4, seed + 1).data.map((v) => v / 2);
        const objective = ncaObjective(x, codes, 3);
        const value = objective.evaluate(l, new Float64Array(12));
        expect(Math.abs(value - slowNca(mapped(x, l, 3), [...codes]))).toBeLessThan(1e-10);
        expectGradient(objective, l, 1e-7);
      }),
      { numRuns: 12, seed: 1 },
    );
  });

  test("has scikit-learn's value and gradient", () => {
    const { start, value, gradient } = linearGolden.nca;
    const { x, y } = goldenLabelled(90, 6, 31);
    const found = new Float64Array(18);
    const objective = ncaObjective(denseOf(x), Uint32Array.from(y), 3);
    expect(Math.abs(objective.evaluate(Float64Array.from(start.flat()), found) - value)).toBeLessThan(1e-9);
    expect(worst(found, gradient)).toBeLessThan(1e-8);
  });

  const reference = join(process.env["VICINAL_DATA"] ?? "/nowhere", "metric", "losses.json");
  test.skipIf(!existsSync(reference))(
    "has the value and gradient of the reference file (skipped without $VICINAL_DATA/metric/losses.json)",
    () => {
      const { inputs, labelled } = JSON.parse(readFileSync(reference, "utf8"));
      const want = labelled["nca/neg_expected_accuracy_sum"];
      const z = denseOf(inputs.z);
      const { codes } = readClasses(inputs.labels, z.rows);
      // With rows as unit vectors the map is the embedding: its gradient is that of the embedding, transposed.
      const eye = zeros(z.rows, z.rows);
      for (let i = 0; i < z.rows; i++) eye.data[i * z.rows + i] = 1;
      const l = new Float64Array(z.cols * z.rows);
      for (let i = 0; i < z.rows; i++)
        for (let c = 0; c < z.cols; c++) l[c * z.rows + i] = z.data[i * z.cols + c]!;
      const gradient = new Float64Array(l.length);
      const value = ncaObjective(eye, codes, z.cols).evaluate(l, gradient);
      expect(Math.abs(value - want.value)).toBeLessThan(1e-10);
      want.grad_z.forEach((row: number[], i: number) => {
        row.forEach((g, c) => {
          expect(Math.abs(gradient[c * z.rows + i]! - g)).toBeLessThan(1e-8);
        });
      });
      const identity = Float64Array.from({ length: z.cols ** 2 }, (_, i) => (i % (z.cols + 1) === 0 ? 1 : 0));
      const same = ncaObjective(z, codes, z.cols).evaluate(identity, new Float64Array(identity.length));
      expect(Math.abs(same - want.value)).toBeLessThan(1e-10);
    },
  );

  test("stays finite for rows alike and for rows far apart", () => {
    const x = denseOf([[0], [0], [1e6], [1e6 + 1], [-1e6]]);
    const gradient = new Float64Array(1);
    const value = ncaObjective(x, Uint32Array.of(0, 0, 1, 1, 1), 1).evaluate(Float64Array.of(1), gradient);
    expect(value).toBeCloseTo(-4, 12);
    expect(Number.isFinite(gradient[0])).toBe(true);
  });
});

describe("the objective of LMNN", () => {
  const problem = (seed: number, n = 40) => {
    const x = random(n, 4, seed);
    const labels = Array.from({ length: n }, (_, i) => i % 3);
    const classes = readClasses(labels, n);
    const targets = runSync(targetsOf(x, classes, 2));
    return { x, labels, classes, targets, l: random(3, 4, seed + 1) };
  };

  test("equals its definition over all rows of other classes when that many impostors are looked at", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const { x, labels, classes, targets, l } = problem(seed);
        const rows = mapped(
          x,
          Float64Array.from({ length: 16 }, (_, i) => (i % 5 === 0 ? 1 : 0)),
          4,
        );
        const z = mapped(x, l.data, 3);
        const pairs = runSync(withImpostors(x, classes, targets, l, 40, undefined));
        let want = 0;
        rows.forEach((a, i) => {
          const mates = rows
            .map((b, j) => ({ j, d: squared(a, b) }))
            .filter(({ j }) => j !== i && labels[j] === labels[i])
            .sort((p, q) => p.d - q.d)
            .slice(0, 2);
          for (const { j } of mates) {
            const near = squared(z[i]!, z[j]!);
            want += 0.3 * near;
            z.forEach((b, q) => {
              if (labels[q] !== labels[i]) want += 0.7 * Math.max(0, 2 + near - squared(z[i]!, b));
            });
          }
        });
        const objective = lmnnObjective(x, pairs, { regularization: 0.3, margin: 2 }, 3);
        expect(Math.abs(objective.evaluate(l.data, new Float64Array(12)) / want - 1)).toBeLessThan(1e-12);
        expectGradient(objective, l.data, 1e-6);
      }),
      // A fixed seed: a step across the kink of a hinge would be no central difference.
      { numRuns: 12, seed: 1 },
    );
  });
});

/** Share of rows whose nearest other row is of their class. */
function looAccuracy(rows: readonly ArrayLike<number>[], labels: readonly number[]): number {
  let right = 0;
  rows.forEach((a, i) => {
    let best = Number.POSITIVE_INFINITY;
    let at = -1;
    rows.forEach((b, j) => {
      const distance = squared(a, b);
      if (i !== j && distance < best) [best, at] = [distance, j];
    });
    if (labels[at] === labels[i]) right++;
  });
  return right / rows.length;
}

const listed = ({ data, rows, cols }: { data: Float32Array; rows: number; cols: number }): Float32Array[] =>
  Array.from({ length: rows }, (_, i) => data.subarray(i * cols, (i + 1) * cols));

function knnAccuracy(model: LinearModel, k = 3): number {
  const [train, probe] = [goldenLabelled(90, 6, 31), goldenLabelled(60, 6, 43)];
  const index = create("Flat", { dimension: 2 });
  index.add(model.transform(train.x));
  const found = index.search(model.transform(probe.x), { k });
  let right = 0;
  for (let q = 0; q < probe.y.length; q++) {
    const votes = [0, 0, 0];
    for (const key of found.keys(q)) votes[train.y[key as number]!]!++;
    if (votes.indexOf(Math.max(...votes)) === probe.y[q]) right++;
  }
  index.close();
  return right / probe.y.length;
}

describe("NCA", () => {
  const { x, y } = goldenLabelled(90, 6, 31);

  test("ends no higher than scikit-learn from the same start, and classifies as well", () => {
    for (const { init, value, accuracy } of linearGolden.nca.fits) {
      const model = new NCA({ nComponents: 2, init, maxIterations: 60 }).fit(x, y);
      const found = knnAccuracy(model);
      // From "pca" the two end in different optima of about the same value.
      expect(model.objective_).toBeLessThanOrEqual(value + (init === "pca" ? 2 : 0.01));
      if (init !== "pca") expect(found).toBeGreaterThanOrEqual(accuracy - 0.02);
      expect(found).toBeGreaterThan(linearGolden.nca.raw + 0.2);
    }
  });

  test("the same seed gives the same bytes, also in turns and from a saved copy; labels may be words", async () => {
    const options = { nComponents: 2, init: "random", seed: 3, maxIterations: 10 } as const;
    const model = new NCA(options).fit(x, y);
    const words = y.map((label) => ["a", "b", "c"][label]!);
    expect((await new NCA(options).fitAsync(x, words)).components_).toEqual(model.components_);
    const read = NCA.fromJSON(JSON.stringify(model));
    expect(read.transform(x)).toEqual(model.transform(x));
    expect(read.toJSON()).toEqual(JSON.parse(JSON.stringify(model)));
    const given = new NCA({ init: [Float32Array.of(1, 0, 0, 0, 0, 0)], maxIterations: 2 }).fit(x, y);
    expect(NCA.fromJSON(JSON.stringify(given)).fit(x, y).components_).toEqual(given.components_);
  });

  test("samples rows above maxRows, and still separates the rest", () => {
    const big = { x: [...x, ...goldenLabelled(300, 6, 37).x], y: [...y, ...goldenLabelled(300, 6, 37).y] };
    const model = new NCA({ nComponents: 2, init: "lda", maxRows: 120 }).fit(big.x, big.y);
    expect(model.objective_).toBeGreaterThanOrEqual(-120);
    expect(looAccuracy(listed(model.transform(big.x)), big.y)).toBeGreaterThan(0.95);
  });
});

describe("LMNN", () => {
  const { x, y } = goldenLabelled(90, 6, 31);

  test("lowers its objective and classifies far better than the rows as they are", () => {
    for (const init of ["identity", "lda", "pca"] as const) {
      const model = new LMNN({ nComponents: 2, init }).fit(x, y);
      expect(knnAccuracy(model)).toBeGreaterThan(linearGolden.nca.raw + 0.3);
      expect(model.objective_).toBeGreaterThan(0);
    }
    expect(looAccuracy(x, y)).toBeLessThan(0.7);
    const model = new LMNN().fit(x, y);
    expect(looAccuracy(listed(model.transform(x)), y)).toBeGreaterThan(0.95);
    expect(LMNN.fromJSON(model.toJSON()).toJSON()).toEqual(model.toJSON());
  });
});

describe("LDA", () => {
  test("finds the scalings of scikit-learn's solver svd, up to sign", () => {
    const { x, y } = goldenLabelled(90, 6, 31);
    const model = new LDA().fit(x, y);
    linearGolden.lda.scalings.forEach((row, i) => {
      const own = model.components_.data.subarray(i * 6, i * 6 + 6);
      const sign = Math.sign(row.reduce((sum, value, j) => sum + value * own[j]!, 0));
      expect(
        worst(
          own,
          row.map((value) => value * sign),
        ),
      ).toBeLessThan(1e-9);
    });
    expect(LDA.fromJSON(JSON.stringify(model)).transform(x)).toEqual(model.transform(x));
  });
});

describe("bad input to learned metrics", () => {
  const { x, y } = goldenLabelled(30, 4, 31);
  const cases: [string, () => unknown, string][] = [
    [
      "one class",
      () =>
        new NCA().fit(
          x,
          y.map(() => 1),
        ),
      "BAD_INPUT",
    ],
    ["a label missing", () => new NCA().fit(x, y.slice(1)), "BAD_INPUT"],
    ["a label that is NaN", () => new NCA().fit(x, y.with(3, Number.NaN)), "BAD_INPUT"],
    [
      "all labels different",
      () =>
        new NCA().fit(
          x,
          x.map((_, i) => i),
        ),
      "BAD_INPUT",
    ],
    ["a component that is NaN", () => new NCA().fit(x.with(2, [0, Number.NaN, 0, 0]), y), "NOT_FINITE"],
    ["more dimensions than there are", () => new NCA({ nComponents: 5 }).fit(x, y), "OPTION_RANGE"],
    ["an unknown start", () => new NCA({ init: "best" as "pca" }), "OPTION_RANGE"],
    ["a start of another shape", () => new NCA({ init: [[1, 2]] }).fit(x, y), "DIM_MISMATCH"],
    ["too few rows of a class", () => new LMNN({ k: 10 }).fit(x, y), "BAD_INPUT"],
    ["a weight above one", () => new LMNN({ regularization: 2 }), "OPTION_RANGE"],
    [
      "one class for LDA",
      () =>
        new LDA().fit(
          x,
          y.map(() => "a"),
        ),
      "BAD_INPUT",
    ],
    ["rows of a class all alike for LDA", () => new LDA().fit([[0], [0], [1]], [0, 0, 1]), "BAD_INPUT"],
    ["nothing learned", () => new LMNN().transform(x), "NOT_FITTED"],
    ["a saved NCA as LMNN", () => LMNN.fromJSON(new NCA().fit(x, y).toJSON()), "FORMAT"],
  ];
  test.each(cases)("refuses %s by code", (_, run, code) => {
    expect(run).toThrow(expect.objectContaining({ code }));
  });

  test("a constant column leaves everything finite", () => {
    const flat = x.map((row) => row.with(3, 5));
    for (const model of [
      new NCA(),
      new NCA({ init: "pca" }),
      new NCA({ init: "lda", nComponents: 2 }),
      new LMNN(),
    ]) {
      expect(model.fit(flat, y).components_.data.every(Number.isFinite)).toBe(true);
    }
  });
});
