import { createRng, isVicinalError, type Matrix, matrix, permutation, type Rng } from "../../core/index.ts";
import { loadDataset, readVectorFile } from "../../data/index.ts";
import { plotBars } from "../../evaluate/index.ts";
import { allNeighbors, create, explain } from "../../indexes/index.ts";
import { PCA } from "../../learn/index.ts";
import { mlpRecipe } from "../fashion/networks.ts";
import { learn } from "../learned.ts";
import { count } from "../numbers.ts";
import { floats, gather } from "../rows.ts";
import type { Claim, Part, PartOptions } from "./part.ts";

/** Dimensions that rows fill, found two ways, beside those that they have. */
interface Found {
  readonly name: string;
  /** Dimension that was planted; absent where nobody knows. */
  readonly planted?: number;
  readonly ambient: number;
  readonly rows: number;
  /** Levina and Bickel's estimate from 20 neighbours. */
  readonly mle: number;
  /** Facco's from two. */
  readonly twoNn: number;
}

export interface ManifoldOptions extends PartOptions {
  /** Data folder with Fashion-MNIST; the pictures are left out where it is missing. */
  readonly dataDir?: string | undefined;
  /** A file of vectors of a learned space, measured like the others. */
  readonly features?: string | undefined;
}

/** Intrinsic dimension: of planted manifolds, of pictures, of learned features. */
export async function manifolds(options: ManifoldOptions): Promise<Part> {
  const { seed, quick, onProgress } = options;
  const n = quick ? 1000 : 4000;
  const found: Found[] = [];
  const sets = planted(n, seed);
  for (const [i, { name, dimension, rows }] of sets.entries()) {
    onProgress?.({ phase: "intrinsic dimension", done: i, total: sets.length });
    found.push(await measure(name, rows, options, dimension));
  }
  const small = found.filter(({ planted: d }) => d! <= 5);
  const cubes = found.filter(({ name }) => name.startsWith("cube"));
  const claims: Claim[] = [
    {
      says: "The dimension of a planted manifold is found, whatever the room around it: within 15 % up to five dimensions.",
      measured: small
        .map((f) => `${f.name} ${f.mle.toFixed(2)} and ${f.twoNn.toFixed(2)} (${f.planted})`)
        .join("; "),
      holds: small.every((f) => near(f.mle, f.planted!, 0.15) && near(f.twoNn, f.planted!, 0.15)),
    },
    {
      says: "Higher dimensions are found too low: rows enough to be near each other there are not.",
      measured: cubes.map((f) => `${f.name} ${f.mle.toFixed(1)}`).join("; "),
      holds: cubes.every(
        (f, i) => i === 0 || f.mle / f.planted! < cubes[i - 1]!.mle / cubes[i - 1]!.planted!,
      ),
    },
  ];
  const pictures = await fashion(options);
  if (pictures !== undefined) claims.push(...fashionClaims(pictures));
  const features = options.features === undefined ? [] : [await fromFile(options.features, options)];
  const all = [...found, ...(pictures ?? []), ...features];
  return {
    name: "manifolds",
    title: "Intrinsic dimension: the manifold hypothesis",
    why: "Around a row of data that lie on a surface of m dimensions, the number of rows within r grows as r^m, however many numbers a row has. From the ratios of the distances to the nearest few that m can be read. What is hard for search is m, not the number of components.",
    claims,
    tables: [
      {
        caption:
          "MLE: Levina and Bickel from 20 neighbours, as explain() tells; TwoNN: Facco et al. from two",
        columns: ["data", "planted", "components", "rows", "MLE", "TwoNN"],
        rows: all.map((f) => [
          f.name,
          f.planted === undefined ? "?" : String(f.planted),
          count(f.ambient),
          count(f.rows),
          f.mle.toFixed(1),
          f.twoNn.toFixed(1),
        ]),
      },
    ],
    pictures: [
      {
        svg: plotBars(
          all.map((f) => ({
            label: f.name,
            values: [f.mle, f.twoNn, ...(f.planted === undefined ? [] : [f.planted])],
          })),
          {
            title: "Dimensions that the data fill",
            series: ["MLE", "TwoNN", "planted"],
            xTitle: "Intrinsic dimension",
            format: (v) => (v < 9.95 ? v.toFixed(1) : v.toFixed(0)),
          },
        ),
        caption:
          "Pictures fill few of their 784 dimensions; the same grey values without their places fill many.",
      },
    ],
    numbers: { found: all },
  };
}

