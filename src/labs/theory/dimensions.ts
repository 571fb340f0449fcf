import { createRng, type Matrix, matrix, type Rng } from "../../core/index.ts";
import { plotLines } from "../../evaluate/index.ts";
import { create } from "../../indexes/index.ts";
import { interval, type Mean, meanOf, type Part, type PartOptions, slopeOf, WIDE } from "./part.ts";

const DIMENSIONS = [1, 2, 3, 4, 6, 8, 12, 16];
const SIZES = [32, 128, 512, 2048];
const MORE_SIZES = [...SIZES, 8192, 32_768];
const WIDTHS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
const CONE_SIZES = [100, 316, 1000, 3162, 10_000];
const CONE_DIMENSIONS = [1, 2, 3, 5];
const NOISE = 2;

interface Nearest {
  readonly d: number;
  readonly slope: Mean;
  readonly distances: readonly { readonly n: number; readonly mean: number }[];
}

interface Contrast {
  readonly d: number;
  readonly ratio: Mean;
}

interface Cone {
  readonly d: number;
  readonly points: readonly { readonly n: number; readonly k: number; readonly error: number }[];
  readonly errorSlope: number;
  readonly kSlope: number;
}

/** What many dimensions do to neighbours. */
export async function dimensions(options: PartOptions): Promise<Part> {
  const nearest = DIMENSIONS.map((d, i) => {
    options.onProgress?.({ phase: "nearest distances", done: i, total: DIMENSIONS.length });
    options.signal?.throwIfAborted();
    return nearestInBalls(d, options);
  });
  const contrast = WIDTHS.map((d, i) => {
    options.onProgress?.({ phase: "contrast", done: i, total: WIDTHS.length });
    options.signal?.throwIfAborted();
    return contrastIn(d, options);
  });
  const cones = CONE_DIMENSIONS.map((d, i) => {
    options.onProgress?.({ phase: "regression", done: i, total: CONE_DIMENSIONS.length });
    options.signal?.throwIfAborted();
    return coneIn(d, options);
  });
  const last = contrast.at(-1)!;
  const wide = contrast.filter(({ d }) => d >= 64);
  const contrastSlope = slopeOf(
    wide.map(({ d }) => Math.log(d)),
    wide.map(({ ratio }) => Math.log(ratio.mean - 1)),
  );
  return {
    name: "dimensions",
    title: "The curse of dimensionality",
    why: "n rows in d dimensions leave each about 1/n of the room, a ball of radius n^(−1/d): to halve the distance to the nearest takes 2^d times the rows. All distances grow alike, so that the farthest is hardly farther than the nearest, and a mean over k neighbours of a Lipschitz function errs by n^(−2/(2+d)) at best.",
    claims: [
      {
        says: "The distance to the nearest row falls as n^(−1/d).",
        measured: nearest
          .map(({ d, slope }) => `d = ${d}: ${interval(slope, 3)} (${(-1 / d).toFixed(3)})`)
          .join("; "),
        holds: nearest.every(({ d, slope }) => Math.abs(slope.mean + 1 / d) <= WIDE * slope.se),
      },
      {
        says: "The farthest row comes to be hardly farther than the nearest.",
        measured: `farthest / nearest: ${contrast
          .filter(({ d }) => [2, 16, 128, 1024].includes(d))
          .map(({ d, ratio }) => `${d}-d ${ratio.mean.toFixed(ratio.mean > 20 ? 0 : 2)}`)
          .join(", ")}`,
        holds:
          contrast.every(({ ratio }, i) => i === 0 || ratio.mean < contrast[i - 1]!.ratio.mean) &&
          last.ratio.mean < 1.3,
      },
      {
        says: "What is left of the contrast, farthest / nearest − 1, falls as d^(−1/2).",
        measured: `slope ${contrastSlope.toFixed(3)} from 64 dimensions on`,
        holds: Math.abs(contrastSlope + 0.5) < 0.1,
      },
      {
        says: "k-NN regression at the tip of a cone errs as n^(−2/(2+d)), each n with its best k.",
        measured: cones
          .map(({ d, errorSlope }) => `d = ${d}: ${errorSlope.toFixed(3)} (${(-2 / (2 + d)).toFixed(3)})`)
          .join("; "),
        holds: cones.every(({ d, errorSlope }) => Math.abs(errorSlope + 2 / (2 + d)) < 0.05),
      },
      {
        says: "That best k grows as n^(2/(2+d)).",
        measured: cones
          .map(({ d, kSlope }) => `d = ${d}: ${kSlope.toFixed(2)} (${(2 / (2 + d)).toFixed(2)})`)
          .join("; "),
        holds: cones.every(({ d, kSlope }) => Math.abs(kSlope - 2 / (2 + d)) < 0.12),
      },
    ],
    tables: [
      {
        caption: "Rows that halve the distance to the nearest, by the fitted slopes",
        columns: ["dimensions", "slope", "−1/d", "times the rows"],
        rows: nearest.map(({ d, slope }) => [
          String(d),
          slope.mean.toFixed(4),
          (-1 / d).toFixed(4),
          Math.round(2 ** (-1 / slope.mean)).toLocaleString("en-GB"),
        ]),
      },
    ],
    pictures: [
      {
        svg: nearestPicture(nearest),
        caption: "Mean distance from the centre of a ball to the nearest of n rows in it; dashed n^(−1/d).",
      },
      { svg: contrastPicture(contrast), caption: "Rows and queries even in a cube; 1,000 rows." },
      {
        svg: conePicture(cones),
        caption:
          "Mean squared error at the tip with the best k of each n; dashed n^(−2/(2+d)) through the last point.",
      },
    ],
    numbers: { nearest, contrast, contrastSlope, cones },
  };
}

