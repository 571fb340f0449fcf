import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkGradients, createTape, mul, relaxNeighbors, sum } from "../../autodiff/index.ts";
import { isVicinalError } from "../../core/errors.ts";
import { createRng } from "../../core/index.ts";
import { relaxedNeighbors, relaxedNeighborsGradient } from "./relaxation.ts";

type Form = "alpha" | "logit";
interface Values {
  readonly w: number[][][];
  /** Not given where the temperature is too low for them. */
  readonly grad_d?: number[][];
  readonly grad_t?: number[];
  readonly grad_log_t?: number[];
}
interface Case extends Partial<Record<Form, Values>> {
  readonly name: string;
  readonly k: number;
  readonly d: number[][];
  readonly t: number[];
  readonly c?: number[][][];
}

const file = join(process.env.VICINAL_DATA ?? "", "n3", "relaxation.json");
const present = process.env.VICINAL_DATA !== undefined && existsSync(file);
const cases: Case[] = present ? JSON.parse(readFileSync(file, "utf8")).cases : [];
if (!present) console.warn("skipped: the relaxation's reference values are not in $VICINAL_DATA/n3");

const forms: readonly Form[] = ["alpha", "logit"];
const flat = (deep: number[][][]): number[] => deep.flat(2);
/** The largest |got − want| ÷ max(1, |want|). */
const error = (got: ArrayLike<number>, want: readonly number[]): number => {
  expect(got.length).toBe(want.length);
  return want.reduce((worst, x, i) => Math.max(worst, Math.abs(got[i]! - x) / Math.max(1, Math.abs(x))), 0);
};
const table = forms.flatMap((form) =>
  cases.flatMap((each) => (each[form] === undefined ? [] : [[each.name, form, each, each[form]] as const])),
);

describe.skipIf(!present)("reference values", () => {
  test.each(table)("%s, %s form: weights to 1e-10, gradients to 1e-8", (_, form, { d, t, k, c }, want) => {
    const { weights } = relaxedNeighbors(d, { t, k, form });
    expect(error(weights, flat(want.w))).toBeLessThan(1e-10);
    if (c === undefined || want.grad_d === undefined) return;
    const gradient = relaxedNeighborsGradient(d, flat(c), { t, k, form });
    expect(error(gradient.distances, want.grad_d.flat())).toBeLessThan(1e-8);
    expect(error(gradient.t, want.grad_t!)).toBeLessThan(1e-8);
    expect(
      error(
        gradient.t.map((g, q) => g * t[q]!),
        want.grad_log_t!,
      ),
    ).toBeLessThan(1e-8);
  });

  test.each(table)("%s, %s form, on a tape in float32: 1e-4", (_, form, { d, t, k, c }, want) => {
    const tape = createTape();
    const distances = tape.parameter([d.length, d[0]!.length], d.flat());
    const heat = tape.parameter([t.length], t);
    const weights = tape.step(() => {
      const w = relaxNeighbors(distances, heat, { k, form });
      if (c !== undefined) tape.backward(sum(mul(w, tape.tensor(flat(c), w.shape))));
      return w.values();
    });
    expect(error(weights, flat(want.w))).toBeLessThan(1e-4);
    if (want.grad_d === undefined) return;
    expect(error(distances.gradient(), want.grad_d.flat())).toBeLessThan(1e-4);
    expect(error(heat.gradient(), want.grad_t!)).toBeLessThan(1e-4);
    tape.dispose();
  });
});

const draw = (n: number, seed: number): number[] => {
  const rng = createRng(seed, "distances");
  return Array.from({ length: n }, () => 3 * rng.next());
};
const rowOf = (weights: Float64Array, step: number, n: number): number[] => [
  ...weights.subarray(step * n, (step + 1) * n),
];