const near = (got: number, want: number, share: number): boolean => Math.abs(got / want - 1) <= share;

async function measure(
  name: string,
  rows: Matrix,
  { seed, quick, signal }: PartOptions,
  dimension?: number,
): Promise<Found> {
  const sample = Math.min(rows.rows, quick ? 1000 : 4000);
  const drawn = gather(rows, [...permutation(rows.rows, createRng(seed, "sample")).subarray(0, sample)]);
  const { intrinsicDimension } = await explain(drawn, { metric: "l2", sample, seed, signal });
  return {
    name,
    ...(dimension === undefined ? {} : { planted: dimension }),
    ambient: rows.cols,
    rows: sample,
    mle: intrinsicDimension ?? Number.NaN,
    twoNn: await twoNearest(drawn),
  };
}

/**
 * Intrinsic dimension from the ratio of the distances to the second and the first neighbour, which is Pareto with the
 * dimension as its exponent; the largest tenth, where density changes most, is censored.
 *
 * @see Facco, d'Errico, Rodriguez & Laio, Scientific Reports 7 (2017)
 */
async function twoNearest(rows: Matrix): Promise<number> {
  const index = create<number>("Flat", { dimension: rows.cols, metric: "l2" });
  try {
    index.add(rows);
    const found = await allNeighbors(index, { k: 2 });
    const logs: number[] = [];
    for (let q = 0; q < found.queries; q++) {
      const { distances } = found.row(q);
      if (distances[0]! > 0) logs.push(Math.log(distances[1]! / distances[0]!));
    }
    logs.sort((a, b) => a - b);
    const kept = Math.floor(0.9 * logs.length);
    const sum = logs.slice(0, kept).reduce((a, b) => a + b, 0);
    return kept / (sum + (logs.length - kept) * logs[kept - 1]!);
  } finally {
    index.close();
  }
}

interface Planted {
  readonly name: string;
  readonly dimension: number;
  readonly rows: Matrix;
}

/** Manifolds of known dimension, turned into more dimensions by a random isometry. */
function planted(n: number, seed: number): Planted[] {
  const set = (name: string, dimension: number, ambient: number, point: (rng: Rng) => number[]): Planted => {
    const rng = createRng(seed, name);
    const points = Array.from({ length: n }, () => point(rng));
    return { name, dimension, rows: turned(points, ambient, rng) };
  };
  const normal = (d: number) => (rng: Rng) => Array.from({ length: d }, () => rng.normal());
  const even = (d: number) => (rng: Rng) => Array.from({ length: d }, () => rng.next());
  return [
    set("helix", 1, 20, (rng) => {
      const t = 12 * rng.next();
      return [Math.cos(t), Math.sin(t), t / 6];
    }),
    set("Swiss roll", 2, 50, (rng) => {
      const t = 4 + 10 * Math.sqrt(rng.next());
      return [(t * Math.cos(t)) / 5, (t * Math.sin(t)) / 5, 4 * rng.next()];
    }),
    set("torus", 2, 100, (rng) => {
      const [a, b] = [2 * Math.PI * rng.next(), 2 * Math.PI * rng.next()];
      return [Math.cos(a), Math.sin(a), Math.cos(b), Math.sin(b)];
    }),
    set("sphere of 4", 4, 100, (rng) => {
      const v = normal(5)(rng);
      const norm = Math.hypot(...v);
      return v.map((x) => x / norm);
    }),
    set("normal of 5", 5, 200, normal(5)),
    set("cube of 10", 10, 200, even(10)),
    set("cube of 20", 20, 200, even(20)),
    set("cube of 50", 50, 200, even(50)),
  ];
}

