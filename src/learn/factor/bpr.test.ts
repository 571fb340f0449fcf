import { expect, test } from "vitest";
import { tastes } from "../../../test/helpers/tastes.ts";
import { createRng, row } from "../../core/index.ts";
import { BPR } from "./bpr.ts";
import { bprStep } from "./bprStep.ts";
import { holds, interactions } from "./interactions.ts";

test("a step goes along the gradient, by central differences in float64", () => {
  const f = 4;
  const rng = createRng(2, "step");
  const draw = (n: number): Float64Array => Float64Array.from({ length: n }, () => rng.normal());
  const lambda = 0.3;
  const x = draw(f + 1);
  x[f] = 1;
  const y = draw(2 * (f + 1));
  const objective = (a: Float64Array, b: Float64Array): number => {
    let margin = b[f]! - b[2 * f + 1]!;
    let penalty = 0;
    for (let q = 0; q < f; q++) margin += a[q]! * (b[q]! - b[f + 1 + q]!);
    for (let q = 0; q < f; q++) penalty += a[q]! ** 2;
    for (const v of b) penalty += v * v;
    return -Math.log1p(Math.exp(-margin)) - (lambda / 2) * penalty;
  };
  const [x2, y2] = [x.slice(), y.slice()];
  const rate = 1e-3;
  const loss = bprStep(x2, 0, y2, 0, f + 1, f, rate, lambda, true);
  expect(-loss).toBeCloseTo(
    objective(x, y) + (lambda / 2) * [...x.subarray(0, f), ...y].reduce((s, v) => s + v * v, 0),
    12,
  );
  const slope = (at: Float64Array, i: number, value: () => number): number => {
    const kept = at[i]!;
    at[i] = kept + 1e-5;
    const up = value();
    at[i] = kept - 1e-5;
    const down = value();
    at[i] = kept;
    return (up - down) / 2e-5;
  };
  for (let q = 0; q < f; q++)
    expect((x2[q]! - x[q]!) / rate).toBeCloseTo(
      slope(x, q, () => objective(x, y)),
      6,
    );
  for (let q = 0; q < y.length; q++)
    expect((y2[q]! - y[q]!) / rate).toBeCloseTo(
      slope(y, q, () => objective(x, y)),
      6,
    );
  expect(x2[f]).toBe(1);
});

test("people's own taste is ranked first, for those folded in too, and pairs get easier to tell", () => {
  const x = tastes(60, 30, 3, 10);
  const model = new BPR({ factors: 8, epochs: 60, learningRate: 0.1 }).fit(x);
  const top = (scores: Float64Array, seen: (item: number) => boolean): number =>
    [...scores.keys()].filter((i) => !seen(i)).reduce((a, b) => (scores[b]! > scores[a]! ? b : a));
  let right = 0;
  for (let u = 0; u < x.users; u++) if (top(model.scoresOf(u), (i) => holds(x, u, i)) % 3 === u % 3) right++;
  expect(right / x.users).toBeGreaterThan(0.85);
  for (const taste of [0, 1, 2]) {
    const own = [taste, taste + 3, taste + 6, taste + 9];
    expect(top(model.scoresFor(own), (i) => own.includes(i)) % 3).toBe(taste);
  }
  expect(model.loss_.at(-1)).toBeLessThan(0.5 * model.loss_[0]!);
});

test("the last columns are 1 and the bias, and item vectors leave it out", () => {
  const x = tastes(12, 9);
  const model = new BPR({ factors: 3, epochs: 5 }).fit(x);
  expect(model.userFactors_.cols).toBe(4);
  for (let u = 0; u < 12; u++) expect(row(model.userFactors_, u)[3]).toBe(1);
  expect(model.itemVectors_.cols).toBe(3);
  expect([...row(model.itemVectors_, 5)]).toEqual([...row(model.itemFactors_, 5)].slice(0, 3));
});

test("someone who has everything gives no pairs, and fitting ends", () => {
  const all = interactions([
    [0, 0],
    [0, 1],
    [1, 0],
  ]);
  const model = new BPR({ factors: 2, epochs: 3 }).fit(all);
  expect([...model.itemFactors_.data].every(Number.isFinite)).toBe(true);
  expect([...model.foldIn([0, 1])].every(Number.isFinite)).toBe(true);
});

test("the same seed gives the same bytes, in turns too; JSON keeps the model; misuse is refused", async () => {
  const x = tastes(12, 9);
  const make = (): BPR => new BPR({ factors: 3, epochs: 4, seed: 9 });
  const model = make().fit(x);
  expect((await make().fitAsync(x)).itemFactors_.data).toEqual(model.itemFactors_.data);
  const back = BPR.fromJSON(JSON.parse(JSON.stringify(model)));
  expect(back.scoresFor([1, 2])).toEqual(model.scoresFor([1, 2]));
  expect(() => new BPR({ learningRate: 0 })).toThrow(expect.objectContaining({ code: "OPTION_RANGE" }));
  expect(() => make().fit(interactions([], { users: 2, items: 2 }))).toThrow(
    expect.objectContaining({ code: "EMPTY_INDEX" }),
  );
});
