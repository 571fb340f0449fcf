import { describe, expect, test } from "vitest";
import * as apply from "../../src/apply/index.ts";
import { ERROR_CODES, VicinalError } from "../../src/core/index.ts";
import * as learn from "../../src/learn/index.ts";
import { type Anything, BAD_VECTORS } from "../contract/badValues.ts";

const rows = Array.from({ length: 24 }, (_, i) => [
  Math.sin(i),
  Math.cos(2 * i),
  i % 5,
  (i % 3) * 2 + Math.sin(i * i),
]);
const classes = rows.map((_, i) => i % 3);
const values = rows.map((_, i) => i / 3);
const interactions = learn.interactions([
  ...([
    [0, 0],
    [0, 1],
    [1, 1],
    [1, 2],
    [2, 0],
  ] as const),
  ...([
    [2, 3],
    [3, 2],
    [3, 0],
  ] as const),
]);
const sentences = Array.from({ length: 20 }, (_, i) => ["a", "b", `c${i % 3}`, `d${i % 4}`]);

/** What work throws; anything but a registered error of the library fails the test. */
async function refusal(what: string, work: () => unknown): Promise<VicinalError> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof VicinalError))
      return expect.fail(`${what} threw ${String(error)}, which has no code`);
    expect(ERROR_CODES).toContain(error.code);
    expect(error.message.length, what).toBeGreaterThan(20);
    return error;
  }
  return expect.fail(`${what} threw nothing`);
}

/** Whether NaN is somewhere in a result. */
function hasNaN(x: unknown, depth = 0): boolean {
  if (typeof x === "number") return Number.isNaN(x);
  if (typeof x !== "object" || x === null || depth > 4) return false;
  if (ArrayBuffer.isView(x)) return [...(x as Float32Array)].some(Number.isNaN);
  return Object.values(x).some((value) => hasNaN(value, depth + 1));
}

/** A result without NaN, or an error with a code: nothing else may come of work. */
async function soundOrRefused(what: string, work: () => unknown): Promise<void> {
  let result: unknown;
  try {
    result = await work();
  } catch (error) {
    if (error instanceof VicinalError) return;
    expect.fail(`${what} threw ${String(error)}, which has no code`);
  }
  expect(hasNaN(result), `${what} gave NaN`).toBe(false);
}

interface Estimator {
  /** What fit takes besides rows. */
  readonly targets?: readonly (number | string)[];
  make(options?: Anything): Anything;
  /** Options, each of which refuses NaN, words that it does not know, objects and bigints. */
  readonly options: readonly string[];
}

const ESTIMATORS: Readonly<Record<string, Estimator>> = {
  KNeighborsClassifier: {
    targets: classes,
    make: (o) => new apply.KNeighborsClassifier(o),
    options: ["k", "weights", "ties", "calibration", "index", "metric", "dtype", "dimension", "threads"],
  },
  RadiusNeighborsClassifier: {
    targets: classes,
    make: (o) => new apply.RadiusNeighborsClassifier({ radius: 3, outliers: "mostFrequent", ...o }),
    options: ["radius", "weights", "ties", "outliers"],
  },
  NearestCentroid: {
    targets: classes,
    make: (o) => new apply.NearestCentroid(o),
    options: ["metric", "shrinkThreshold", "dimension"],
  },
  KNeighborsDensityClassifier: {
    targets: classes,
    make: (o) => new apply.KNeighborsDensityClassifier(o),
    options: ["k", "intrinsicDimension", "priors"],
  },
  KNeighborsRegressor: {
    targets: values,
    make: (o) => new apply.KNeighborsRegressor(o),
    options: ["k", "weights"],
  },
  RadiusNeighborsRegressor: {
    targets: values,
    make: (o) => new apply.RadiusNeighborsRegressor({ radius: 3, outlierValue: 0, ...o }),
    options: ["radius", "weights"],
  },
  KernelDensity: {
    make: (o) => new apply.KernelDensity(o),
    options: ["bandwidth", "kernel", "atol", "rtol"],
  },
  KNeighborsDensity: {
    make: (o) => new apply.KNeighborsDensity(o),
    options: ["k", "intrinsicDimension"],
  },
  LocalOutlierFactor: {
    make: (o) => new apply.LocalOutlierFactor(o),
    options: ["k", "contamination"],
  },
  NCA: {
    targets: classes,
    make: (o) => new learn.NCA({ maxIterations: 5, ...o }),
    options: Object.keys(learn.NCA_DEFAULTS),
  },
  LMNN: {
    targets: classes,
    make: (o) => new learn.LMNN({ maxIterations: 5, ...o }),
    options: Object.keys(learn.LMNN_DEFAULTS),
  },
  LDA: { targets: classes, make: (o) => new learn.LDA(o), options: Object.keys(learn.LDA_DEFAULTS) },
  PCA: { make: (o) => new learn.PCA(o), options: Object.keys(learn.PCA_DEFAULTS) },
  Whitening: { make: (o) => new learn.Whitening(o), options: Object.keys(learn.WHITENING_DEFAULTS) },
  Covariance: { make: (o) => new learn.Covariance(o), options: Object.keys(learn.COVARIANCE_DEFAULTS) },
  UMAP: {
    make: (o) => new learn.UMAP({ nEpochs: 5, nNeighbors: 5, ...o }),
    options: Object.keys(learn.UMAP_DEFAULTS),
  },
  GaussianRandomProjection: {
    make: (o) => new learn.GaussianRandomProjection({ nComponents: 2, ...o }),
    options: Object.keys(learn.RANDOM_PROJECTION_DEFAULTS),
  },
  SparseRandomProjection: {
    make: (o) => new learn.SparseRandomProjection({ nComponents: 2, ...o }),
    options: Object.keys(learn.SPARSE_PROJECTION_DEFAULTS),
  },
  TruncatedSVD: {
    make: (o) => new learn.TruncatedSVD({ nComponents: 2, ...o }),
    options: Object.keys(learn.TRUNCATED_SVD_DEFAULTS),
  },
};

