import { describe, expect, test } from "vitest";
import { ClassBalancedSampler, PairSampler, type Sampler, TripletSampler } from "./index.ts";

/** Classes 0 … 9 with 1 … 10 rows. */
const LABELS = Array.from({ length: 10 }, (_, c) => Array<number>(c + 1).fill(c)).flat();
const labelsOf = (rows: Iterable<number>): number[] => Array.from(rows, (row) => LABELS[row]!);

describe("class-balanced batches", () => {
  const sampler = () => new ClassBalancedSampler(LABELS, { classes: 4, perClass: 3, least: 2, batches: 27 });
  test("hold the same number of rows of different classes, class by class", () => {
    for (const batch of sampler()) {
      const labels = labelsOf(batch);
      expect(labels).toHaveLength(12);
      expect(new Set(labels).size).toBe(4);
      for (let i = 0; i < 12; i += 3) expect(new Set(labels.slice(i, i + 3)).size).toBe(1);
    }
  });
  test("repeat a row only in classes with fewer rows than are wanted", () => {
    for (const batch of sampler()) {
      for (let i = 0; i < 12; i += 3) {
        const rows = new Set(batch.subarray(i, i + 3));
        if (LABELS[batch[i]!]! >= 2) continue;
        expect(rows.size).toBe(2);
      }
    }
  });
  test("bring up every class equally often, but those with too few rows never", () => {
    const counts = new Map<number, number>();
    // 27 batches of 4 classes are 12 rounds of the 9 that take part.
    for (const batch of sampler())
      for (const c of new Set(labelsOf(batch))) counts.set(c, (counts.get(c) ?? 0) + 1);
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (const count of counts.values()) expect(Math.abs(count - 12)).toBeLessThanOrEqual(1);
  });
  test("come in another order in another epoch, and in the same for the same seed", () => {
    const [a, b] = [sampler(), sampler()];
    const first = [...a];
    expect([...b]).toEqual(first);
    expect([...a]).not.toEqual(first);
    expect(a.state).toEqual({ seed: 1, epoch: 1, position: 27 });
  });
  test("fewer classes than a batch has are refused", () => {
    expect(() => new ClassBalancedSampler(LABELS, { classes: 11 })).toThrow(/classes/);
  });
});

test("pairs have their share of one class, never a row with itself, and as told", () => {
  const sampler = new PairSampler(LABELS, { size: 40, same: 0.25, batches: 20 });
  for (const { first, second, same } of sampler) {
    expect(same.reduce((a, b) => a + b, 0)).toBe(10);
    for (let i = 0; i < 40; i++) {
      expect(LABELS[first[i]!] === LABELS[second[i]!]).toBe(same[i] === 1);
      expect(first[i]).not.toBe(second[i]);
    }
  }
});

test("triplets have two rows of one class and one of another", () => {
  for (const { triplets } of new TripletSampler(LABELS, { size: 40, batches: 20 })) {
    expect(triplets).toHaveLength(120);
    for (let t = 0; t < 120; t += 3) {
      const [a, p, n] = triplets.subarray(t, t + 3);
      expect(LABELS[a!]).toBe(LABELS[p!]);
      expect(a).not.toBe(p);
      expect(LABELS[n!]).not.toBe(LABELS[a!]);
    }
  }
});

test("labels without a pair, or of one class, are refused", () => {
  for (const labels of [
    [0, 1, 2],
    [4, 4, 4],
  ])
    for (const Kind of [PairSampler, TripletSampler]) expect(() => new Kind(labels)).toThrow(/labels/);
});

describe("a sampler that goes on from a saved state gives what it would have given", () => {
  const kinds: Record<string, () => Sampler<unknown>> = {
    "class-balanced": () => new ClassBalancedSampler(LABELS, { classes: 4, batches: 7, seed: 9 }),
    pairs: () => new PairSampler(LABELS, { size: 8, batches: 7, seed: 9 }),
    triplets: () => new TripletSampler(LABELS, { size: 8, batches: 7, seed: 9 }),
  };
  test.each(Object.entries(kinds))("%s", (_, make) => {
    const whole = make();
    const batches = Array.from({ length: 20 }, () => whole.next());
    for (const stop of [0, 3, 7, 12]) {
      const before = make();
      for (let i = 0; i < stop; i++) before.next();
      const after = make();
      after.restore(JSON.parse(JSON.stringify(before.state)));
      expect(Array.from({ length: 20 - stop }, () => after.next())).toEqual(batches.slice(stop));
    }
    const steps = make();
    const loader = steps.loader();
    for (const step of [19, 0, 8]) {
      expect(steps.at(step)).toEqual(batches[step]);
      const { rows, epoch } = loader.at(step);
      expect([...rows]).toEqual([...steps.rowsOf(batches[step])]);
      expect(epoch).toBe(Math.floor(step / 7));
    }
  });
  test("a state of another seed, or beyond the epoch, is refused", () => {
    const sampler = new PairSampler(LABELS, { batches: 2 });
    expect(() => sampler.restore({ seed: 2, epoch: 0, position: 0 })).toThrow(/sampler state/);
    expect(() => sampler.restore({ seed: 1, epoch: 0, position: 3 })).toThrow(/sampler state/);
  });
});
