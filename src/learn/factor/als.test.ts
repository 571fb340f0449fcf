import { describe, expect, test } from "vitest";
import { tastes } from "../../../test/helpers/tastes.ts";
import { createRng, row } from "../../core/index.ts";
import { ImplicitALS } from "./als.ts";
import { alsLoss, alsScratch, approachRow, gramOf, solveRow } from "./alsSolve.ts";
import { holds, interactions, rowOf, transposed } from "./interactions.ts";

const x = tastes(30, 24);
const F = 5;
const LAMBDA = 0.7;

/** Σ over all pairs of c (p − x·y)² + λ (Σ|x|² + Σ|y|²), by its definition. */
function denseLoss(extra: ArrayLike<number>, users: Float64Array, items: Float64Array): number {
  let loss = 0;
  for (const v of users) loss += LAMBDA * v * v;
  for (const v of items) loss += LAMBDA * v * v;
  for (let u = 0; u < x.users; u++) {
    for (let i = 0; i < x.items; i++) {
      let s = 0;
      for (let j = 0; j < F; j++) s += users[u * F + j]! * items[i * F + j]!;
      const e = x.indices.subarray(x.indptr[u]!, x.indptr[u + 1]!).indexOf(i);
      const c = e < 0 ? 1 : 1 + extra[x.indptr[u]! + e]!;
      loss += c * ((e < 0 ? 0 : 1) - s) ** 2;
    }
  }
  return loss;
}

function random(rows: number, stream: string): Float64Array {
  const rng = createRng(3, stream);
  return Float64Array.from({ length: rows * F }, () => rng.normal());
}

describe("the solver", () => {
  const users = random(x.users, "users");
  const items = random(x.items, "items");
  const extra = Float64Array.from(x.values, (v) => 2 * v);

  test("the loss through Gram matrices is the loss over all pairs", () => {
    const fast = alsLoss(x, extra, users, items, F, LAMBDA);
    expect(fast / denseLoss(extra, users, items)).toBeCloseTo(1, 12);
  });

  test("a solved row has no gradient left, by central differences of the dense loss", () => {
    const scratch = alsScratch(F);
    gramOf(items, x.items, F, scratch.gram);
    const u = 4;
    const entries = { indices: x.indices, extra, from: x.indptr[u]!, to: x.indptr[u + 1]! };
    const solved = users.slice();
    expect(solveRow(entries, items, F, LAMBDA, scratch, solved, u * F)).toBe(true);
    for (let j = 0; j < F; j++) {
      const at = (step: number): number => {
        const moved = solved.slice();
        moved[u * F + j]! += step;
        return denseLoss(extra, moved, items);
      };
      expect(Math.abs(at(1e-4) - at(-1e-4)) / 2e-4).toBeLessThan(1e-4);
      expect(at(0.01)).toBeGreaterThan(at(0));
    }
  });

  test("conjugate gradients lessen the loss at each step and reach the solved row", () => {
    const scratch = alsScratch(F);
    gramOf(items, x.items, F, scratch.gram);
    const entries = { indices: x.indices, extra, from: x.indptr[7]!, to: x.indptr[8]! };
    const exact = users.slice();
    solveRow(entries, items, F, LAMBDA, scratch, exact, 7 * F);
    let before = denseLoss(extra, users, items);
    for (let steps = 1; steps <= F; steps++) {
      const moved = users.slice();
      approachRow(entries, items, F, LAMBDA, scratch, moved, 7 * F, steps);
      const loss = denseLoss(extra, moved, items);
      expect(loss).toBeLessThanOrEqual(before * (1 + 1e-12));
      before = loss;
      if (steps === F) for (let j = 0; j < F; j++) expect(moved[7 * F + j]).toBeCloseTo(exact[7 * F + j]!, 8);
    }
  });
});