const USES = [
  ...["predict", "predictProba", "predictLogProba", "transform", "scoreSamples", "decisionFunction"],
  ...["kneighbors", "radiusNeighbors", "predictAsync", "predictProbaAsync", "scoreSamplesAsync"],
];
const usesOf = (model: Anything): string[] => USES.filter((name) => typeof model[name] === "function");
/** Answers of every method that gives them here and now. */
const answers = (model: Anything, queries: unknown = rows): unknown[] =>
  usesOf(model)
    .filter((name) => !name.endsWith("Async"))
    .map((name) => model[name](queries));

const BAD_OPTIONS = {
  NaN: Number.NaN,
  "a word": "nonesuch",
  "a number as text": "3",
  "an object": {},
  bigint: 3n,
};

describe.each(Object.entries(ESTIMATORS))("%s", (name, { make, targets, options }) => {
  const fitted = (model: Anything, x: unknown, y: unknown = targets): Anything => model.fit(x, y);
  const fitAsync = (model: Anything, x: unknown, run?: object): Promise<unknown> =>
    targets === undefined ? model.fitAsync(x, run) : model.fitAsync(x, targets, run);

  test("fit and every use refuse bad rows", async () => {
    const model = fitted(make(), rows);
    for (const [what, [value, ...codes]] of Object.entries(BAD_VECTORS)) {
      if (what === "a shrunk buffer" && !("resize" in ArrayBuffer.prototype)) continue;
      // Bad only once the dimension is known.
      if (what !== "matrix of other columns") await refusal(`fit(${what})`, () => fitted(make(), value()));
      for (const use of usesOf(model)) {
        if (what === "undefined" && use === "kneighbors") continue;
        const error = await refusal(`${use}(${what})`, () => model[use](value()));
        expect(codes, `${use}(${what}): ${error.message}`).toContain(error.code);
      }
    }
    await refusal("fit of nothing", () => fitted(make(), [], targets === undefined ? undefined : []));
  });

  test("before fit every use says so", async () => {
    for (const use of usesOf(make())) {
      expect((await refusal(use, () => make()[use](rows))).code).toBe("NOT_FITTED");
    }
  });

  test("few, equal, constant, huge and tiny rows give finite answers or a code", async () => {
    const part = (n: number): unknown => targets?.slice(0, n);
    const scaled = (factor: number): number[][] => rows.map((row) => row.map((x) => x * factor));
    await soundOrRefused("one row", () => answers(fitted(make(), rows.slice(0, 1), part(1))));
    await soundOrRefused("two rows", () => answers(fitted(make(), rows.slice(0, 2), part(2))));
    const kinds: Record<string, number[][]> = {
      ...{ equal: rows.map(() => [1, 2, 3, 4]), zero: rows.map(() => [0, 0, 0, 0]) },
      "of constant columns": rows.map((row) => [row[0]!, 7, 7, 1]),
      "of one column": rows.map((row) => [row[0]!]),
    };
    for (const [what, x] of Object.entries(kinds)) {
      await soundOrRefused(`rows ${what}`, () => answers(fitted(make(), x), x));
    }
    for (const factor of [1e18, 1e-30]) {
      await soundOrRefused(`rows times ${factor}`, () =>
        answers(fitted(make(), scaled(factor)), scaled(factor)),
      );
    }
    const far = [[1e30, -1e30, 1e30, 1e30]];
    await soundOrRefused("a query far away", () => answers(fitted(make(), rows), far));
  });

  test("a fit that fails or is aborted leaves what was fitted before", async () => {
    const model = fitted(make(), rows);
    const state = (): string =>
      JSON.stringify(name === "UMAP" ? model.embedding_ : answers(model), (_, v) =>
        ArrayBuffer.isView(v) ? [...(v as Float32Array)] : v,
      );
    const before = state();
    const bad = [...rows.slice(0, 20), [1, 2, Number.NaN, 4]];
    await refusal("fit", () => fitted(model, bad, targets?.slice(0, 21)));
    if (typeof model.fitAsync === "function") {
      const signal = AbortSignal.abort(
        new VicinalError("USAGE", { why: "stopped by the caller of this test" }),
      );
      expect((await refusal("aborted", () => fitAsync(model, rows, { signal }))).code).toBe("USAGE");
    }
    if (targets !== undefined) await refusal("too few targets", () => fitted(model, rows, targets.slice(1)));
    expect(state()).toBe(before);
  });

  test("every option refuses NaN, unknown words, objects and bigints", async () => {
    expect((await refusal("unknown", () => make({ randomState: 1 }))).code).toBe("OPTION_UNKNOWN");
    for (const option of options) {
      for (const [what, value] of Object.entries(BAD_OPTIONS)) {
        await refusal(`${option}: ${what}`, () => fitted(make({ [option]: value }), rows));
      }
      for (const value of [0, -1, 1.5, 1e300, 1e-300, Number.POSITIVE_INFINITY]) {
        await soundOrRefused(`${option}: ${value}`, () => answers(fitted(make({ [option]: value }), rows)));
      }
    }
  });

  test.runIf(targets !== undefined)("targets of other lengths and types are refused", async () => {
    const y = targets!;
    const bad: Record<string, unknown> = {
      ...{ short: y.slice(1), long: [...y, 1], NaN: [...y.slice(1), Number.NaN], null: null, number: 5 },
      ...{
        objects: y.map(() => ({})),
        lists: y.map(() => []),
        bigints: y.map(() => 1n),
        holes: new Array(24),
      },
      ...{ infinite: [...y.slice(1), Number.POSITIVE_INFINITY], text: "abc".repeat(8) },
    };
    for (const [what, value] of Object.entries(bad)) await refusal(what, () => make().fit(rows, value));
  });
});

