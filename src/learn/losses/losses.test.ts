import { describe, expect, test } from "vitest";
import { differentiated, type Rows } from "../../../test/helpers/differentiated.ts";
import { checkGradients, createTape, type Tensor } from "../../autodiff/index.ts";
import { createRng } from "../../core/index.ts";
import * as loss from "./index.ts";

const rng = createRng(3, "losses");
const normals = (n: number, d: number): Rows =>
  Array.from({ length: n }, () => Array.from({ length: d }, () => rng.normal()));

const LABELS = [0, 0, 1, 1, 2, 2, 0, 3];
const Z = normals(8, 3);
const W = normals(4, 3);
const OTHER = normals(8, 3);

const sumOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const meanOf = (values: readonly number[]): number => sumOf(values) / values.length;
const dot = (a: readonly number[], b: readonly number[]): number => sumOf(a.map((x, i) => x * b[i]!));
const cosine = (a: readonly number[], b: readonly number[]): number =>
  dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
const d2 = (a: readonly number[], b: readonly number[]): number => sumOf(a.map((x, i) => (x - b[i]!) ** 2));
const dist = (a: readonly number[], b: readonly number[]): number => Math.sqrt(d2(a, b));
const hinge = (x: number): number => Math.max(0, x);
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const partners = (i: number): number[] =>
  range(LABELS.length).filter((j) => j !== i && LABELS[j] === LABELS[i]);
const strangers = (i: number): number[] => range(LABELS.length).filter((j) => LABELS[j] !== LABELS[i]);
const paired = range(LABELS.length).filter((i) => partners(i).length > 0);
const unordered = (of: (i: number) => number[]): [number, number][] =>
  range(LABELS.length).flatMap((i) => of(i).flatMap((j): [number, number][] => (i < j ? [[i, j]] : [])));
const ordered = range(LABELS.length).flatMap((a) =>
  partners(a).flatMap((p) => strangers(a).map((n) => [a, p, n] as const)),
);
const softplus = (x: number): number => Math.log(1 + Math.exp(x));

/** Cross-entropy of class t among scores. */
const entropy = (scores: readonly number[], t: number): number =>
  Math.log(sumOf(scores.map(Math.exp))) - scores[t]!;

interface Case {
  /** Embeddings, and a second input: class vectors, or partners of the rows. */
  on(z: Tensor, other: Tensor): Tensor;
  naive(z: Rows, other: Rows): number;
  readonly second?: "classes" | "partners";
}

