import fc from "fast-check";
import { expect, test } from "vitest";
import { logScale, recallScale, shortNumber } from "./scale.ts";

const recalls = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1 });
const speeds = fc.array(fc.double({ min: 1e-3, max: 1e7, noNaN: true }), { minLength: 1 });

test("better recalls stand farther right, all within the axis", () => {
  fc.assert(
    fc.property(recalls, (values) => {
      const { place, ticks } = recallScale(values);
      const places = [...values].sort((a, b) => a - b).map(place);
      for (const [i, at] of places.entries()) {
        expect(at).toBeGreaterThanOrEqual(i === 0 ? -1e-9 : places[i - 1]!);
        expect(at).toBeLessThanOrEqual(1 + 1e-9);
      }
      for (const tick of ticks) expect(tick.at).toBeGreaterThanOrEqual(-1e-9);
      for (const tick of ticks) expect(tick.at).toBeLessThanOrEqual(1 + 1e-9);
    }),
  );
});

test("0.9, 0.99 and 0.999 are equally far apart, and 1 is at the end", () => {
  const { place } = recallScale([0.8, 0.999, 1]);
  expect(place(0.99) - place(0.9)).toBeCloseTo(place(0.999) - place(0.99), 12);
  expect(place(1)).toBe(1);
  expect(place(0.999)).toBeLessThan(0.95);
});

test("labels of the recall axis do not touch", () => {
  fc.assert(
    fc.property(recalls, (values) => {
      const labelled = recallScale(values).ticks.filter((t) => t.label !== "");
      for (let i = 1; i < labelled.length; i++)
        expect(labelled[i]!.at - labelled[i - 1]!.at).toBeGreaterThan(0.05);
    }),
  );
});

test("the speed axis encloses all values between ticks of 1, 2 and 5", () => {
  fc.assert(
    fc.property(speeds, (values) => {
      const { place, ticks } = logScale(values);
      expect(ticks[0]!.at).toBe(0);
      expect(ticks.at(-1)!.at).toBeCloseTo(1, 12);
      for (const v of values) expect(place(v)).toBeGreaterThanOrEqual(-1e-9);
      for (const v of values) expect(place(v)).toBeLessThanOrEqual(1 + 1e-9);
    }),
  );
  expect(logScale([130, 900]).ticks.map((t) => t.label)).toEqual(["100", "200", "500", "1k"]);
});

test("an axis without values still has two ticks", () => {
  expect(logScale([]).ticks.length).toBe(2);
  expect(logScale([10]).ticks.length).toBeGreaterThanOrEqual(2);
  expect(recallScale([]).ticks.length).toBeGreaterThanOrEqual(2);
});

test("numbers are shortened with k and M", () => {
  expect([0.00001, 0.5, 1, 999, 1000, 20_000, 1.5e6].map(shortNumber)).toEqual([
    "1e-5",
    "0.5",
    "1",
    "999",
    "1k",
    "20k",
    "1.5M",
  ]);
});