/** Points in a space of more dimensions, by vectors of length 1 that are at right angles to each other. */
function turned(points: readonly number[][], ambient: number, rng: Rng): Matrix {
  const d = points[0]!.length;
  const axes: number[][] = [];
  while (axes.length < d) {
    const v = Array.from({ length: ambient }, () => rng.normal());
    for (const axis of axes) {
      const along = axis.reduce((sum, x, i) => sum + x * v[i]!, 0);
      for (let i = 0; i < ambient; i++) v[i]! -= along * axis[i]!;
    }
    const norm = Math.hypot(...v);
    axes.push(v.map((x) => x / norm));
  }
  const data = new Float32Array(points.length * ambient);
  for (const [r, point] of points.entries()) {
    for (let i = 0; i < ambient; i++) {
      let sum = 0;
      for (let j = 0; j < d; j++) sum += point[j]! * axes[j]![i]!;
      data[r * ambient + i] = sum;
    }
  }
  return matrix(data, ambient);
}

/**
 * Fashion-MNIST as it is, after PCA, as a small network sees pictures that it did not learn from, and with each pixel
 * dealt out anew; undefined where it is not at hand.
 */
async function fashion(options: ManifoldOptions): Promise<Found[] | undefined> {
  const { dataDir, quick, signal, seed, onProgress } = options;
  const limit = quick ? 4000 : 20_000;
  try {
    const { base, labels } = await loadDataset("fashion-mnist", { dataDir, limit, signal });
    onProgress?.({ phase: "intrinsic dimension of pictures", done: 0, total: 1 });
    const all = floats(base, limit);
    // The first are measured; the network learns from the others.
    const sample = Math.floor(all.rows / (quick ? 4 : 5));
    const rows = matrix(all.data.subarray(0, sample * all.cols), all.cols);
    const reduced = new PCA({ nComponents: 50, solver: "randomized", seed }).fit(rows).transform(rows);
    const others = matrix(all.data.subarray(sample * all.cols), all.cols);
    const recipe = mlpRecipe(others, quick ? 3 : 6);
    const network = await learn(recipe, others, labels!.subarray(sample), {
      ...{ seed, threads: 1 },
      ...(signal === undefined ? {} : { signal }),
    });
    try {
      const features = await network.features(rows);
      return [
        await measure("Fashion-MNIST pixels", rows, options),
        await measure("Fashion-MNIST, PCA to 50", floats(reduced, sample), options),
        await measure(`Fashion-MNIST, ${features.cols} learned`, features, options),
        await measure("pixels dealt out anew", dealtOut(rows, seed), options),
      ];
    } finally {
      network.close();
    }
  } catch (error) {
    if (isVicinalError(error, "DATASET_MISSING")) return undefined;
    throw error;
  }
}

/** The same values of each pixel, given to pictures at random: what is left without any dependence. */
function dealtOut({ data, rows, cols }: Matrix, seed: number): Matrix {
  const out = new Float32Array(rows * cols);
  for (let j = 0; j < cols; j++) {
    const order = permutation(rows, createRng(seed, `pixel ${j}`));
    for (let i = 0; i < rows; i++) out[i * cols + j] = data[order[i]! * cols + j]!;
  }
  return matrix(out, cols);
}

function fashionClaims([pixels, reduced, features, dealt]: readonly Found[]): Claim[] {
  return [
    {
      says: "Pictures lie near a manifold: their 784 pixels fill about ten dimensions, the same values dealt out anew many more.",
      measured: `${pixels!.mle.toFixed(1)} against ${dealt!.mle.toFixed(1)}`,
      holds: pixels!.mle < 25 && dealt!.mle > 3 * pixels!.mle,
    },
    {
      says: "PCA to 50 numbers keeps more than half of these dimensions: they are not mainly what it throws away.",
      measured: `${reduced!.mle.toFixed(1)} of ${pixels!.mle.toFixed(1)}`,
      holds: reduced!.mle > 0.5 * pixels!.mle && reduced!.mle <= 1.05 * pixels!.mle,
    },
    {
      says: "A space learned to tell the classes fills fewer dimensions than the pixels, on pictures it did not learn from.",
      measured: `${features!.mle.toFixed(1)} of ${features!.ambient} components, against ${pixels!.mle.toFixed(1)} of ${pixels!.ambient}`,
      holds: features!.mle < pixels!.mle,
    },
  ];
}

/** Features that a user has learned, from a file. */
async function fromFile(path: string, options: ManifoldOptions): Promise<Found> {
  const { data } = await readVectorFile(path, { as: "f32", signal: options.signal });
  const name = path.split(/[\\/]/).at(-1)!;
  return measure(name, floats(data, data.rows), options);
}