const CASES: Record<string, Case> = {
  "contrastive, squared": {
    on: (z) => loss.contrastive(z, LABELS, { margin: 3 }),
    naive: (z) =>
      meanOf([
        ...unordered(partners).map(([i, j]) => d2(z[i]!, z[j]!)),
        ...unordered(strangers).map(([i, j]) => hinge(3 - d2(z[i]!, z[j]!))),
      ]),
  },
  "contrastive, both margins on plain distances": {
    on: (z) =>
      loss.contrastive(z, LABELS, { margin: 2, positiveMargin: 0.7, form: "hadsell", reduction: "sum" }),
    naive: (z) =>
      sumOf([
        ...unordered(partners).map(([i, j]) => hinge(dist(z[i]!, z[j]!) - 0.7) ** 2),
        ...unordered(strangers).map(([i, j]) => hinge(2 - dist(z[i]!, z[j]!)) ** 2),
      ]),
  },
  "triplet, plain distances": {
    on: (z) => loss.triplet(z, LABELS, { margin: 0.5, distance: "plain" }),
    naive: (z) => meanOf(ordered.map(([a, p, n]) => hinge(dist(z[a]!, z[p]!) - dist(z[a]!, z[n]!) + 0.5))),
  },
  "triplet, softplus": {
    on: (z) => loss.triplet(z, LABELS, { margin: 0, violation: "softplus" }),
    naive: (z) => meanOf(ordered.map(([a, p, n]) => softplus(d2(z[a]!, z[p]!) - d2(z[a]!, z[n]!)))),
  },
  "triplet, mean of violated": {
    on: (z) => loss.triplet(z, LABELS, { reduction: "meanActive" }),
    naive: (z) => {
      const terms = ordered.map(([a, p, n]) => hinge(d2(z[a]!, z[p]!) - d2(z[a]!, z[n]!) + 1));
      return meanOf(terms.filter((term) => term > 0));
    },
  },
  "N-pair with labels, scale and l2": {
    second: "partners",
    on: (a, b) => loss.nPair(a, b, { labels: LABELS, scale: 0.5, l2: 0.1 }),
    naive: (a, b) =>
      meanOf(
        a.map((row, i) =>
          Math.log(1 + sumOf(strangers(i).map((k) => Math.exp(0.5 * (dot(row, b[k]!) - dot(row, b[i]!)))))),
        ),
      ) +
      0.1 * (meanOf(a.map((row) => dot(row, row))) + meanOf(b.map((row) => dot(row, row)))),
  },
  "InfoNCE, symmetric": {
    second: "partners",
    on: (a, b) => loss.infoNce(a, b, { temperature: 0.3, symmetric: true }),
    naive: (a, b) =>
      0.5 *
      sumOf([
        meanOf(
          a.map((row, i) =>
            entropy(
              b.map((other) => cosine(row, other) / 0.3),
              i,
            ),
          ),
        ),
        meanOf(
          b.map((row, i) =>
            entropy(
              a.map((other) => cosine(row, other) / 0.3),
              i,
            ),
          ),
        ),
      ]),
  },
  "InfoNCE with labels": {
    second: "partners",
    on: (a, b) => loss.infoNce(a, b, { temperature: 0.5, labels: LABELS, reduction: "sum" }),
    naive: (a, b) =>
      sumOf(
        a.map((row, i) =>
          entropy(
            [i, ...strangers(i)].map((k) => cosine(row, b[k]!) / 0.5),
            0,
          ),
        ),
      ),
  },
  "NT-Xent": {
    second: "partners",
    on: (a, b) => loss.ntXent(a, b, { temperature: 0.4 }),
    naive: (a, b) => {
      const all = [...a, ...b];
      return meanOf(
        all.map((row, i) => {
          const others = range(all.length).filter((j) => j !== i);
          const partner = (i + a.length) % all.length;
          return entropy(
            others.map((j) => cosine(row, all[j]!) / 0.4),
            others.indexOf(partner),
          );
        }),
      );
    },
  },
  "NCA, sum of expected accuracies, scaled": {
    on: (z) => loss.ncaLoss(z, LABELS, { form: "expectedAccuracy", reduction: "sum", scale: 0.5 }),
    naive: (z) =>
      -sumOf(
        paired.map((i) => {
          const weight = (j: number): number => Math.exp(-0.5 * d2(z[i]!, z[j]!));
          const all = range(z.length).filter((j) => j !== i);
          return sumOf(partners(i).map(weight)) / sumOf(all.map(weight));
        }),
      ),
  },
  "supervised contrastive": {
    on: (z) => loss.supervisedContrastive(z, LABELS, { temperature: 0.3 }),
    naive: (z) =>
      meanOf(
        paired.map((i) => {
          const others = range(z.length).filter((j) => j !== i);
          const scores = others.map((j) => cosine(z[i]!, z[j]!) / 0.3);
          return meanOf(partners(i).map((p) => entropy(scores, others.indexOf(p))));
        }),
      ),
  },
  "proxy-NCA, unit": {
    second: "classes",
    on: (z, proxies) => loss.proxyNca(z, LABELS, proxies, { unit: true, scale: 3 }),
    naive: (z, proxies) =>
      meanOf(
        z.map((row, i) => {
          const scores = proxies.map((proxy) => -3 * (2 - 2 * cosine(row, proxy)));
          const others = scores.filter((_, c) => c !== LABELS[i]);
          return Math.log(sumOf(others.map(Math.exp))) - scores[LABELS[i]!]!;
        }),
      ),
  },
  "proxy softmax": {
    second: "classes",
    on: (z, proxies) => loss.proxySoftmax(z, LABELS, proxies),
    naive: (z, proxies) =>
      meanOf(
        z.map((row, i) =>
          entropy(
            proxies.map((proxy) => -d2(row, proxy)),
            LABELS[i]!,
          ),
        ),
      ),
  },
  "proxy anchor": {
    second: "classes",
    on: (z, proxies) => loss.proxyAnchor(z, LABELS, proxies, { scale: 4, margin: 0.2 }),
    naive: (z, proxies) => {
      const of = (sign: number, mine: boolean): number[] =>
        proxies.map((proxy, c) => {
          const rows = z.filter((_, i) => (LABELS[i] === c) === mine);
          return Math.log(1 + sumOf(rows.map((row) => Math.exp(4 * (sign * cosine(row, proxy) + 0.2)))));
        });
      return meanOf(of(-1, true)) + meanOf(of(1, false));
    },
  },
  centre: {
    second: "classes",
    on: (z, centres) => loss.centre(z, LABELS, centres),
    naive: (z, centres) => meanOf(z.map((row, i) => d2(row, centres[LABELS[i]!]!) / 2)),
  },
  ArcFace: {
    second: "classes",
    on: (z, weights) => loss.arcFace(z, LABELS, weights, { scale: 4, margin: 0.4 }),
    naive: (z, weights) =>
      meanOf(
        z.map((row, i) =>
          entropy(
            weights.map((w, c) => {
              const angle = Math.acos(cosine(row, w));
              if (c !== LABELS[i]) return 4 * Math.cos(angle);
              return (
                4 * (angle + 0.4 < Math.PI ? Math.cos(angle + 0.4) : Math.cos(angle) - 0.4 * Math.sin(0.4))
              );
            }),
            LABELS[i]!,
          ),
        ),
      ),
  },
  CosFace: {
    second: "classes",
    on: (z, weights) => loss.cosFace(z, LABELS, weights, { scale: 4 }),
    naive: (z, weights) =>
      meanOf(
        z.map((row, i) =>
          entropy(
            weights.map((w, c) => 4 * (cosine(row, w) - (c === LABELS[i] ? 0.35 : 0))),
            LABELS[i]!,
          ),
        ),
      ),
  },
  "normalised softmax": {
    second: "classes",
    on: (z, weights) => loss.normalisedSoftmax(z, LABELS, weights, { temperature: 0.2 }),
    naive: (z, weights) =>
      meanOf(
        z.map((row, i) =>
          entropy(
            weights.map((w) => cosine(row, w) / 0.2),
            LABELS[i]!,
          ),
        ),
      ),
  },
  "multi-similarity": {
    on: (z) => loss.multiSimilarity(z, LABELS, { beta: 10 }),
    naive: (z) =>
      meanOf(
        z.map((row, i) => {
          const pull = sumOf(partners(i).map((j) => Math.exp(-2 * (cosine(row, z[j]!) - 0.5))));
          const push = sumOf(strangers(i).map((j) => Math.exp(10 * (cosine(row, z[j]!) - 0.5))));
          return Math.log(1 + pull) / 2 + Math.log(1 + push) / 10;
        }),
      ),
  },
  "lifted structure": {
    on: (z) => loss.liftedStructure(z, LABELS),
    naive: (z) =>
      meanOf(
        unordered(partners).map(([i, j]) => {
          const push = (a: number): number =>
            sumOf(strangers(a).map((k) => Math.exp(1 - dist(z[a]!, z[k]!))));
          return hinge(Math.log(push(i) + push(j)) + dist(z[i]!, z[j]!)) ** 2 / 2;
        }),
      ),
  },
  margin: {
    on: (z) => loss.marginLoss(z, LABELS, { beta: 1.3 }),
    naive: (z) => {
      const terms = [
        ...unordered(partners).map(([i, j]) => hinge(0.2 + dist(z[i]!, z[j]!) - 1.3)),
        ...unordered(strangers).map(([i, j]) => hinge(0.2 + 1.3 - dist(z[i]!, z[j]!))),
      ].filter((term) => term > 0);
      return meanOf(terms);
    },
  },
  "cross-entropy with smoothing": {
    on: (z) => loss.crossEntropy(z, COLUMNS, { labelSmoothing: 0.1 }),
    naive: (z) =>
      meanOf(
        z.map((row, i) => 0.9 * entropy(row, COLUMNS[i]!) + 0.1 * meanOf(row.map((_, c) => entropy(row, c)))),
      ),
  },
  "binary cross-entropy": {
    on: (z) => loss.binaryCrossEntropy(z, SHARES.flat(), { positiveWeight: 2 }),
    naive: (z) =>
      meanOf(
        z.flatMap((row, i) =>
          row.map((x, c) => {
            const [p, t] = [1 / (1 + Math.exp(-x)), SHARES[i]![c]!];
            return -2 * t * Math.log(p) - (1 - t) * Math.log(1 - p);
          }),
        ),
      ),
  },
  "mean squared error": {
    second: "partners",
    on: (z, other) => loss.meanSquaredError(z, other),
    naive: (z, other) => meanOf(z.flatMap((row, i) => row.map((x, c) => (x - other[i]![c]!) ** 2))),
  },
  Huber: {
    second: "partners",
    on: (z, other) => loss.huber(z, other, { delta: 0.6, reduction: "sum" }),
    naive: (z, other) =>
      sumOf(
        z.flatMap((row, i) =>
          row.map((x, c) => {
            const e = Math.abs(x - other[i]![c]!);
            return e <= 0.6 ? e * e * 0.5 : 0.6 * (e - 0.3);
          }),
        ),
      ),
  },
};