interface Learner {
  make(options?: Anything): Anything;
  use(model: Anything): unknown;
  readonly options: object;
  /** What cannot be learned from. */
  readonly bad: readonly unknown[];
}

const BAD_INTERACTIONS: readonly unknown[] = [
  ...[null, undefined, 5, {}, [], [[0, 1]], { users: 1, items: 1, indptr: null }],
  ...[
    { indptr: [0, 1, 9], indices: [0], values: [1] },
    { indptr: [0, 1], indices: [7], values: [1] },
    { indptr: [0, 1], indices: [0], values: [Number.NaN] },
  ].map(({ indptr, indices, values }) => ({
    users: indptr.length - 1,
    items: 2,
    indptr: Uint32Array.from(indptr),
    indices: Uint32Array.from(indices),
    values: Float32Array.from(values),
  })),
];
const BAD_TEXTS: readonly unknown[] = [null, undefined, 5, "one text", [5], [null], {}, [[]], []];

const LEARNERS: Readonly<Record<string, Learner>> = {
  ImplicitALS: {
    make: (o) => new learn.ImplicitALS({ factors: 3, iterations: 3, ...o }),
    use: (m) => [m.fit(interactions).itemFactors_, m.loss_, m.foldIn([0])],
    options: learn.ALS_DEFAULTS,
    bad: BAD_INTERACTIONS,
  },
  BPR: {
    make: (o) => new learn.BPR({ factors: 3, epochs: 3, ...o }),
    use: (m) => [m.fit(interactions).itemFactors_, m.loss_, m.foldIn([0])],
    options: learn.BPR_DEFAULTS,
    bad: BAD_INTERACTIONS,
  },
  Ease: {
    make: (o) => new learn.Ease(o),
    use: (m) => [m.fit(interactions).coefficients_, m.scoresFor([0])],
    options: learn.EASE_DEFAULTS,
    bad: BAD_INTERACTIONS,
  },
  ItemKnn: {
    make: (o) => new learn.ItemKnn(o),
    use: (m) => [m.fit(interactions).similarities_, m.scoresFor([0])],
    options: learn.ITEM_KNN_DEFAULTS,
    bad: BAD_INTERACTIONS,
  },
  PairEmbedding: {
    make: (o) => new learn.PairEmbedding({ epochs: 2, dimension: 4, ...o }),
    use: (m) => [m.fit(interactions).left_, m.loss_],
    options: learn.PAIR_DEFAULTS,
    bad: [...BAD_INTERACTIONS, learn.interactions([[0, 0, 1e37]])],
  },
  SkipGram: {
    make: (o) => new learn.SkipGram({ epochs: 2, dimension: 4, minCount: 1, ...o }),
    use: (m) => [m.fit(sentences).vectors_, m.loss_],
    options: learn.SKIP_GRAM_DEFAULTS,
    bad: [...BAD_TEXTS, [["a"]], [["a", 1, null]], [[Number.NaN, 1]]],
  },
  TfidfVectorizer: {
    make: (o) => new learn.TfidfVectorizer(o),
    use: (m) => m.fitTransform(["a cat sat", "the dog sat", "a cat and a dog"]),
    options: learn.TFIDF_DEFAULTS,
    bad: [...BAD_TEXTS, ["", " "]],
  },
};