describe("ImplicitALS", () => {
  test.each(["cg", "cholesky"] as const)("the loss never rises (%s)", (solver) => {
    const { loss_ } = new ImplicitALS({ factors: 6, solver, iterations: 12, regularization: 0.5 }).fit(x);
    expect(loss_).toHaveLength(12);
    for (let i = 1; i < loss_.length; i++) expect(loss_[i]).toBeLessThanOrEqual(loss_[i - 1]! * (1 + 1e-12));
    expect(loss_.at(-1)).toBeLessThan(0.8 * loss_[0]!);
  });

  test("people's own taste scores above the others, and items of one taste point the same way", () => {
    const model = new ImplicitALS({ factors: 4, alpha: 1, regularization: 1, weighting: "log" }).fit(x);
    let right = 0;
    for (let u = 0; u < x.users; u++) {
      const scores = [...model.scoresOf(u)].map((score, item) => ({ score, item }));
      const unseen = scores.filter(({ item }) => !holds(x, u, item)).sort((a, b) => b.score - a.score);
      if (unseen[0]!.item % 3 === u % 3) right++;
    }
    expect(right / x.users).toBeGreaterThan(0.9);
  });

  test("folding in someone's items gives the row that solves the dense equations", () => {
    const model = new ImplicitALS({ factors: F, alpha: 2, regularization: LAMBDA }).fit(x);
    const items = Float64Array.from(model.itemFactors_.data);
    const { items: own, values } = rowOf(x, 3);
    const folded = model.foldIn(own, values);
    const scratch = alsScratch(F);
    gramOf(items, x.items, F, scratch.gram);
    const out = new Float64Array(F);
    const entries = { indices: own, extra: values.map((v) => 2 * v), from: 0, to: own.length };
    solveRow(entries, items, F, LAMBDA, scratch, out, 0);
    for (let j = 0; j < F; j++) expect(folded[j]).toBeCloseTo(out[j]!, 5);
    expect([...model.foldIn([])]).toEqual([0, 0, 0, 0, 0]);
    // After many sweeps someone who was there folds in to where they are.
    const settled = new ImplicitALS({ factors: F, alpha: 2, regularization: 5, iterations: 200 }).fit(x);
    const again = settled.foldIn(own, values);
    again.forEach((v, j) => {
      expect(v).toBeCloseTo(row(settled.userFactors_, 3)[j]!, 3);
    });
  });

  test("users and items without interactions get zeros", () => {
    const lonely = interactions([[0, 0]], { users: 2, items: 3 });
    const model = new ImplicitALS({ factors: 2 }).fit(lonely);
    expect([...row(model.userFactors_, 1)]).toEqual([0, 0]);
    expect([...row(model.itemFactors_, 2)]).toEqual([0, 0]);
  });

  test("the same seed gives the same bytes, in turns too, and another seed others", async () => {
    const make = (seed: number): ImplicitALS => new ImplicitALS({ factors: 4, iterations: 3, seed });
    const one = make(1).fit(x).itemFactors_.data;
    expect((await make(1).fitAsync(x)).itemFactors_.data).toEqual(one);
    expect(make(2).fit(x).itemFactors_.data).not.toEqual(one);
  });

  test("an aborted fit rejects with the reason and leaves what was fitted", async () => {
    const model = new ImplicitALS({ factors: 4, iterations: 2 }).fit(x);
    const before = model.itemFactors_;
    const stop = new AbortController();
    const fit = model.fitAsync(transposed(x), {
      signal: stop.signal,
      onProgress: () => stop.abort("enough"),
    });
    await expect(fit).rejects.toBe("enough");
    expect(model.itemFactors_).toBe(before);
  });

  test("a model restored from its JSON scores and folds in alike", () => {
    const model = new ImplicitALS({ factors: 4, weighting: "bm25" }).fit(x);
    const back = ImplicitALS.fromJSON(JSON.parse(JSON.stringify(model)));
    expect(back.options).toEqual(model.options);
    expect(back.scoresOf(2)).toEqual(model.scoresOf(2));
    expect(back.scoresFor([1, 4], [2, 9])).toEqual(model.scoresFor([1, 4], [2, 9]));
    const saved = model.toJSON();
    expect(() => ImplicitALS.fromJSON({ ...saved, format: "vicinal/BPR" })).toThrow(
      expect.objectContaining({ code: "FORMAT" }),
    );
    const short = { ...saved, items: { ...saved.items, rows: 3 } };
    expect(() => ImplicitALS.fromJSON(short)).toThrow(expect.objectContaining({ code: "FORMAT" }));
  });

  test.each([
    [{ factors: 0 }, "OPTION_RANGE"],
    [{ alpha: -1 }, "OPTION_RANGE"],
    [{ regularization: 0 }, "OPTION_RANGE"],
    [{ weighting: "cube" as never }, "OPTION_RANGE"],
    [{ solver: "lu" as never }, "OPTION_RANGE"],
    [{ rank: 3 } as never, "OPTION_UNKNOWN"],
  ])("options %o are refused with %s", (options, code) => {
    expect(() => new ImplicitALS(options)).toThrow(expect.objectContaining({ code }));
  });

  test("before fitting nothing is answered, and unknown items are refused after", () => {
    const model = new ImplicitALS({ factors: 2, iterations: 1 });
    expect(() => model.itemFactors_).toThrow(expect.objectContaining({ code: "NOT_FITTED" }));
    model.fit(x);
    expect(() => model.foldIn([24])).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
    expect(() => model.scoresOf(30)).toThrow(expect.objectContaining({ code: "OPTION_RANGE" }));
  });
});
