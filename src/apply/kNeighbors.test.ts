import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { data, expectNear, golden, queries, rowsOf, WEIGHTS } from "../../test/helpers/estimators.ts";
import { createRng, isVicinalError, type Metric, matrix } from "../core/index.ts";
import { create } from "../indexes/index.ts";
import { KNeighborsClassifier, KNeighborsRegressor } from "./index.ts";

type Case = { k: number; weights: keyof typeof WEIGHTS; metric: Metric } & Record<string, number[]>;
const EXACT = ["Flat", "KDTree", "BallTree"];

/** Query 0 meets two rows alike; which of them is nearer is for the index to say: Flat takes the first. */
const first = (index: string, k: number): number => (k === 1 && index !== "Flat" ? 1 : 0);

describe.each(EXACT)("scikit-learn's answers over %s", (index) => {
  test.each(golden.classifier as Case[])("classifier: k $k, weights $weights, metric $metric", (want) => {
    const options = { k: want.k, weights: WEIGHTS[want.weights], metric: want.metric, index };
    const model = new KNeighborsClassifier(options).fit(data, golden.labels as number[]);
    expect(model.classes_).toEqual([0, 1, 2, 3]);
    const from = first(index, want.k);
    const asked = queries.slice(from);
    expect(model.predict(asked)).toEqual(want.predict!.slice(from));
    expectNear(model.predictProba(asked).data, want.proba!.slice(4 * from));
    if (from === 0)
      expect(model.score(queries, golden.truth)).toBeCloseTo(want.score as unknown as number, 12);
    const named = new KNeighborsClassifier<string>(options).fit(data, golden.names);
    expect(named.classes_).toEqual(["alpha", "bravo", "charlie", "delta"]);
    expect(named.predict(asked)).toEqual(want.names!.slice(from));
    model.close();
    named.close();
  });

  test.each(golden.regressor as Case[])("regressor: k $k, weights $weights, metric $metric", (want) => {
    const options = { k: want.k, weights: WEIGHTS[want.weights], metric: want.metric, index };
    const outputs = rowsOf(golden.outputs, 2);
    const single = new KNeighborsRegressor(options).fit(
      data,
      outputs.map(([first]) => first!),
    );
    const from = first(index, want.k);
    const asked = queries.slice(from);
    expectNear(single.predict(asked), want.single!.slice(from), { rtol: 1e-5, atol: 1e-5 });
    const sums = queries.map((row) => row.reduce((a, b) => a + b));
    if (from === 0) expect(single.score(queries, sums)).toBeCloseTo(want.score as unknown as number, 5);
    const multi = new KNeighborsRegressor(options).fit(data, outputs);
    expect(multi.outputs_).toBe(2);
    expectNear(multi.predict(asked), want.multi!.slice(2 * from), { rtol: 1e-5, atol: 1e-5 });
    const truth = matrix(Float64Array.from(queries.flatMap((row) => row.slice(0, 2))), 2);
    if (from === 0) expect(multi.score(queries, truth)).toBeCloseTo(want.multiScore as unknown as number, 5);
    single.close();
    multi.close();
  });
});

/** Row numbers of all rows by distance, then number. */
function order(rows: number[][], query: number[]): number[] {
  const far = rows.map((row) => row.reduce((sum, x, j) => sum + (x - query[j]!) ** 2, 0));
  return rows.map((_, i) => i).sort((a, b) => far[a]! - far[b]! || a - b);
}