/** A row drawn evenly from the ball of radius 1, by its distance from the centre alone. */
function radius(d: number, rng: Rng): number {
  return (1 - rng.next()) ** (1 / d);
}

/** n rows drawn evenly from the ball of radius 1. */
function ball(n: number, d: number, rng: Rng): Matrix {
  const data = new Float32Array(n * d);
  for (let i = 0; i < n; i++) {
    let norm = 0;
    for (let j = 0; j < d; j++) {
      const x = rng.normal();
      data[i * d + j] = x;
      norm += x * x;
    }
    const scale = radius(d, rng) / Math.sqrt(norm);
    for (let j = 0; j < d; j++) data[i * d + j]! *= scale;
  }
  return matrix(data, d);
}

function nearestInBalls(d: number, { seed, quick }: PartOptions): Nearest {
  const rng = createRng(seed, `nearest ${d}`);
  const sizes = quick ? SIZES : MORE_SIZES;
  const most = sizes.at(-1)!;
  const sets = 150;
  const centre = new Float32Array(d);
  const slopes: number[] = [];
  const sums = sizes.map(() => 0);
  for (let s = 0; s < sets; s++) {
    const rows = ball(most, d, rng);
    // The first n rows of one set are a set of n rows too.
    const distances = sizes.map((n) => nearestTo(centre, matrix(rows.data.subarray(0, n * d), d)));
    for (const [i, distance] of distances.entries()) sums[i]! += distance / sets;
    // The mean of the logarithm is that of 1/(n + ½), but for 1/(24 n²).
    slopes.push(
      slopeOf(
        sizes.map((n) => Math.log(n + 0.5)),
        distances.map(Math.log),
      ),
    );
  }
  return { d, slope: meanOf(slopes), distances: sums.map((mean, i) => ({ n: sizes[i]!, mean })) };
}

function nearestTo(centre: Float32Array, { data, rows, cols }: Matrix): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let j = 0; j < cols; j++) sum += (data[i * cols + j]! - centre[j]!) ** 2;
    if (sum < least) least = sum;
  }
  return Math.sqrt(least);
}

/** Farthest over nearest of 1,000 rows in a cube. */
function contrastIn(d: number, { seed, quick }: PartOptions): Contrast {
  const rng = createRng(seed, `contrast ${d}`);
  const n = 1000;
  const queries = quick ? 50 : 200;
  const even = (rows: number): Matrix =>
    matrix(
      Float32Array.from({ length: rows * d }, () => rng.next()),
      d,
    );
  const index = create<number>("Flat", { dimension: d, metric: "l2" });
  index.add(even(n));
  const found = index.search(even(queries), { k: n });
  index.close();
  const ratios = Array.from({ length: queries }, (_, q) => {
    const { distances } = found.row(q);
    return distances[n - 1]! / distances[0]!;
  });
  return { d, ratio: meanOf(ratios) };
}

