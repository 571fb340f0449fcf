import { createRng, type Matrix, matrix } from "../../core/index.ts";
import { plotLines } from "../../evaluate/index.ts";
import { create } from "../../indexes/index.ts";
import {
  ballVolume,
  integral,
  interval,
  meanOf,
  type Part,
  type PartOptions,
  slopeOf,
  WIDE,
} from "./part.ts";

const N = 1000;
/** k of the curves drawn, and of the measured bias and variance. */
const SHOWN = [5, 40, 400];
const KS = [3, 5, 8, 12, 20, 30, 50, 80, 120, 200, 300, 450];

interface At {
  readonly k: number;
  readonly bias: number;
  readonly variance: number;
  readonly error: number;
}

/** A density found by growing a ball until it holds k rows: (k − 1) / (n · volume of the ball). */
export async function growingBall(options: PartOptions): Promise<Part> {
  const { seed, quick, signal, onProgress } = options;
  onProgress?.({ phase: "growing balls", done: 0, total: 1 });
  const flat = uniformBalls(seed, quick ? 4000 : 20_000);
  const sets = quick ? 200 : 1000;
  const hill: Record<string, At[]> = {};
  for (const d of [1, 2]) {
    signal?.throwIfAborted();
    hill[d] = atTheTop(d, sets, seed);
  }
  const line = hill[1]!;
  const best = line.reduce((a, b) => (b.error < a.error ? b : a));
  const slope = (d: number): number => {
    // Above, the ball is as wide as the hill.
    const far = hill[d]!.filter(({ k }) => k >= 50 && k <= 200);
    return slopeOf(
      far.map(({ k }) => Math.log(k)),
      far.map(({ bias }) => Math.log(bias ** 2)),
    );
  };
  return {
    name: "density",
    title: "Density by growing a ball",
    why: "A ball grown around a place until it holds k of n rows has about k/n of all chance inside; over its volume that is the density. The chance inside the ball is Beta(k, n − k + 1) whatever the density, so with k − 1 in place of k the estimate is right on average wherever the density is even, and its relative variance is 1/(k − 2). A large k averages noise away but reaches into places where the density is another.",
    claims: [
      {
        says: "Where the density is even, (k − 1)/(nV) is right on average.",
        measured: flat.map((f) => `k = ${f.k}: ${interval(f.mean, 3)}`).join("; "),
        holds: flat.every((f) => Math.abs(f.mean.mean - 1) <= WIDE * f.mean.se),
      },
      {
        says: "Its relative variance there is (k − 1)(n − 1)/(n(k − 2)) − 1, about 1/(k − 2).",
        measured: flat.map((f) => `k = ${f.k}: ${f.variance.toFixed(4)} (${f.theory.toFixed(4)})`).join("; "),
        holds: flat.every((f) => Math.abs(f.variance / f.theory - 1) < f.slack),
      },
      {
        says: "On a hill the bias grows and the variance falls with k; the error is lowest between.",
        measured: `top of a normal, n = ${N}: least error at k = ${best.k}`,
        holds: best.k > KS[0]! && best.k < KS.at(-1)! && falls(line.map((p) => p.variance)),
      },
      {
        says: "The squared bias grows as (k/n)^(4/d).",
        measured: `slope against log k: ${slope(1).toFixed(2)} for d = 1 (4), ${slope(2).toFixed(2)} for d = 2 (2)`,
        holds: Math.abs(slope(1) - 4) < 0.3 && Math.abs(slope(2) - 2) < 0.2,
      },
    ],
    tables: [
      {
        caption: `Top of a normal density in one dimension, n = ${N}, ${sets} sets; all relative to the true density`,
        columns: ["k", "bias", "variance", "mean squared error"],
        rows: line.map(({ k, bias, variance, error }) => [
          String(k),
          bias.toFixed(4),
          variance.toFixed(4),
          error.toFixed(4),
        ]),
      },
    ],
    pictures: [
      {
        svg: curves(seed),
        caption:
          "A small k is noisy, a large one blunt, with tails that are far too thick: they fall as 1/|x|.",
      },
      {
        svg: tradeOff(line, best.k),
        caption: "Squared bias and variance at the top of the hill; their sum is lowest between.",
      },
    ],
    numbers: { n: N, flat, hill },
  };
}

function falls(values: readonly number[]): boolean {
  return values.every((v, i) => i === 0 || v < values[i - 1]!);
}

