import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isVicinalError, METRICS, matrix } from "../core/index.ts";
import { createRng } from "../core/rng.ts";
import { distance, EARTH_RADIUS_M, METRIC_TRAITS, mahalanobis, type Vector } from "./index.ts";

/** Metrics of any number of components, without numbers of their own. */
const PLAIN = METRICS.filter((metric) => metric !== "haversine" && metric !== "mahalanobis");

const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return isVicinalError(error) ? error.code : String(error);
  }
  return "nothing thrown";
};

const near = (got: number, want: number, rtol = 1e-12, atol = 1e-12): void => {
  expect(Math.abs(got - want)).toBeLessThanOrEqual(atol + rtol * Math.abs(want));
};

describe("distance", () => {
  test("gives the values worked out by hand", () => {
    const [a, b] = [
      [1, 2, -2],
      [4, -2, -2],
    ];
    expect(distance("l2", a, b)).toBe(5);
    expect(distance("l2sq", a, b)).toBe(25);
    expect(distance("l1", a, b)).toBe(7);
    expect(distance("linf", a, b)).toBe(4);
    expect(distance("ip", a, b)).toBe(-4);
    near(distance("cosine", a, b), 1 - 4 / (3 * Math.sqrt(24)));
    expect(distance("cosine", [1, 0], [-3, 0])).toBe(2);
    expect(distance("cosine", [1, 0], [0, 2])).toBe(1);
    expect(distance("hamming", Uint8Array.of(0xff, 0x01), Uint8Array.of(0x0f, 0x03))).toBe(5);
    expect(Object.is(distance("ip", [0, 1], [1, 0]), 0)).toBe(true);
    expect(distance("euclidean" as "l2", a, b)).toBe(5);
  });

  test("reads half floats from a Uint16Array", () => {
    expect(distance("l1", Uint16Array.of(0x3c00, 0xc000), [0, 0])).toBe(3);
  });

  test("cosine neither overflows nor vanishes for extreme lengths, and stays within 0 … 2", () => {
    near(distance("cosine", [1e200, 1e200], [1e-200, 0]), 1 - Math.SQRT1_2);
    near(distance("cosine", [5e-324, 0], [5e-324, 5e-324]), 1 - Math.SQRT1_2);
    const vector = fc.array(fc.double({ min: -1e30, max: 1e30, noNaN: true }), {
      minLength: 3,
      maxLength: 3,
    });
    const nonzero = vector.filter((v) => v.some((x) => x !== 0));
    fc.assert(
      fc.property(nonzero, nonzero, (a, b) => {
        const d = distance("cosine", a, b);
        expect(d).toBeGreaterThanOrEqual(0);
        expect(d).toBeLessThanOrEqual(2);
        near(distance("cosine", b, a), d);
        near(distance("cosine", a, a), 0, 0, 1e-15);
      }),
    );
  });

  test("exactly the metrics declared true obey the triangle inequality", () => {
    const rng = createRng(3, "triangle");
    for (const metric of PLAIN) {
      let broken = false;
      for (let trial = 0; trial < 3000 && !broken; trial++) {
        const draw = (): Vector =>
          metric === "hamming"
            ? Uint8Array.from({ length: 3 }, () => rng.below(256))
            : Array.from({ length: 3 }, () => rng.below(9) - 3.5);
        const [a, b, c] = [draw(), draw(), draw()];
        broken = distance(metric, a, c) > distance(metric, a, b) + distance(metric, b, c) + 1e-12;
      }
      expect([metric, broken]).toEqual([metric, !METRIC_TRAITS[metric].trueMetric]);
    }
  });

  test("needsUnitNorm marks exactly the metrics that refuse zero vectors", () => {
    for (const metric of PLAIN) {
      const zero = metric === "hamming" ? new Uint8Array(2) : [0, 0];
      const code = codeOf(() => distance(metric, zero, zero));
      expect(code === "ZERO_VECTOR").toBe(METRIC_TRAITS[metric].needsUnitNorm);
      expect(METRIC_TRAITS[metric].supports.length).toBeGreaterThan(0);
    }
  });

  test("refuses what has no distance, by code", () => {
    expect(codeOf(() => distance("nope" as "l2", [1], [1]))).toBe("METRIC_UNKNOWN");
    expect(codeOf(() => distance("l2", [1, 2], [1]))).toBe("DIM_MISMATCH");
    expect(codeOf(() => distance("l2", [1, Number.NaN], [1, 2]))).toBe("NOT_FINITE");
    expect(codeOf(() => distance("l1", [1], ["1" as unknown as number]))).toBe("NOT_FINITE");
    expect(codeOf(() => distance("l1", [], []))).toBe("BAD_INPUT");
    expect(codeOf(() => distance("l1", undefined as unknown as Vector, [1]))).toBe("BAD_INPUT");
    expect(codeOf(() => distance("cosine", [1, 1], [0, 0]))).toBe("ZERO_VECTOR");
    expect(codeOf(() => distance("hamming", [1], [1]))).toBe("BAD_INPUT");
    expect(codeOf(() => distance("haversine", [91, 0], [0, 0]))).toBe("OPTION_RANGE");
    expect(codeOf(() => distance("haversine", [1, 2, 3], [1, 2, 3]))).toBe("DIM_MISMATCH");
  });
});