describe("by definition", () => {
  const table = fc
    .record({ seed: fc.nat(), n: fc.integer({ min: 1, max: 30 }), k: fc.integer({ min: 1, max: 12 }) })
    .map(({ seed, n, k }) => {
      const rng = createRng(seed, "kNeighbors test");
      // Small whole numbers, so that many rows are equally far and votes tie.
      const rows = Array.from({ length: n }, () => [rng.below(4), rng.below(4)]);
      const labels = Array.from({ length: n }, () => "cabd"[rng.below(4)]!);
      return { rows, labels, k, asked: Array.from({ length: 5 }, () => [rng.below(4), rng.below(4)]) };
    });

  test("the commonest label wins, the lowest or the nearest among equals", () => {
    fc.assert(
      fc.property(table, ({ rows, labels, k, asked }) => {
        for (const ties of ["lowest", "nearest"] as const) {
          const model = new KNeighborsClassifier<string>({ k, ties }).fit(rows, labels);
          const want = asked.map((query) => {
            const voters = order(rows, query)
              .slice(0, k)
              .map((i) => labels[i]!);
            const count = (label: string): number => voters.filter((other) => other === label).length;
            const most = Math.max(...voters.map(count));
            const equal = voters.filter((label) => count(label) === most);
            return ties === "nearest" ? equal[0] : equal.sort()[0];
          });
          expect(model.predict(asked)).toEqual(want);
          model.close();
        }
      }),
      { numRuns: 60 },
    );
  });

  test("predictEach equals predicting with each k alone, and probabilities sum to 1", () => {
    fc.assert(
      fc.property(table, ({ rows, labels, asked }) => {
        const ks = [1, 7, 3];
        const model = new KNeighborsClassifier<string>({ weights: "distance" }).fit(rows, labels);
        const values = rows.map(([x]) => x! ** 2);
        const regressor = new KNeighborsRegressor({ weights: "distance" }).fit(rows, values);
        for (const [j, k] of ks.entries()) {
          const alone = new KNeighborsClassifier<string>({ k, weights: "distance" }).fit(rows, labels);
          expect(model.predictEach(asked, ks)[j]).toEqual(alone.predict(asked));
          const proba = alone.predictProba(asked);
          for (let q = 0; q < asked.length; q++) {
            const row = proba.data.subarray(q * proba.cols, (q + 1) * proba.cols);
            expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
          }
          const one = new KNeighborsRegressor({ k, weights: "distance" }).fit(rows, values);
          expect(regressor.predictEach(asked, ks)[j]).toEqual(one.predict(asked));
          for (const each of [alone, one]) each.close();
        }
        for (const each of [model, regressor]) each.close();
      }),
      { numRuns: 20 },
    );
  });

  test("without queries the neighbours of fitted rows leave each row out, duplicates or not", () => {
    fc.assert(
      fc.property(table, ({ rows, labels, k }) => {
        for (const index of EXACT) {
          const model = new KNeighborsClassifier<string>({ index, k }).fit(rows, labels);
          const near = model.kneighbors();
          for (let q = 0; q < rows.length; q++) {
            const others = order(rows, rows[q]!).filter((i) => i !== q);
            const want = others
              .slice(0, k)
              .map((i) => Math.hypot(...rows[i]!.map((x, j) => x - rows[q]![j]!)));
            const got = near.distances.subarray(q * k, q * k + near.counts[q]!);
            expect([...near.rows.subarray(q * k, q * k + got.length)]).not.toContain(q);
            expectNear(got, want);
          }
          model.close();
        }
      }),
      { numRuns: 20 },
    );
  });
});

describe("indexes", () => {
  const rng = createRng(3, "apply indexes");
  const rows = matrix(
    Float32Array.from({ length: 600 * 8 }, () => rng.normal()),
    8,
  );
  const asked = matrix(
    Float32Array.from({ length: 40 * 8 }, () => rng.normal()),
    8,
  );
  const labels = Array.from({ length: 600 }, (_, i) => (rows.data[i * 8]! > 0 ? "right" : "left"));

  test.each(["HNSW8", "IVF8,Flat", "RPForest8", "NNDescent12", "Auto"])(
    "%s predicts as it searches",
    async (index) => {
      const model = await new KNeighborsClassifier<string>({ index, k: 3 }).fitAsync(rows, labels);
      const found = model.index.search(asked, { k: 3 });
      const want = Array.from({ length: 40 }, (_, q) => {
        const right = found.keys(q).filter((key) => labels[key as number] === "right").length;
        return right >= 2 ? "right" : "left";
      });
      expect(model.predict(asked)).toEqual(want);
      expect(await model.predictAsync(asked)).toEqual(want);
      model.close();
    },
  );

  test("an index that holds rows is taken with its keys, stays open, and refuses rows added later", () => {
    const index = create<string>("Flat", { dimension: 2, metric: "l1" });
    index.add(
      [
        [0, 0],
        [5, 5],
        [9, 9],
      ],
      { keys: ["a", "b", "c"] },
    );
    index.remove("b");
    const model = new KNeighborsClassifier<string>({ k: 1 }).fit(index as never, ["low", "high"]);
    expect(
      model.predict([
        [1, 1],
        [6, 6],
      ]),
    ).toEqual(["low", "high"]);
    index.add([[6, 6]], { keys: ["d"] });
    expect(() => model.predict([[6, 6]])).toThrow(/fit again/);
    model.close();
    expect(index.size).toBe(3);
    index.close();
  });

  test("an empty index given as option is filled, one with rows refused", () => {
    const index = create("BallTree", { dimension: 2, metric: "haversine" });
    const model = new KNeighborsRegressor({ index, k: 1 }).fit(
      [
        [0, 0],
        [50, 10],
      ],
      [1, 2],
    );
    expect([...model.predict([[49, 9]])]).toEqual([2]);
    expect(() => new KNeighborsRegressor({ index }).fit([[0, 0]], [1])).toThrow(/empty/);
    index.close();
  });

  test("search parameters reach the index, and unknown ones are refused when fitting", () => {
    const model = new KNeighborsClassifier({ index: "HNSW8", efSearch: 600 }).fit(rows, labels);
    expect(model.score(rows, labels)).toBeGreaterThan(0.9);
    model.close();
    expect(() => new KNeighborsClassifier({ nprobe: 3 }).fit(rows, labels)).toThrow(/nprobe/);
  });
});