/** Estimates in the middle of an even density on [−1, 1]², which has the value 1/4; relative to it. */
function uniformBalls(seed: number, sets: number) {
  const rng = createRng(seed, "even density");
  const ks = [6, 12, 30];
  const n = 200;
  const found = ks.map((): number[] => []);
  for (let s = 0; s < sets; s++) {
    const squares = new Float64Array(n);
    for (let i = 0; i < n; i++) squares[i] = (2 * rng.next() - 1) ** 2 + (2 * rng.next() - 1) ** 2;
    squares.sort();
    for (const [i, k] of ks.entries()) {
      found[i]!.push(((k - 1) / (n * Math.PI * squares[k - 1]!)) * 4);
    }
  }
  return ks.map((k, i) => {
    const mean = meanOf(found[i]!);
    const theory = ((k - 1) * (n - 1)) / (n * (k - 2)) - 1;
    // The smaller k, the more a few sets decide on the variance.
    return { k, mean, variance: mean.se ** 2 * sets, theory, slack: k < 10 ? 0.4 : 0.15 };
  });
}

/** Bias and variance, relative to the density, at the centre of a standard normal. */
function atTheTop(d: number, sets: number, seed: number): At[] {
  const rng = createRng(seed, `hill ${d}`);
  const truth = (2 * Math.PI) ** (-d / 2);
  const found = KS.map((): number[] => []);
  const excess = KS.map((): number[] => []);
  for (let s = 0; s < sets; s++) {
    const squares = new Float64Array(N);
    for (let i = 0; i < N; i++) for (let j = 0; j < d; j++) squares[i]! += rng.normal() ** 2;
    squares.sort();
    for (const [i, k] of KS.entries()) {
      const volume = ballVolume(d) * squares[k - 1]! ** (d / 2);
      const estimate = (k - 1) / (N * volume) / truth;
      found[i]!.push(estimate);
      // The same over the true chance of the ball is right on average, and takes most of the noise along.
      excess[i]!.push(estimate - (k - 1) / (N * chanceWithin(d, squares[k - 1]!)));
    }
  }
  return KS.map((k, i) => {
    const bias = meanOf(excess[i]!).mean;
    const variance = meanOf(found[i]!).se ** 2 * sets;
    return { k, bias, variance, error: bias ** 2 + variance };
  });
}

/** Chance of a standard normal of one or two dimensions within a ball, by the square of its radius. */
function chanceWithin(d: number, square: number): number {
  if (d === 2) return -Math.expm1(-square / 2);
  const density = (x: number): number => Math.exp(-(x * x) / 2) / Math.sqrt(2 * Math.PI);
  return 2 * integral(density, 0, Math.sqrt(square), 30);
}

/** Rows of half of each of two hills. */
function twoHills(seed: number): Matrix {
  const rng = createRng(seed, "two hills");
  return matrix(
    Float32Array.from({ length: N }, () =>
      rng.next() < 0.5 ? -1.5 + 0.5 * rng.normal() : 1.2 + rng.normal(),
    ),
    1,
  );
}

function curves(seed: number): string {
  const at = Array.from({ length: 401 }, (_, i) => -4.5 + (9 * i) / 400);
  const hill = (x: number, mean: number, spread: number): number =>
    Math.exp(-(((x - mean) / spread) ** 2) / 2) / (spread * Math.sqrt(2 * Math.PI));
  const index = create<number>("KDTree", { dimension: 1, metric: "l2" });
  index.add(twoHills(seed));
  const found = index.search(Float32Array.from(at), { k: Math.max(...SHOWN) });
  index.close();
  const series = SHOWN.map((k, color) => ({
    name: `k = ${k}`,
    color,
    plain: true,
    points: at.map((x, i) => ({ x, y: Math.min(0.8, (k - 1) / (N * 2 * found.row(i).distances[k - 1]!)) })),
  }));
  const truth = at.map((x) => ({ x, y: (hill(x, -1.5, 0.5) + hill(x, 1.2, 1)) / 2 }));
  return plotLines([...series, { name: "true density", law: true, color: 6, points: truth }], {
    title: "Two hills found by growing balls",
    subtitle: `${N} rows in one dimension; values above 0.8 are cut`,
    xTitle: "x",
    yTitle: "Density",
    xScale: "linear",
    yScale: "linear",
    yReach: [0],
    height: 460,
  });
}

function tradeOff(points: readonly At[], best: number): string {
  const line = (name: string, of: (p: At) => number, color: number) => ({
    name,
    color,
    points: points.filter((p) => of(p) > 1e-6).map((p) => ({ x: p.k, y: of(p) })),
  });
  return plotLines(
    [
      line("mean squared error", (p) => p.error, 0),
      line("variance", (p) => p.variance, 1),
      line("squared bias", (p) => p.bias ** 2, 2),
      { name: "1/(k − 2)", law: true, color: 1, points: KS.map((k) => ({ x: k, y: 1 / (k - 2) })) },
    ],
    {
      title: "Bias against variance over k",
      subtitle: `top of a normal density, n = ${N}; least error at k = ${best}`,
      xTitle: "k",
      yTitle: "Relative to the squared density",
      height: 460,
    },
  );
}
