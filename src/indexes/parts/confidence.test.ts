import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRng, isVicinalError, type Rng } from "../../core/index.ts";
import { recallInterval, studentQuantile } from "./confidence.ts";

/** Hits among k, each with probability p. */
function binomial(rng: Rng, k: number, p: number): number {
  let hits = 0;
  for (let i = 0; i < k; i++) if (rng.next() < p) hits++;
  return hits;
}

interface World {
  mean: number;
  /** A query's chance of finding each neighbour. */
  chance(rng: Rng): number;
}

/** u^(1/a) has the beta distribution with parameters a and 1, of mean a / (a + 1). */
const spread = (a: number): World => ({ mean: a / (a + 1), chance: (rng) => rng.next() ** (1 / a) });
const hopeless = (share: number, other: number): World => ({
  mean: (1 - share) * other,
  chance: (rng) => (rng.next() < share ? 0 : other),
});
const worlds: Record<string, World> = {
  "spread widely about 0.5": spread(1),
  "spread about 0.95": spread(19),
  "spread about 0.99": spread(99),
  "the same 0.95 for all": { mean: 0.95, chance: () => 0.95 },
  "1 % hopeless, else perfect": hopeless(0.01, 1),
  "5 % hopeless, else 0.99": hopeless(0.05, 0.99),
};

describe("recallInterval", () => {
  for (const [name, world] of Object.entries(worlds)) {
    test(`covers the true mean in 92 to 99 % of samples of 200: ${name}`, () => {
      for (const k of [1, 10]) {
        const rng = createRng(7, `coverage ${name} ${k}`);
        const samples = 1500;
        let covered = 0;
        let tooHigh = 0;
        for (let s = 0; s < samples; s++) {
          const recalls = Float64Array.from({ length: 200 }, () => binomial(rng, k, world.chance(rng)) / k);
          const { low, high } = recallInterval(recalls, k);
          if (low <= world.mean && world.mean <= high) covered++;
          if (low > world.mean) tooHigh++;
        }
        expect(covered / samples, `k = ${k}`).toBeGreaterThan(0.92);
        expect(covered / samples, `k = ${k}`).toBeLessThan(0.99);
        expect(tooHigh / samples, `promises too much, k = ${k}`).toBeLessThan(0.05);
      }
    });
  }

  test("low <= mean <= high within 0 … 1, for any recalls", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 10 }), { minLength: 1, maxLength: 300 }),
        fc.integer({ min: 1, max: 100 }),
        (hits, k) => {
          const recalls = hits.map((h) => h / 10);
          const { mean, low, high } = recallInterval(recalls, k);
          expect(mean).toBeCloseTo(recalls.reduce((a, b) => a + b, 0) / recalls.length, 12);
          expect(0 <= low && low <= mean && mean <= high && high <= 1).toBe(true);
          expect(high - low).toBeGreaterThan(0);
        },
      ),
    );
  });

  test("is Wilson's interval of n trials when all recalls are perfect", () => {
    const n = 200;
    const t = studentQuantile(n - 1);
    const { mean, low, high } = recallInterval(new Float64Array(n).fill(1), 10);
    expect([mean, high]).toEqual([1, 1]);
    expect(low).toBeCloseTo(n / (n + t * t), 12);
  });

  test("narrows with the square root of the sample", () => {
    const rng = createRng(3, "narrow");
    const recalls = Array.from({ length: 6400 }, () => binomial(rng, 10, 0.9) / 10);
    const width = (n: number): number => {
      const { low, high } = recallInterval(recalls.slice(0, n), 10);
      return high - low;
    };
    expect(width(400) / width(6400)).toBeGreaterThan(3.5);
    expect(width(400) / width(6400)).toBeLessThan(4.6);
  });

  test("refuses no recalls and what is no recall", () => {
    for (const bad of [[], [Number.NaN], [1.01], [-0.1], [0.5, undefined as never]]) {
      let code: string | undefined;
      try {
        recallInterval(bad, 10);
      } catch (error) {
        code = isVicinalError(error) ? error.code : "not typed";
      }
      expect(code).toBe("BAD_INPUT");
    }
  });
});

test("Student's quantiles are those of the distribution", () => {
  // scipy.stats.t.ppf(0.975, df)
  const known = { 1: 12.7062047, 5: 2.5705818, 10: 2.2281389, 11: 2.2009852, 30: 2.0422725, 199: 1.9719565 };
  for (const [degrees, want] of Object.entries(known)) {
    expect(Math.abs(studentQuantile(Number(degrees)) - want)).toBeLessThan(6e-6);
  }
});