describe("bad input", () => {
  const code = (call: () => unknown): string => {
    try {
      call();
    } catch (error) {
      if (isVicinalError(error)) return error.code;
    }
    return "none";
  };
  test.each([
    ["BAD_K", () => new KNeighborsClassifier({ k: 0 })],
    ["OPTION_UNKNOWN", () => new KNeighborsClassifier({ neighbours: 3 } as never)],
    ["OPTION_RANGE", () => new KNeighborsRegressor({ weights: "far" as never })],
    ["OPTION_RANGE", () => new KNeighborsClassifier({ ties: "highest" as never })],
    ["NOT_FITTED", () => new KNeighborsClassifier().predict([[1]])],
    ["NOT_FITTED", () => new KNeighborsRegressor().outputs_],
    ["EMPTY_INDEX", () => new KNeighborsClassifier({ dimension: 2 }).fit(new Float32Array(0), [])],
    ["BAD_INPUT", () => new KNeighborsClassifier().fit([[1], [2]], [1])],
    ["BAD_INPUT", () => new KNeighborsClassifier().fit([[1], [2]], [1, "2"])],
    ["BAD_INPUT", () => new KNeighborsClassifier().fit([[1], [2]], [1, Number.NaN])],
    ["BAD_INPUT", () => new KNeighborsRegressor().fit([[1], [2]], [[1, 2], [3]])],
    ["NOT_FINITE", () => new KNeighborsRegressor().fit([[1], [2]], [1, Number.POSITIVE_INFINITY])],
    ["DIM_MISMATCH", () => new KNeighborsRegressor().fit([[1], [2]], [1, 2]).predict([[1, 2]])],
    ["UNSUPPORTED", () => new KNeighborsRegressor({ index: "Auto" }).fit([[1], [2]], [1, 2])],
    [
      "UNSUPPORTED",
      () => new KNeighborsRegressor({ metric: "ip", weights: "distance" }).fit([[1], [2]], [1, 2]),
    ],
    [
      "BAD_INPUT",
      () => new KNeighborsClassifier({ weights: () => [] }).fit([[1], [2]], [1, 2]).predict([[1]]),
    ],
  ] as const)("%s: %s", (want, call) => expect(code(call)).toBe(want));

  test("a failed fit leaves what was fitted", () => {
    const model = new KNeighborsClassifier({ k: 1 }).fit([[1], [2]], [1, 2]);
    expect(code(() => model.fit([[1], [Number.NaN]], [3, 4]))).toBe("NOT_FINITE");
    expect(model.predict([[2]])).toEqual([2]);
    model.close();
    expect(code(() => model.predict([[2]]))).toBe("CLOSED");
  });

  test("an aborted fit or prediction rejects with the reason and leaves the model as it was", async () => {
    const model = new KNeighborsClassifier({ k: 1 }).fit([[1], [2]], [1, 2]);
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(model.fitAsync([[1]], [5], { signal })).rejects.toThrow("enough");
    await expect(model.predictAsync([[1]], { signal })).rejects.toThrow("enough");
    expect(await model.predictAsync([[2]])).toEqual([2]);
    model.close();
  });
});