describe("limits", () => {
  test("alpha form: the colder, the nearer to hard k-NN, up to equality", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 20 }), fc.nat(), (n, seed) => {
        const d = draw(n, seed);
        const k = Math.min(n - 1, 5);
        const hard = relaxedNeighbors(d, { k, form: "hard" }).weights;
        const order = [...d.keys()].sort((i, j) => d[i]! - d[j]!).slice(0, k);
        order.forEach((i, step) => {
          expect(hard[step * n + i]).toBe(1);
        });
        const cold = relaxedNeighbors(d, { k, t: 1e-7 }).weights;
        const gaps = order.slice(1).map((i, step) => d[i]! - d[order[step]!]!);
        if (Math.min(...gaps, 1) > 1e-4) expect(error(cold, [...hard])).toBeLessThan(1e-12);
      }),
    );
  });

  test("logit form: the second step stays at one half each on the two nearest", () => {
    const d = [0, 0.5, 1, 1.5, 2];
    const logit = relaxedNeighbors(d, { k: 2, t: 0.1, form: "logit" }).weights;
    expect(rowOf(logit, 1, 5).map((w) => +w.toFixed(3))).toEqual([0.5, 0.497, 0.003, 0, 0]);
    const alpha = relaxedNeighbors(d, { k: 2, t: 0.1 }).weights;
    expect(rowOf(alpha, 1, 5).map((w) => +w.toFixed(3))).toEqual([0, 0.993, 0.007, 0, 0]);
    for (const t of [1e-2, 1e-3, 1e-5, 1e-8]) {
      const cold = rowOf(relaxedNeighbors(d, { k: 2, t, form: "logit" }).weights, 1, 5);
      expect(error(cold, [0.5, 0.5, 0, 0, 0])).toBeLessThan(1e-12);
    }
  });

  test("hot: all weights are equal", () => {
    for (const form of forms) {
      const { weights } = relaxedNeighbors(draw(6, 1), { k: 3, t: 1e12, form });
      expect(error(weights, Array(18).fill(1 / 6))).toBeLessThan(1e-9);
    }
  });

  test("at t = 1 the forms agree; one step is softmax of −d / t", () => {
    const d = draw(9, 4);
    const [a, b] = forms.map((form) => relaxedNeighbors(d, { k: 4, form }).weights);
    expect(error(a!, [...b!])).toBeLessThan(1e-14);
    const e = d.map((x) => Math.exp(-x / 0.3));
    const total = e.reduce((x, y) => x + y);
    expect(
      error(
        relaxedNeighbors(d, { t: 0.3 }).weights,
        e.map((x) => x / total),
      ),
    ).toBeLessThan(1e-14);
  });
});

describe("laws", () => {
  const inputs = [
    fc.array(fc.constantFrom(0, 0.1, 0.5, 1, 3), { minLength: 1, maxLength: 9 }),
    fc.integer({ min: 1, max: 6 }),
    fc.double({ min: 0.05, max: 5, noNaN: true }),
    fc.constantFrom(...forms),
  ] as const;

  test("steps sum to 1, equal distances have equal weights, a shift of all distances changes nothing", () => {
    fc.assert(
      fc.property(...inputs, (d, k, t, form) => {
        const { weights } = relaxedNeighbors(d, { k, t, form });
        const shifted = relaxedNeighbors(
          d.map((x) => x + 8),
          { k, t, form },
        ).weights;
        for (let step = 0; step < k; step++) {
          const row = rowOf(weights, step, d.length);
          expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
          d.forEach((x, i) => {
            expect(Math.abs(row[i]! - row[d.indexOf(x)]!)).toBeLessThan(1e-9);
          });
          // Once every candidate has been taken, roundings decide among what is left.
          if (step < d.length - 1) expect(error(rowOf(shifted, step, d.length), row)).toBeLessThan(1e-6);
        }
      }),
    );
  });

  test("candidates in another order have their weights and gradients in that order", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 9 }), fc.constantFrom(...forms), fc.nat(), (n, form, seed) => {
        const d = draw(n, seed);
        const rng = createRng(seed, "order");
        const order = [...d.keys()].map((i) => [rng.next(), i] as const).sort((a, b) => a[0] - b[0]);
        const moved = order.map(([, i]) => d[i]!);
        const options = { k: Math.min(3, n - 1), t: 0.4, form };
        const w = relaxedNeighbors(d, options).weights;
        const g = relaxedNeighborsGradient(d, w, options);
        const wMoved = relaxedNeighbors(moved, options).weights;
        const gMoved = relaxedNeighborsGradient(moved, wMoved, options);
        order.forEach(([, i], at) => {
          for (let step = 0; step < options.k; step++) {
            expect(wMoved[step * n + at]).toBeCloseTo(w[step * n + i]!, 10);
          }
          expect(gMoved.distances[at]).toBeCloseTo(g.distances[i]!, 8);
        });
        expect(gMoved.t[0]).toBeCloseTo(g.t[0]!, 8);
      }),
    );
  });

  test("gradients are those of central differences, with a shared temperature, too", () => {
    for (const form of forms) {
      for (const shared of [false, true]) {
        const check = checkGradients(
          [
            { shape: [3, 6], values: draw(18, 7) },
            { shape: [shared ? 1 : 3], values: shared ? [0.7] : [0.4, 0.8, 1.5] },
          ],
          (tape, d, t) => {
            const w = relaxNeighbors(d!, t!, { k: 3, form });
            return sum(mul(w, tape.tensor(draw(w.size, 8), w.shape)));
          },
        );
        expect(check.error).toBeLessThan(1e-6);
      }
    }
  });
});

