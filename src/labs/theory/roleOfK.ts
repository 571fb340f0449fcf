import { KNeighborsClassifier } from "../../apply/index.ts";
import { createRng } from "../../core/index.ts";
import { plotLines } from "../../evaluate/index.ts";
import { interval, type Mean, meanOf, type Part, type PartOptions, WIDE } from "./part.ts";
import { draw, hills, riskOf } from "./problems.ts";

const N = 200;
const KS = [1, 3, 5, 7, 11, 15, 21, 31, 45, 67, 101, 151, 199];

interface Point {
  readonly k: number;
  readonly train: Mean;
  readonly test: Mean;
}

/** Training and test error of k-NN over k: n/k is how complex it is. */
export async function roleOfK({ seed, quick, signal, onProgress }: PartOptions): Promise<Part> {
  const problem = hills(1);
  const sets = quick ? 30 : 100;
  const train = KS.map((): number[] => []);
  const test = KS.map((): number[] => []);
  for (let s = 0; s < sets; s++) {
    onProgress?.({ phase: "role of k", done: s, total: sets });
    signal?.throwIfAborted();
    const { rows, labels } = draw(problem, N, createRng(seed, `k ${s}`));
    const fresh = draw(problem, 500, createRng(seed, `k test ${s}`));
    const model = await new KNeighborsClassifier<number>({ k: N }).fitAsync(rows, labels);
    const onTrain = await model.predictEachAsync(rows, KS);
    const onTest = await model.predictEachAsync(fresh.rows, KS);
    model.close();
    for (const [i] of KS.entries()) {
      const wrong = onTrain[i]!.filter((told, row) => told !== labels[row]).length;
      train[i]!.push(wrong / N);
      test[i]!.push(riskOf(problem, fresh.rows, onTest[i]!));
    }
  }
  const points = KS.map((k, i): Point => ({ k, train: meanOf(train[i]!), test: meanOf(test[i]!) }));
  const best = points.reduce((a, b) => (b.test.mean < a.test.mean ? b : a));
  const at = KS.indexOf(best.k);
  const above = (i: number): Mean => meanOf(test[i]!.map((error, s) => error - test[at]![s]!));
  const [first, last] = [above(0), above(KS.length - 1)];
  return {
    name: "k",
    title: "The role of k: n/k is the complexity",
    why: "A vote of k neighbours averages over a region that holds k of the n rows: about n/k regions are told apart, so n/k plays the part of a number of parameters. A small k follows every row (overfitting), a large one irons the boundary out (underfitting).",
    claims: [
      {
        says: "With k = 1 the training error is 0 whatever the data: it says nothing of the test error.",
        measured: `training ${points[0]!.train.mean}, test ${interval(points[0]!.test)}`,
        holds: points[0]!.train.mean === 0 && points[0]!.test.mean > 0.1,
      },
      {
        says: "The test error is lowest at a k between the extremes.",
        measured: `k = ${best.k}: ${interval(best.test)}; k = 1 is ${interval(first)} above, k = ${KS.at(-1)} ${interval(last)}`,
        holds: at > 0 && at < KS.length - 1 && first.mean > WIDE * first.se && last.mean > WIDE * last.se,
      },
      {
        says: "The training error falls as n/k rises, so that the gap to the test error widens.",
        measured: `gap ${(best.test.mean - best.train.mean).toFixed(3)} at k = ${best.k}, ${points[0]!.test.mean.toFixed(3)} at k = 1`,
        holds: points.every(
          (p, i) =>
            i === 0 ||
            p.train.mean >=
              points[i - 1]!.train.mean - WIDE * Math.hypot(p.train.se, points[i - 1]!.train.se),
        ),
      },
      {
        says: "No k does better than the Bayes risk.",
        measured: `${best.test.mean.toFixed(4)} against ${problem.bayes.toFixed(4)}`,
        holds: best.test.mean > problem.bayes,
      },
    ],
    tables: [
      {
        caption: `${sets} training sets of ${N} rows; errors in %`,
        columns: ["k", "n/k", "training", "test"],
        rows: points.map(({ k, train: a, test: b }) => [
          String(k),
          (N / k).toFixed(1),
          (100 * a.mean).toFixed(1),
          (100 * b.mean).toFixed(1),
        ]),
      },
    ],
    pictures: [
      {
        svg: picture(points, problem.bayes, sets),
        caption: "Bands are 95 % intervals of the mean. The left end underfits, the right end overfits.",
      },
    ],
    numbers: { n: N, sets, bayes: problem.bayes, points },
  };
}

function picture(points: readonly Point[], bayes: number, sets: number): string {
  const line = (of: (p: Point) => Mean) =>
    points.toReversed().map((p) => {
      const { mean, se } = of(p);
      return { x: N / p.k, y: mean, low: mean - 1.96 * se, high: mean + 1.96 * se };
    });
  return plotLines(
    [
      { name: "test error", points: line((p) => p.test) },
      { name: "training error", points: line((p) => p.train) },
      { name: "Bayes risk", law: true, color: 2, points: [1, N].map((x) => ({ x, y: bayes })) },
    ],
    {
      title: "Training and test error against complexity",
      subtitle: `two classes of ten hills each in the plane, ${sets} training sets of ${N} rows`,
      xTitle: "n / k (more complex to the right)",
      yTitle: "Error",
      yScale: "linear",
      yReach: [0],
      height: 460,
    },
  );
}
