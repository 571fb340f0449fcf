import { KNeighborsClassifier, KNeighborsRegressor } from "../../apply/index.ts";
import { createRng, matrix } from "../../core/index.ts";
import { plotLines } from "../../evaluate/index.ts";
import type { Part, PartOptions } from "./part.ts";
import { draw, hills } from "./problems.ts";

const N = 400;

/** With as many neighbours as rows, k-NN is the guess without looking. */
export async function prior({ seed, onProgress }: PartOptions): Promise<Part> {
  onProgress?.({ phase: "prior", done: 0, total: 1 });
  const problem = hills(1);
  const { rows } = draw(problem, N, createRng(seed, "prior"));
  // Three classes of unlike sizes, by place.
  const labels = Array.from({ length: N }, (_, i) => {
    const x = rows.data[2 * i]!;
    return x < -0.3 ? "left" : x < 1.4 ? "middle" : "right";
  });
  const rng = createRng(seed, "prior queries");
  const queries = matrix(
    Float32Array.from({ length: 200 }, () => 20 * rng.normal()),
    2,
  );
  const shares: Record<string, number> = {};
  for (const label of labels) shares[label] = (shares[label] ?? 0) + 1 / N;
  const off: number[] = [];
  for (const k of [N, N + 1, 10 * N]) {
    const model = new KNeighborsClassifier<string>({ k }).fit(rows, labels);
    const chances = model.predictProba(queries);
    for (let i = 0; i < chances.rows; i++) {
      for (const [c, name] of model.classes_.entries())
        off.push(Math.abs(chances.data[i * chances.cols + c]! - shares[name]!));
    }
    model.close();
  }
  const values = Float64Array.from({ length: N }, (_, i) => rows.data[2 * i + 1]!);
  const mean = values.reduce((a, b) => a + b, 0) / N;
  const regressor = new KNeighborsRegressor({ k: N }).fit(rows, values);
  const told = regressor.predict(queries);
  regressor.close();
  const offMean = told.reduce((most, v) => Math.max(most, Math.abs(v - mean)), 0);
  const worst = Math.max(...off);
  const largest = Object.entries(shares).reduce((a, b) => (b[1] > a[1] ? b : a));
  const all = new KNeighborsClassifier<string>({ k: N }).fit(rows, labels);
  const same = all.predict(queries).every((label) => label === largest[0]);
  all.close();
  const ks = [1, 3, 10, 30, 100, 200, 300, 400];
  const places = [
    { name: "far left", at: [-1.2, 0.8] },
    { name: "middle", at: [0.6, 0.4] },
    { name: "far right", at: [2.4, 0.2] },
  ];
  const series = places.map(({ name, at }) => ({
    name: `at the ${name}`,
    points: ks.map((k) => {
      const model = new KNeighborsClassifier<string>({ k }).fit(rows, labels);
      const chances = model.predictProba([at]).data[model.classes_.indexOf("middle")]!;
      model.close();
      return { x: k, y: chances };
    }),
  }));
  return {
    name: "prior",
    title: "With k = n, k-NN is the class prior",
    why: "Where every row votes, the query no longer matters: the chances are the shares of the classes, the answer the commonest class, a regression the mean. k therefore leads from the row itself (k = 1) to no look at all (k = n).",
    claims: [
      {
        says: "For k >= n every query is told the shares of the classes.",
        measured: `largest difference ${worst.toExponential(1)} over 200 queries, k = ${N}, ${N + 1} and ${10 * N}`,
        holds: worst < 1e-12,
      },
      {
        says: "The answer is the commonest class, wherever the query is.",
        measured: `${largest[0]}, ${(100 * largest[1]).toFixed(1)} % of the rows`,
        holds: same,
      },
      {
        says: "A regression tells the mean.",
        measured: `largest difference ${offMean.toExponential(1)}`,
        holds: offMean < 1e-9,
      },
    ],
    tables: [],
    pictures: [
      {
        svg: plotLines(
          [
            ...series,
            {
              name: "share of all rows",
              law: true,
              color: 6,
              points: [1, N].map((x) => ({ x, y: shares["middle"]! })),
            },
          ],
          {
            title: "Chance of the middle class as k grows",
            subtitle: `${N} rows of three classes, at three places`,
            xTitle: "k",
            yTitle: "Chance",
            yScale: "linear",
            yReach: [0, 1],
            height: 400,
          },
        ),
        caption: "Three places with three opinions meet at the prior.",
      },
    ],
    numbers: { n: N, shares, worst, offMean },
  };
}