describe("extremes", () => {
  const rows: readonly (readonly [string, number[]])[] = [
    ["one candidate", [2]],
    ["all equal", [1, 1, 1, 1]],
    ["huge gaps", [0, 1e30, 1e250]],
    ["tiny gaps", [1, 1 + 1e-15, 1 + 2e-15]],
    ["masked", [Infinity, 1, Infinity, 2]],
    ["one that is not masked", [Infinity, 5]],
    ["all masked", [Infinity, Infinity]],
    ["negative", [-1e8, 0, 1e8]],
  ];
  const heats = [1e-300, 1e-30, 1e-5, 1, 1e5, 1e300];

  test.each(rows)("%s: weights are never NaN and sum to 1 or 0, gradients are finite", (_, d) => {
    for (const t of heats) {
      for (const form of forms) {
        const { weights } = relaxedNeighbors(d, { k: 7, t, form });
        const gradient = relaxedNeighborsGradient(d, draw(7 * d.length, 3), { k: 7, t, form });
        const some = d.some((x) => x < Infinity);
        for (let step = 0; step < 7; step++) {
          const total = rowOf(weights, step, d.length).reduce((a, b) => a + b);
          expect(Math.abs(total - (some ? 1 : 0))).toBeLessThan(1e-12);
        }
        d.forEach((x, i) => {
          if (x === Infinity) for (let s = 0; s < 7; s++) expect(weights[s * d.length + i]).toBe(0);
        });
        for (const g of [...gradient.distances, ...gradient.t]) expect(Number.isFinite(g)).toBe(true);
      }
    }
  });

  test.each(rows)("%s, in float32", (_, d) => {
    const tape = createTape();
    const small = d.map((x) => (x < Infinity ? Math.min(x, 1e38) : x));
    const given = tape.parameter([d.length], small);
    for (const t of [1e-38, 1e-5, 1, 1e5, 1e38]) {
      for (const form of forms) {
        tape.step(() => {
          const w = relaxNeighbors(given, t, { k: 7, form });
          tape.backward(sum(mul(w, tape.tensor(draw(w.size, 3), w.shape))));
          const values = Float64Array.from(w.values());
          for (let step = 0; step < 7; step++) {
            const total = rowOf(values, step, d.length).reduce((a, b) => a + b);
            expect(Math.abs(total - (d.some((x) => x < Infinity) ? 1 : 0))).toBeLessThan(1e-5);
          }
        });
        for (const g of given.gradient()) expect(Number.isFinite(g)).toBe(true);
      }
    }
    tape.dispose();
  });

  test("temperatures that left the range of numbers are its ends", () => {
    for (const precision of ["f32", "f64"] as const) {
      const tape = createTape({ precision });
      const [cold, hot] = [0, Infinity].map((t) =>
        tape.inference(() => {
          const d = tape.tensor([2, 1, 2, Infinity]);
          return [...relaxNeighbors(d, tape.tensor([t]), { k: 1 }).values()];
        }),
      );
      expect(cold).toEqual([0, 1, 0, 0]);
      expect(error(hot!, [1 / 3, 1 / 3, 1 / 3, 0])).toBeLessThan(1e-6);
      tape.dispose();
    }
  });

  test("bad input is refused by name", () => {
    const code = (act: () => unknown): string => {
      try {
        act();
      } catch (thrown) {
        return isVicinalError(thrown) ? thrown.code : String(thrown);
      }
      return "nothing thrown";
    };
    expect(code(() => relaxedNeighbors([1, Number.NaN]))).toBe("NOT_FINITE");
    expect(code(() => relaxedNeighbors([1, 2], { t: 0 }))).toBe("OPTION_RANGE");
    expect(code(() => relaxedNeighbors([1, 2], { t: [1, 2] }))).toBe("BAD_INPUT");
    expect(code(() => relaxedNeighbors([[1, 2], [3]]))).toBe("BAD_INPUT");
    expect(code(() => relaxedNeighbors([1, 2], { k: 0 }))).toBe("BAD_K");
    expect(code(() => relaxedNeighbors([1, 2], { form: "soft" as never }))).toBe("OPTION_RANGE");
    expect(code(() => relaxedNeighborsGradient([1], [1], { form: "hard" }))).toBe("UNSUPPORTED");
    expect(code(() => relaxedNeighborsGradient([1], [1, 2]))).toBe("BAD_INPUT");
  });
});
