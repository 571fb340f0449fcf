import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { mul, sum } from "../ops/index.ts";
import { createTape, type Tape } from "../tape.ts";
import type { Parameter } from "../tensor.ts";
import * as optim from "./index.ts";

interface Golden {
  start: number[][];
  cases: { kind: "sgd" | "adam" | "adamW"; options: object; after: number[][] }[];
}
const golden: Golden = JSON.parse(
  readFileSync(new URL("../../../test/golden/optimisers.torch-1.13.0.json", import.meta.url), "utf8"),
);

const kinds = { sgd: optim.sgd, adam: optim.adam, adamW: optim.adamW };

/** A step whose gradient is `gradient`. */
function pull(tape: Tape, w: Parameter, gradient: readonly number[]): void {
  tape.step(() => tape.backward(sum(mul(w, tape.tensor(gradient, w.shape)))));
}

describe("optimisers", () => {
  for (const precision of ["f64", "f32"] as const) {
    test.each(golden.cases)(`$kind $options goes PyTorch's way, in ${precision}`, (example) => {
      const tape = createTape({ precision });
      const w = tape.parameter([2, 2], golden.start.flat());
      const optimiser = kinds[example.kind]({ w }, example.options);
      example.after.forEach((want, step) => {
        const gradient = [0, 1, 2, 3].map((i) => (((step * 4 + i) * 37) % 17) / 8 - 1);
        pull(tape, w, gradient);
        optimiser.step();
        const error = Math.max(...w.values().map((value, i) => Math.abs(value - want[i]!)));
        expect(error).toBeLessThan(precision === "f64" ? 1e-14 : 1e-6);
      });
      tape.dispose();
    });
  }

  test("decay spares parameters of one axis unless asked, and groups have their own rate and decay", () => {
    const stepped = (make: (w: Parameter, b: Parameter) => optim.Optimiser): number[] => {
      const tape = createTape({ precision: "f64" });
      const [w, b] = [tape.parameter([1, 1], [1]), tape.parameter([1], [1])];
      tape.step(() => tape.backward(sum(mul(sum(w), mul(b, 0)))));
      make(w, b).step();
      return [w.item(), b.item()];
    };
    const options = { learningRate: 0.5, weightDecay: 0.2 };
    expect(stepped((w, b) => optim.adamW({ w, b }, options))).toEqual([0.9, 1]);
    expect(stepped((w, b) => optim.adamW({ w, b }, { ...options, decayAll: true }))).toEqual([0.9, 0.9]);
    const groups = (w: Parameter, b: Parameter): optim.ParameterGroup[] => [
      { parameters: { w }, rate: 0.5 },
      { parameters: { b }, weightDecay: 1 },
    ];
    expect(stepped((w, b) => optim.adamW(groups(w, b), options))).toEqual([0.95, 0.5]);
    expect(
      stepped((w, b) => optim.sgd([{ parameters: { w }, rate: 0 }, { parameters: { b } }], options)),
    ).toEqual([1, 1]);
  });

  test("a parameter without a gradient stays, and one that is given twice is refused", () => {
    const tape = createTape({ precision: "f64" });
    const [a, b] = [tape.parameter([1], [1]), tape.parameter([1], [1])];
    pull(tape, a, [1]);
    optim.adam({ a, b }).step();
    expect(b.item()).toBe(1);
    expect(a.item()).toBeLessThan(1);
    expect(() => optim.sgd([{ parameters: { a } }, { parameters: { other: a } }])).toThrow(/given twice/);
    expect(() => optim.sgd({ kept: tape.buffer([1]) })).toThrow(/none to train/);
    expect(() => optim.sgd({ a }, { momentum: 1 })).toThrow(/momentum is 1/);
  });
});

describe("clipping", () => {
  const setup = (): { tape: Tape; a: Parameter; b: Parameter } => {
    const tape = createTape({ precision: "f64" });
    const [a, b] = [tape.parameter([2]), tape.parameter([1])];
    tape.step(() => tape.backward(sum(mul(sum(mul(a, tape.tensor([3, 0]))), 1)), 1));
    tape.step(() => tape.backward(sum(mul(b, -4))), { accumulate: true });
    return { tape, a, b };
  };

  test("by norm: one factor for all, only when they are longer, and the length before is returned", () => {
    const { a, b } = setup();
    expect(optim.clipGradients({ a, b }, { norm: 6 })).toBe(5);
    expect([...a.gradient(), ...b.gradient()]).toEqual([3, 0, -4]);
    expect(optim.clipGradients({ a, b }, { norm: 1 })).toBe(5);
    expect(optim.gradientNorm({ a, b })).toBeCloseTo(1, 12);
    expect(a.gradient()[0]).toBeCloseTo(0.6, 12);
  });

  test("by value: each by itself", () => {
    const { a, b } = setup();
    optim.clipGradients({ a, b }, { value: 3.5 });
    expect([...a.gradient(), ...b.gradient()]).toEqual([3, 0, -3.5]);
    expect(() => optim.clipGradients({ a }, { value: 0 })).toThrow(/clip.value/);
  });
});

describe("schedules", () => {
  test("constant, steps, cosine, warm-up and one cycle take the values of their definitions", () => {
    expect([0, 99].map(optim.constant(0.3))).toEqual([0.3, 0.3]);
    expect([0, 9, 10, 29].map(optim.stepwise({ rate: 1, every: 10, factor: 0.5 }))).toEqual([
      1, 1, 0.5, 0.25,
    ]);
    const cosine = optim.cosine({ rate: 2, steps: 8, end: 1 });
    expect(cosine(0)).toBe(2);
    expect(cosine(4)).toBeCloseTo(1.5, 14);
    expect([8, 20].map(cosine)).toEqual([1, 1]);
    const warm = optim.warmUp(4, optim.constant(1));
    expect([0, 1, 3, 4].map(warm)).toEqual([0.25, 0.5, 1, 1]);
    const cycle = optim.oneCycle({ rate: 1, steps: 10 });
    expect(cycle(0)).toBeCloseTo(0.04, 14);
    expect(cycle(3)).toBe(1);
    expect(cycle(10)).toBeCloseTo(1 / 250_000, 14);
    const rates = Array.from({ length: 11 }, (_, step) => cycle(step));
    expect(rates.slice(3)).toEqual(rates.slice(3).toSorted((a, b) => b - a));
    expect(() => optim.constant(0)).toThrow(/rate is 0/);
  });
});