describe("haversine", () => {
  test("a quarter, a half and a degree of the Earth's girth", () => {
    const girth = 2 * Math.PI * EARTH_RADIUS_M;
    near(distance("haversine", [0, 0], [90, 123]), girth / 4);
    near(distance("haversine", [0, -90], [0, 90]), girth / 2);
    near(distance("haversine", [0, 179.5], [0, -179.5]), girth / 360);
    near(distance("haversine", [60, 0], [60, 180]), girth / 6);
    expect(distance("haversine", [12, 34], [12, 34])).toBe(0);
  });

  test("equals the angle between the points' vectors", () => {
    const point = fc.tuple(
      fc.double({ min: -90, max: 90, noNaN: true }),
      fc.integer({ min: -180, max: 180 }),
    );
    const unit = ([lat, lon]: readonly number[]): number[] => {
      const [phi, lambda] = [(lat! * Math.PI) / 180, (lon! * Math.PI) / 180];
      return [Math.cos(phi) * Math.cos(lambda), Math.cos(phi) * Math.sin(lambda), Math.sin(phi)];
    };
    fc.assert(
      fc.property(point, point, (a, b) => {
        const [u, v] = [unit(a), unit(b)];
        const cross = [0, 1, 2].map(
          (i) => u[(i + 1) % 3]! * v[(i + 2) % 3]! - u[(i + 2) % 3]! * v[(i + 1) % 3]!,
        );
        const angle = Math.atan2(Math.hypot(...cross), u[0]! * v[0]! + u[1]! * v[1]! + u[2]! * v[2]!);
        near(distance("haversine", a, b), angle * EARTH_RADIUS_M, 1e-9, 0.5);
      }),
    );
  });
});

describe("mahalanobis", () => {
  const d = 4;
  const draw = fc.nat().map((seed) => {
    const rng = createRng(seed, "mahalanobis");
    const vector = (): number[] => Array.from({ length: d }, () => rng.normal());
    return { factor: Array.from({ length: d }, vector), a: vector(), b: vector() };
  });
  const gram = (f: number[][]): number[][] =>
    f.map((_, i) => f.map((_, j) => f.reduce((sum, row) => sum + row[i]! * row[j]!, 0)));

  test("equals the quadratic form, and l2 after the transform", () => {
    fc.assert(
      fc.property(draw, ({ factor, a, b }) => {
        const m = gram(factor);
        const form = m.reduce(
          (sum, row, i) => sum + row.reduce((s, x, j) => s + (a[i]! - b[i]!) * x * (a[j]! - b[j]!), 0),
          0,
        );
        const { distance: far, transform } = mahalanobis(m);
        near(far(a, b), Math.sqrt(form), 1e-6, 1e-6);
        near(distance("l2", transform(a), transform(b)), far(a, b), 1e-9, 1e-9);
        const packed = mahalanobis(matrix(Float64Array.from(m.flat()), d));
        near(packed.distance(a, b), far(a, b));
      }),
    );
  });

  test("the identity gives l2, and a direction of weight zero does not count", () => {
    const identity = [
      [1, 0],
      [0, 1],
    ];
    expect(mahalanobis(identity).distance([1, 2], [4, 6])).toBe(5);
    const flat = [
      [0, 0],
      [0, 4],
    ];
    expect(mahalanobis(flat).distance([1, 2], [100, 5])).toBe(6);
    const slanted = [
      [1, 1],
      [1, 1],
    ];
    near(mahalanobis(slanted).distance([1, -1], [0, 0]), 0);
  });

  test("refuses matrices that define no distance", () => {
    const refused: [number[][], string][] = [
      [[[1, 2]], "BAD_INPUT"],
      [[], "BAD_INPUT"],
      [
        [
          [1, 2],
          [3, 1],
        ],
        "BAD_INPUT",
      ],
      [
        [
          [1, 2],
          [2, 1],
        ],
        "BAD_INPUT",
      ],
      [
        [
          [0, 1],
          [1, 0],
        ],
        "BAD_INPUT",
      ],
      [[[Number.NaN]], "NOT_FINITE"],
    ];
    for (const [m, code] of refused) expect(codeOf(() => mahalanobis(m))).toBe(code);
    expect(codeOf(() => mahalanobis([[1]]).distance([1, 2], [3, 4]))).toBe("DIM_MISMATCH");
  });
});