/**
 * k-NN regression of f(x) = ‖x‖ at 0 from values with noise: the square of the mean of f over the neighbours is the
 * bias, the noise leaves NOISE² / k.
 */
function coneIn(d: number, { seed, quick }: PartOptions): Cone {
  const sets = quick ? 40 : 200;
  const most = 1500;
  const points = CONE_SIZES.map((n) => {
    const rng = createRng(seed, `cone ${d} ${n}`);
    const k = Math.min(n, most);
    const bias = new Float64Array(k);
    for (let s = 0; s < sets; s++) {
      const distances = Float64Array.from({ length: n }, () => radius(d, rng)).sort();
      let sum = 0;
      for (let i = 0; i < k; i++) {
        sum += distances[i]!;
        bias[i]! += (sum / (i + 1)) ** 2 / sets;
      }
    }
    const errors = bias.map((b, i) => b + NOISE ** 2 / (i + 1));
    const best = errors.indexOf(errors.reduce((a, b) => Math.min(a, b)));
    return { n, k: best + 1, error: errors[best]! };
  });
  const logs = points.map(({ n }) => Math.log(n));
  return {
    d,
    points,
    errorSlope: slopeOf(
      logs,
      points.map(({ error }) => Math.log(error)),
    ),
    kSlope: slopeOf(
      logs,
      points.map(({ k }) => Math.log(k)),
    ),
  };
}

function nearestPicture(nearest: readonly Nearest[]): string {
  const shown = nearest.filter(({ d }) => [1, 2, 4, 8, 16].includes(d));
  return plotLines(
    shown.flatMap(({ d, distances }, color) => {
      const last = distances.at(-1)!;
      const law = distances.map(({ n }) => ({ x: n, y: last.mean * (n / last.n) ** (-1 / d) }));
      return [
        { name: `d = ${d}`, color, points: distances.map(({ n, mean }) => ({ x: n, y: mean })) },
        { name: `n^(−1/${d})`, color, law: true, points: law },
      ];
    }),
    {
      title: "Distance to the nearest of n rows",
      subtitle: "rows even in a ball of radius 1",
      xTitle: "Rows n",
      yTitle: "Distance",
      height: 520,
    },
  );
}

function contrastPicture(contrast: readonly Contrast[]): string {
  const from = contrast.find(({ d }) => d === 64)!;
  const law = WIDTHS.filter((d) => d >= 8).map((x) => ({ x, y: (from.ratio.mean - 1) * Math.sqrt(64 / x) }));
  return plotLines(
    [
      {
        name: "farthest / nearest − 1",
        points: contrast.map(({ d, ratio }) => ({ x: d, y: ratio.mean - 1 })),
      },
      { name: "d^(−1/2)", law: true, color: 0, points: law },
    ],
    {
      title: "All rows become equally far",
      subtitle: "1,000 rows and the queries even in a cube",
      xTitle: "Dimensions d",
      yTitle: "Farthest / nearest − 1",
      height: 460,
    },
  );
}

function conePicture(cones: readonly Cone[]): string {
  return plotLines(
    cones.flatMap(({ d, points }, color) => {
      const last = points.at(-1)!;
      const law = CONE_SIZES.map((x) => ({ x, y: last.error * (x / last.n) ** (-2 / (2 + d)) }));
      return [
        { name: `d = ${d}`, color, points: points.map(({ n, error }) => ({ x: n, y: error })) },
        { name: `n^(−2/${2 + d})`, color, law: true, points: law },
      ];
    }),
    {
      title: "Error of k-NN regression",
      subtitle: `f(x) = ‖x‖ at its tip, noise of standard deviation ${NOISE}`,
      xTitle: "Rows n",
      yTitle: "Mean squared error",
      height: 460,
    },
  );
}
