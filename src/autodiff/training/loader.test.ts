import fc from "fast-check";
import { expect, test } from "vitest";
import { createLoader } from "./loader.ts";

test("each epoch has every row once, in batches of the size asked for, the last one shorter or left out", () => {
  const sizes = fc.record({
    rows: fc.integer({ min: 1, max: 60 }),
    batch: fc.integer({ min: 1, max: 70 }),
    seed: fc.nat(),
    shuffle: fc.boolean(),
    dropLast: fc.boolean(),
  });
  fc.assert(
    fc.property(sizes, (options) => {
      const { rows, batch, dropLast } = options;
      fc.pre(!dropLast || batch <= rows);
      const loader = createLoader(options);
      for (const epoch of [0, 1]) {
        const first = epoch * loader.stepsPerEpoch;
        const batches = Array.from({ length: loader.stepsPerEpoch }, (_, i) => loader.at(first + i));
        const seen = batches.flatMap((each) => [...each.rows]);
        expect(batches.every((each) => each.epoch === epoch)).toBe(true);
        expect(batches.slice(0, -1).every((each) => each.rows.length === batch)).toBe(true);
        expect(new Set(seen).size).toBe(seen.length);
        expect(seen.length).toBe(dropLast ? Math.floor(rows / batch) * batch : rows);
        if (!options.shuffle && !dropLast) expect(seen).toEqual([...seen.keys()]);
      }
    }),
  );
});

test("a step's rows and random numbers depend on seed and step alone, and differ between epochs and seeds", () => {
  const options = { rows: 50, batch: 8, seed: 4 };
  const forward = createLoader(options);
  const order = Array.from({ length: 14 }, (_, step) => [...forward.at(step).rows]);
  const back = createLoader(options);
  for (let step = 13; step >= 0; step--) expect([...back.at(step).rows]).toEqual(order[step]);
  expect(back.at(3).rng.next()).toBe(forward.at(3).rng.next());
  expect(back.at(3).rng.next()).not.toBe(back.at(4).rng.next());
  expect(order[0]).not.toEqual(order[7]);
  expect([...createLoader({ ...options, seed: 5 }).at(0).rows]).not.toEqual(order[0]);
});
