import { expect, test } from "vitest";
import { tastes } from "../../../test/helpers/tastes.ts";
import { createRng, type Matrix, row } from "../../core/index.ts";
import { interactions } from "../factor/interactions.ts";
import { PairEmbedding } from "./pairEmbedding.ts";
import { cosineSlopes, logisticPairLoss, squaredPairLoss } from "./pairLoss.ts";
import { RowAdam } from "./rowAdam.ts";

const central = (at: Float64Array, i: number, value: () => number): number => {
  const kept = at[i]!;
  at[i] = kept + 1e-6;
  const up = value();
  at[i] = kept - 1e-6;
  const down = value();
  at[i] = kept;
  return (up - down) / 2e-6;
};

test("slopes of both losses are those of central differences in float64", () => {
  const d = 4;
  const rng = createRng(6, "pair");
  const [left, right] = [0, 1].map(() => Float64Array.from({ length: 2 * d }, () => rng.normal()));
  const unit = Float64Array.of(1.3, -0.4);
  const out = { a: new Float64Array(d), b: new Float64Array(d) };
  const scratch = { a: new Float64Array(d), b: new Float64Array(d) };
  for (const occurs of [true, false]) {
    for (const kind of ["squared", "logistic"] as const) {
      const at = (cosine: number) =>
        kind === "squared"
          ? squaredPairLoss(cosine, occurs)
          : logisticPairLoss(cosine, occurs, unit[0]!, unit[1]!);
      const found = at(cosineSlopes(left!, 1, right!, 0, d, out));
      const value = (): number => at(cosineSlopes(left!, 1, right!, 0, d, scratch)).loss;
      for (let j = 0; j < d; j++) {
        expect(found.byCosine * out.a[j]!).toBeCloseTo(central(left!, d + j, value), 6);
        expect(found.byCosine * out.b[j]!).toBeCloseTo(central(right!, j, value), 6);
      }
      expect(found.byWeight).toBeCloseTo(central(unit, 0, value), 6);
      expect(found.byBias).toBeCloseTo(central(unit, 1, value), 6);
    }
  }
});

test("Adam's steps on a row are those of the paper, and other rows rest", () => {
  const adam = new RowAdam(Float64Array.of(1, 1, 1, 1), 2, 0.1);
  let [m, v, value] = [0, 0, 1];
  for (let t = 1; t <= 3; t++) {
    const g = 0.5 * t;
    adam.add(1, Float64Array.of(g, 0), 0.25);
    adam.add(1, Float64Array.of(g, 0), 0.75);
    adam.step();
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    value -= (0.1 * (m / (1 - 0.9 ** t))) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-7);
  }
  expect(adam.values[2]).toBeCloseTo(value, 5);
  expect([adam.values[0], adam.values[1], adam.values[3]]).toEqual([1, 1, 1]);
});

function nearest(m: Matrix, i: number): number {
  let best = -1;
  let most = Number.NEGATIVE_INFINITY;
  for (let j = 0; j < m.rows; j++) {
    const cosine = row(m, i).reduce((s, v, q) => s + v * row(m, j)[q]!, 0);
    if (j !== i && cosine > most) [best, most] = [j, cosine];
  }
  return best;
}

test.each(["squared", "logistic"] as const)("books of one kind come to lie together (%s)", (loss) => {
  const x = tastes(60, 45, 3, 12);
  const model = new PairEmbedding({ dimension: 8, loss, epochs: 15, batch: 64, learningRate: 0.02 }).fit(x);
  let right = 0;
  for (let u = 0; u < 60; u++) if (nearest(model.left_, u) % 3 === u % 3) right++;
  expect(right / 60).toBeGreaterThan(0.85);
  expect(model.loss_.at(-1)).toBeLessThan(0.8 * model.loss_[0]!);
  for (let i = 0; i < 45; i++) expect(Math.hypot(...row(model.right_, i))).toBeCloseTo(1, 5);
});

test("the same seed gives the same bytes, in turns too; JSON keeps the tables", async () => {
  const x = tastes(12, 9);
  const make = (): PairEmbedding => new PairEmbedding({ dimension: 4, epochs: 2 });
  const model = make().fit(x);
  expect((await make().fitAsync(x)).left_.data).toEqual(model.left_.data);
  const back = PairEmbedding.fromJSON(JSON.stringify(model));
  expect([back.left_, back.right_]).toEqual([model.left_, model.right_]);
});

test("where every pair occurs fitting ends, and misuse is refused", () => {
  const all = interactions([
    [0, 0],
    [0, 1],
  ]);
  expect([...new PairEmbedding({ dimension: 2, epochs: 2 }).fit(all).left_.data].every(Number.isFinite)).toBe(
    true,
  );
  expect(() => new PairEmbedding({ loss: "hinge" as never })).toThrow(
    expect.objectContaining({ code: "OPTION_RANGE" }),
  );
  expect(() => new PairEmbedding().fit(interactions([]))).toThrow(
    expect.objectContaining({ code: "EMPTY_INDEX" }),
  );
  expect(() => new PairEmbedding().left_).toThrow(expect.objectContaining({ code: "NOT_FITTED" }));
});