const COLUMNS = [0, 1, 2, 2, 1, 0, 0, 1];
const SHARES = Z.map((_, i) => range(3).map((c) => ((i + c) % 5) / 4));

const secondOf = ({ second }: Case): Rows => (second === "classes" ? W : OTHER);

describe.each(Object.entries(CASES))("%s", (_name, each) => {
  const other = secondOf(each);
  test("is what loops over the definition give", () => {
    const { value } = differentiated(each.on, Z, other, "f64");
    expect(value).not.toBe(0);
    expect(value).toBeCloseTo(each.naive(Z, other), 10);
  });
  test("has the gradient of central differences", () => {
    const inputs = [Z, other].map((rows) => ({ shape: [rows.length, 3], values: rows.flat() }));
    const check = checkGradients(inputs, (_, z, second) => each.on(z!, second!));
    expect(check.error, JSON.stringify(check)).toBeLessThan(1e-7);
  });
  test("is the same in float32 to 1e-4", () => {
    const [exact, single] = [
      differentiated(each.on, Z, other, "f64"),
      differentiated(each.on, Z, other, "f32"),
    ];
    expect(Math.abs(single.value - exact.value)).toBeLessThan(1e-4 * Math.max(1, Math.abs(exact.value)));
    for (const [i, slope] of exact.gradient.entries())
      expect(Math.abs(single.gradient[i]! - slope)).toBeLessThan(1e-4 * Math.max(1, Math.abs(slope)));
  });
});