describe.each(Object.entries(LEARNERS))("%s", (_, { make, use, options, bad }) => {
  test("refuses what it cannot learn from", async () => {
    for (const [i, value] of bad.entries()) await refusal(`case ${i}`, () => make().fit(value));
  });

  test("every option refuses what is none of its values, and what makes the numbers run away", async () => {
    expect((await refusal("unknown", () => make({ randomState: 1 }))).code).toBe("OPTION_UNKNOWN");
    for (const option of Object.keys(options)) {
      for (const [what, value] of Object.entries(BAD_OPTIONS)) {
        await refusal(`${option}: ${what}`, () => use(make({ [option]: value })));
      }
      for (const value of [0, -1, 1.5, 1e29, 1e300, 1e-300, Number.POSITIVE_INFINITY, [], true, () => 1]) {
        await soundOrRefused(`${option}: ${value}`, () => use(make({ [option]: value })));
      }
    }
  });
});

test("a recommender refuses options, users and items that it does not know", async () => {
  const model = new learn.ImplicitALS({ factors: 3, iterations: 2 });
  const recommender: Anything = new apply.Recommender({ model });
  for (const given of [null, undefined, 5, {}, { model: {} }, { model, index: "nonesuch" }]) {
    await refusal(String(given), () => new (apply.Recommender as Anything)(given).fit(interactions));
  }
  expect((await refusal("before fit", () => recommender.similarItems(0))).code).toBe("CLOSED");
  recommender.fit(interactions);
  const strange = [null, 5, { k: 0 }, { k: 1.5 }, { K: 3 }, { without: 5 }, { search: 5 }];
  for (const o of [...strange, { includeSeen: "x" }]) {
    await refusal(JSON.stringify(o), () => recommender.recommend(0, o));
    await refusal(JSON.stringify(o), () => recommender.recommendFor([0], o));
  }
  for (const id of [-1, 99, 1.5, Number.NaN, "0", null]) {
    await refusal(`user ${id}`, () => recommender.recommend(id));
    await refusal(`item ${id}`, () => recommender.similarItems(id));
    await refusal(`items ${id}`, () => recommender.recommendFor([id]));
  }
  // What a model of other rows has learned is never asked with the indexes of the rows before.
  const broken = { now: false };
  class Breaking extends learn.ImplicitALS {
    override get itemVectors_(): typeof model.itemVectors_ {
      if (broken.now) throw new VicinalError("USAGE", { why: "broken on purpose by this test" });
      return super.itemVectors_;
    }
  }
  const half: Anything = new apply.Recommender({ model: new Breaking({ factors: 3, iterations: 2 }) });
  half.fit(interactions);
  broken.now = true;
  await refusal("an index that fails", () => half.fit(interactions));
  expect((await refusal("half fitted", () => half.recommend(0))).code).toBe("CLOSED");
  recommender.close();
  expect((await refusal("after close", () => recommender.recommend(0))).code).toBe("CLOSED");
});
