import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRng } from "../../core/index.ts";
import type { SearchParams } from "../contract.ts";
import { recallInterval } from "../parts/confidence.ts";
import type { Ask, Exploration } from "./candidate.ts";
import { type Explored, exploreForRecall, exploreForTime, type Field, frontOf } from "./explore.ts";
import { isBelow, settingsOf } from "./settings.ts";

const K = 10;

/** An index whose recall grows with every parameter, query by query, and whose time is their weighted sum. */
function simulated(seed: number, sample: number) {
  const rng = createRng(seed, "simulated");
  const difficulty = Array.from({ length: sample }, () => -Math.log(1 - rng.next()));
  const effort = (params: SearchParams): number =>
    Math.log1p(params.width! / 20) * (params.rerank === undefined ? 1 : 1 - 0.9 ** (params.rerank / K));
  return {
    recall: (i: number, params: SearchParams): number =>
      Math.round(K * Math.min(1, effort(params) / (0.2 + difficulty[i]!))) / K,
    ms: (params: SearchParams): number => params.width! / 100 + (params.rerank ?? 0) / 300,
  };
}

type Simulated = ReturnType<typeof simulated>;

function drive(exploration: Exploration<Explored>, index: Simulated) {
  const asks: Ask[] = [];
  let searches = 0;
  let step = exploration.next();
  while (!step.done) {
    const { params, from, to } = step.value;
    asks.push(step.value);
    searches += to - from;
    const recalls = Array.from({ length: to - from }, (_, i) => index.recall(from + i, params));
    step = exploration.next({ recalls, ms: index.ms(params) * (to - from) });
  }
  return { explored: step.value, asks, searches };
}

const whole = (index: Simulated, params: SearchParams, sample: number) =>
  recallInterval(
    Array.from({ length: sample }, (_, i) => index.recall(i, params)),
    K,
  );
const passesWhole = (index: Simulated, params: SearchParams, sample: number, target: number): boolean => {
  const { low, mean } = whole(index, params, sample);
  return low >= target || mean === 1;
};

const WIDTHS = [10, 16, 25, 40, 64, 100, 160, 256, 400, 640, 1000, 1600];
const one: Field = { dials: { width: WIDTHS }, sample: 500, k: K };
const two: Field = { dials: { width: WIDTHS, rerank: [10, 20, 40, 80, 160] }, sample: 500, k: K };

describe("exploring for a recall", () => {
  test("with one dial, finds the smallest passing value to 6 %, and asks for four fifths of all searches at most", () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(0.5, 0.8, 0.9, 0.95), (seed, target) => {
        const index = simulated(seed, one.sample);
        const { explored, searches } = drive(exploreForRecall(one, target), index);
        expect(explored.reached).toBe(true);
        expect(explored.chosen.queries).toBe(one.sample);
        const width = explored.chosen.params.width!;
        expect(passesWhole(index, { width }, one.sample, target)).toBe(true);
        const smaller = Math.floor(Math.min(width / 1.07, width - 2));
        if (width > WIDTHS[0]!)
          expect(passesWhole(index, { width: smaller }, one.sample, target)).toBe(false);
        expect(searches).toBeLessThan(0.8 * WIDTHS.length * one.sample);
      }),
      { numRuns: 60 },
    );
  });

  test("with two dials, chooses a passing setting that no passing one is below, at a third of the searches", () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(0.5, 0.7, 0.85), (seed, target) => {
        const index = simulated(seed, two.sample);
        const { explored, searches } = drive(exploreForRecall(two, target), index);
        const { chosen, reached } = explored;
        const grid = settingsOf(two.dials);
        const passing = grid.filter((params) => passesWhole(index, params, two.sample, target));
        expect(reached).toBe(passing.length > 0);
        if (reached) {
          expect(passesWhole(index, chosen.params, two.sample, target)).toBe(true);
          const below = passing.filter((params) => isBelow(params, chosen.params));
          // Between two rungs the width may be any; the rung below it must fail.
          expect(below).toEqual([]);
        }
        expect(searches).toBeLessThan((grid.length * two.sample) / 3);
      }),
      { numRuns: 60 },
    );
  });

  test("gives the highest recall, measured in full, where nothing reaches the target", () => {
    const field: Field = { dials: { width: [1, 2, 3] }, sample: 200, k: K };
    const index = simulated(3, 200);
    const { explored } = drive(exploreForRecall(field, 0.99), index);
    expect(explored.reached).toBe(false);
    expect(explored.chosen.params).toEqual({ width: 3 });
    expect(explored.chosen.queries).toBe(200);
    expect(explored.chosen.recall).toBe(whole(index, { width: 3 }, 200).mean);
  });

  test("recovers when the first queries are easy and the rest hard", () => {
    const index = simulated(5, 500);
    const odd: Simulated = {
      ...index,
      recall: (i, params) => (i < 64 ? 1 : index.recall(i, params)),
    };
    const { explored } = drive(exploreForRecall(one, 0.9), odd);
    expect(explored.reached).toBe(true);
    expect(passesWhole(odd, explored.chosen.params, 500, 0.9)).toBe(true);
  });

  test("asks for the same again when run again, whatever the times", () => {
    const index = simulated(8, 500);
    const slow: Simulated = { ...index, ms: () => 5 };
    const asked = drive(exploreForRecall(one, 0.9), index).asks;
    expect(drive(exploreForRecall(one, 0.9), slow).asks).toEqual(asked);
  });

  test("without dials there is one setting", () => {
    const { explored } = drive(exploreForRecall({ dials: {}, sample: 50, k: K }, 0.9), {
      recall: () => 1,
      ms: () => 1,
    });
    expect(explored).toMatchObject({ reached: true, chosen: { params: {}, recall: 1 } });
  });
});

describe("exploring for a time", () => {
  test("takes the highest recall within the budget", () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(0.2, 0.7, 3), (seed, budget) => {
        const index = simulated(seed, two.sample);
        const { explored } = drive(exploreForTime(two, budget), index);
        expect(explored.reached).toBe(true);
        const { chosen } = explored;
        expect(index.ms(chosen.params)).toBeLessThanOrEqual(budget);
        const possible = settingsOf(two.dials).filter((params) => index.ms(params) <= budget);
        const best = Math.max(...possible.map((params) => whole(index, params, two.sample).mean));
        expect(chosen.recall).toBeGreaterThan(best - 0.03);
      }),
      { numRuns: 30 },
    );
  });

  test("gives the fastest setting where none keeps to the budget", () => {
    const { explored } = drive(exploreForTime(one, 0.01), simulated(1, 500));
    expect(explored).toMatchObject({ reached: false, chosen: { params: { width: 10 } } });
  });
});

test("the front rises in recall and time", () => {
  const { explored } = drive(exploreForTime(two, 100), simulated(2, 500));
  const front = frontOf(explored.tried);
  expect(front.length).toBeGreaterThan(2);
  for (let i = 1; i < front.length; i++) {
    expect(front[i]!.ms).toBeGreaterThanOrEqual(front[i - 1]!.ms);
    expect(front[i]!.recall).toBeGreaterThan(front[i - 1]!.recall);
  }
  const beaten = explored.tried.filter((one) =>
    front.some((point) => point !== one && point.ms < one.ms && point.recall > one.recall),
  );
  expect(front.some((point) => beaten.includes(point))).toBe(false);
});