describe("circle loss", () => {
  const options = { margin: 0.3, gamma: 8 };
  const weights = (s: number): [number, number] => [hinge(1.3 - s), hinge(s + 0.3)];
  const naive = (z: Rows, at: Rows): number =>
    meanOf(
      paired.map((i) => {
        const pull = partners(i).map((j) => {
          const [weight] = weights(cosine(at[i]!, at[j]!));
          return Math.exp(-8 * weight * (cosine(z[i]!, z[j]!) - 0.7));
        });
        const push = strangers(i).map((j) => {
          const [, weight] = weights(cosine(at[i]!, at[j]!));
          return Math.exp(8 * weight * (cosine(z[i]!, z[j]!) - 0.3));
        });
        return Math.log(1 + sumOf(pull) * sumOf(push));
      }),
    );
  const on = (z: Tensor): Tensor => loss.circle(z, LABELS, options);

  test("is what loops over the definition give, with the slope of central differences at fixed weights", () => {
    const { value, gradient } = differentiated(on, Z, OTHER, "f64");
    expect(value).toBeCloseTo(naive(Z, Z), 10);
    for (const [at, slope] of gradient.slice(0, Z.length * 3).entries()) {
      const moved = (h: number): Rows => Z.map((row, i) => row.map((x, c) => (i * 3 + c === at ? x + h : x)));
      expect(slope).toBeCloseTo((naive(moved(1e-5), Z) - naive(moved(-1e-5), Z)) / 2e-5, 6);
    }
  });
});

describe("CLIP", () => {
  const at = (logScale: number, direction = 1) => {
    const tape = createTape({ precision: "f64" });
    const put = (rows: Rows) => tape.parameter([rows.length, 3], rows.flat());
    const [a, b] = [put(Z), put(Z.map((row) => row.map((x) => direction * x)))];
    const scale = tape.parameter([], [logScale]);
    const value = tape.step(() => {
      const out = loss.clip(a, b, scale);
      tape.backward(out);
      return out.item();
    });
    return { value, slope: scale.gradient()[0]! };
  };
  test("starts at a temperature of 0.07", () => {
    const tape = createTape();
    expect(loss.clipLogScale(tape).values()[0]).toBeCloseTo(Math.log(1 / 0.07), 5);
  });
  test("a scale beyond 100 counts as 100, and can only be lowered", () => {
    expect(at(9).value).toBe(at(Math.log(100)).value);
    expect(at(9, 1).slope).toBe(0);
    expect(at(9, -1).slope).toBeGreaterThan(0);
  });
});
