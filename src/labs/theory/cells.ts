import { KNeighborsClassifier } from "../../apply/index.ts";
import { createRng, type Matrix, matrix, type Rng, row } from "../../core/index.ts";
import { plotRaster, type ScatterClass } from "../../evaluate/index.ts";
import { create } from "../../indexes/index.ts";
import type { Part, PartOptions } from "./part.ts";
import { draw, hills, type Sample } from "./problems.ts";

const SITES = 30;
/** Cells along each side of a picture. */
const GRID = 260;

type Place = readonly [x: number, y: number];
type Segment = readonly [Place, Place];

/** Voronoi cells, and the boundaries of classes made of them. */
export async function cells({ seed, quick, onProgress }: PartOptions): Promise<Part> {
  onProgress?.({ phase: "cells", done: 0, total: 1 });
  const rng = createRng(seed, "sites");
  const data = Float32Array.from({ length: 2 * SITES }, () => rng.next());
  const sites = matrix(data, 2);
  const labels = Int32Array.from({ length: SITES }, (_, i) => classAt(row(sites, i), rng));
  const trials = quick ? 2000 : 20_000;
  const edges = boundaryPlaces(sites, labels, trials, rng);
  const convex = convexity(sites, trials, rng);
  const same = agreement(sites, trials, rng);
  const worst = edges.reduce((a, b) => Math.max(a, b.offBisector), 0);
  const other = edges.reduce((a, b) => Math.max(a, b.notEquidistant), 0);
  const midpoints = edges.filter((e) => e.midpoint !== undefined);
  return {
    name: "cells",
    title: "Voronoi cells and linear boundaries",
    why: "All places nearer to one row than to any other are its Voronoi cell: an intersection of half-planes, so a convex polygon. 1-NN gives each cell the class of its row; where classes meet, the boundary runs along bisectors of two rows. It is linear piece by piece however curved it looks, and so it is for any k, whose cells are those of sets of k rows.",
    claims: [
      {
        says: "Every place on the boundary of 1-NN lies on the bisector of two rows of different classes.",
        measured: `${edges.length} places found by bisection: at most ${worst.toExponential(1)} off the bisector, distances at most ${other.toExponential(1)} apart`,
        holds: edges.length > trials / 20 && worst < 1e-9 && other < 1e-9 && edges.every((e) => e.differ),
      },
      {
        says: "Between two boundary places of the same two cells, the boundary is the straight line.",
        measured: `${midpoints.filter((e) => e.midpoint).length} of ${midpoints.length} midpoints are on it`,
        holds: midpoints.length > 50 && midpoints.every((e) => e.midpoint),
      },
      {
        says: "Cells are convex: a place between two of one cell is in that cell.",
        measured: `${convex.held} of ${convex.tried}`,
        holds: convex.tried > 20 && convex.held === convex.tried,
      },
      {
        says: "The library's search tells the same cell as the definition.",
        measured: `${same} of ${trials} places`,
        holds: same === trials,
      },
    ],
    tables: [],
    pictures: [
      { svg: cellPicture(sites), caption: `${SITES} rows and their cells.`, half: true },
      {
        svg: boundaryPicture(sites, labels),
        caption: "The same with classes: the boundary is made of bisectors.",
        half: true,
      },
      ...hillPictures(seed),
    ],
    numbers: { sites: SITES, places: edges.length, worst, convex, same, trials },
  };
}

/** A wavy border between two classes and a third in the corner, with some exceptions. */
function classAt(place: ArrayLike<number>, rng: Rng): number {
  const [x, y] = [place[0]!, place[1]!];
  if (rng.next() < 0.08) return rng.below(3);
  if (x > 0.6 && y < 0.4) return 2;
  return y > 0.5 + 0.2 * Math.sin(6 * x) ? 0 : 1;
}

function squared(sites: Matrix, i: number, [x, y]: Place): number {
  return (sites.data[2 * i]! - x) ** 2 + (sites.data[2 * i + 1]! - y) ** 2;
}

/** The two nearest rows, in float64. */
function nearestTwo(sites: Matrix, place: Place): [number, number] {
  let [a, b] = [-1, -1];
  let [da, db] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let i = 0; i < sites.rows; i++) {
    const d = squared(sites, i, place);
    if (d < da) [a, da, b, db] = [i, d, a, da];
    else if (d < db) [b, db] = [i, d];
  }
  return [a, b];
}

interface Edge {
  readonly offBisector: number;
  readonly notEquidistant: number;
  readonly differ: boolean;
  /** Whether the midpoint with the place found last between the same cells is on the boundary too. */
  readonly midpoint: boolean | undefined;
}

/** Halves segments between places of different classes until the boundary is found. */
function boundaryPlaces(sites: Matrix, labels: Int32Array, trials: number, rng: Rng): Edge[] {
  const edges: Edge[] = [];
  const lastOf = new Map<string, Place>();
  for (let t = 0; t < trials; t++) {
    let from: Place = [rng.next(), rng.next()];
    let to: Place = [rng.next(), rng.next()];
    const label = labels[nearestTwo(sites, from)[0]]!;
    if (labels[nearestTwo(sites, to)[0]] === label) continue;
    for (let i = 0; i < 60; i++) {
      const middle: Place = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
      if (labels[nearestTwo(sites, middle)[0]] === label) from = middle;
      else to = middle;
    }
    const [a, b] = nearestTwo(sites, from);
    const pair = a < b ? `${a} ${b}` : `${b} ${a}`;
    const last = lastOf.get(pair);
    const between: Place | undefined = last && [(from[0] + last[0]) / 2, (from[1] + last[1]) / 2];
    lastOf.set(pair, from);
    edges.push({
      offBisector: Math.abs(offBisector(sites, a, b, from)),
      notEquidistant: Math.sqrt(squared(sites, b, from)) - Math.sqrt(squared(sites, a, from)),
      differ: labels[a] !== labels[b],
      midpoint: between && isOnEdge(sites, a, b, between),
    });
  }
  return edges;
}

/** Distance of a place from the bisector of two rows. */
function offBisector(sites: Matrix, a: number, b: number, [x, y]: Place): number {
  const [ax, ay, bx, by] = [
    sites.data[2 * a]!,
    sites.data[2 * a + 1]!,
    sites.data[2 * b]!,
    sites.data[2 * b + 1]!,
  ];
  const [dx, dy] = [bx - ax, by - ay];
  return ((x - (ax + bx) / 2) * dx + (y - (ay + by) / 2) * dy) / Math.hypot(dx, dy);
}

function isOnEdge(sites: Matrix, a: number, b: number, place: Place): boolean {
  const two = nearestTwo(sites, place);
  return two.includes(a) && two.includes(b) && Math.abs(offBisector(sites, a, b, place)) < 1e-9;
}

function convexity(sites: Matrix, trials: number, rng: Rng): { tried: number; held: number } {
  let tried = 0;
  let held = 0;
  for (let t = 0; t < trials; t++) {
    const a: Place = [rng.next(), rng.next()];
    const b: Place = [rng.next(), rng.next()];
    const cell = nearestTwo(sites, a)[0];
    if (nearestTwo(sites, b)[0] !== cell) continue;
    tried++;
    const w = rng.next();
    const between: Place = [w * a[0] + (1 - w) * b[0], w * a[1] + (1 - w) * b[1]];
    if (nearestTwo(sites, between)[0] === cell) held++;
  }
  return { tried, held };
}

/** Places of which the index tells the same cell as the definition; where float32 cannot tell, either is right. */
function agreement(sites: Matrix, trials: number, rng: Rng): number {
  const places = matrix(
    Float32Array.from({ length: 2 * trials }, () => rng.next()),
    2,
  );
  const index = create<number>("KDTree", { dimension: 2, metric: "l2" });
  index.add(sites);
  const found = index.search(places, { k: 1 });
  index.close();
  let same = 0;
  for (let i = 0; i < trials; i++) {
    const place: Place = [places.data[2 * i]!, places.data[2 * i + 1]!];
    const [a, b] = nearestTwo(sites, place);
    const tied = squared(sites, b, place) - squared(sites, a, place) < 1e-6;
    if (found.key(i, 0) === a || (tied && found.key(i, 0) === b)) same++;
  }
  return same;
}

/** Edges of all cells within the unit square, by cutting each bisector with all other half-planes. */
function edgesOf(sites: Matrix, wanted: (a: number, b: number) => boolean): Segment[] {
  const out: Segment[] = [];
  for (let a = 0; a < sites.rows; a++) {
    for (let b = 0; b < a; b++) {
      const edge = wanted(a, b) ? cut(sites, a, b) : undefined;
      if (edge !== undefined) out.push(edge);
    }
  }
  return out;
}

function cut({ data, rows }: Matrix, a: number, b: number): Segment | undefined {
  const [ax, ay, bx, by] = [data[2 * a]!, data[2 * a + 1]!, data[2 * b]!, data[2 * b + 1]!];
  const [mx, my, ux, uy] = [(ax + bx) / 2, (ay + by) / 2, ay - by, bx - ax];
  let [low, high] = [-1e3, 1e3];
  /** Keeps the part of the line m + t·u where p + t·q >= 0. */
  const keep = (p: number, q: number): void => {
    if (q > 0) low = Math.max(low, -p / q);
    else if (q < 0) high = Math.min(high, -p / q);
    else if (p < 0) high = low - 1;
  };
  for (let i = 0; i < rows; i++) {
    if (i === a || i === b) continue;
    const [x, y] = [data[2 * i]!, data[2 * i + 1]!];
    // Nearer to a than to row i.
    const [dx, dy] = [ax - x, ay - y];
    keep((mx - (ax + x) / 2) * dx + (my - (ay + y) / 2) * dy, ux * dx + uy * dy);
  }
  keep(mx, ux);
  keep(1 - mx, -ux);
  keep(my, uy);
  keep(1 - my, -uy);
  return low < high
    ? [
        [mx + low * ux, my + low * uy],
        [mx + high * ux, my + high * uy],
      ]
    : undefined;
}

const SQUARE = { x: [0, 1], y: [0, 1], width: 620, height: 512, xTitle: "", yTitle: "" } as const;

function cellPicture(sites: Matrix): string {
  const values = overGrid([0, 1], [0, 1], (places) => {
    const index = create<number>("KDTree", { dimension: 2, metric: "l2" });
    index.add(sites);
    const found = index.search(places, { k: 1 });
    index.close();
    return Float64Array.from({ length: places.rows }, (_, i) => (found.key(i, 0) * 5) % 12);
  });
  const edges = edgesOf(sites, () => true);
  const points = [{ name: "", color: 6, points: placesOf(sites) }];
  return plotRaster(values, {
    ...SQUARE,
    title: "Voronoi cells",
    scale: "classes",
    lines: edges,
    points,
  });
}

const NAMES = ["one class", "another", "a third"];

function boundaryPicture(sites: Matrix, labels: Int32Array): string {
  const model = new KNeighborsClassifier<number>({ k: 1 }).fit(sites, labels);
  const values = overGrid([0, 1], [0, 1], (places) => model.predict(places));
  model.close();
  const edges = edgesOf(sites, (a, b) => labels[a] !== labels[b]);
  return plotRaster(values, {
    ...SQUARE,
    title: "The boundary of 1-NN",
    scale: "classes",
    classes: NAMES,
    lines: edges,
    points: NAMES.map(
      (name, c): ScatterClass => ({
        name,
        color: c,
        points: placesOf(sites).filter((_, i) => labels[i] === c),
      }),
    ),
  });
}

/** The same rows told by 1 and by 15 neighbours, with the boundary of the Bayes rule. */
function hillPictures(seed: number): { svg: string; caption: string; half: true }[] {
  const problem = hills(1);
  const sample = draw(problem, 200, createRng(seed, "hill picture"));
  const bayes = bayesBoundary(problem.chances);
  return [1, 15].map((k) => ({
    svg: hillPicture(sample, k, bayes),
    caption:
      k === 1
        ? "Every row has its way: islands around single rows."
        : "Fifteen vote: close to the boundary of the true densities, the line drawn.",
    half: true,
  }));
}

const WINDOW = [-2.6, 4] as const;

function hillPicture({ rows, labels }: Sample, k: number, bayes: readonly Segment[]): string {
  const model = new KNeighborsClassifier<number>({ k }).fit(rows, labels);
  const values = overGrid(WINDOW, WINDOW, (places) => model.predict(places));
  model.close();
  return plotRaster(values, {
    ...{ title: `k = ${k}`, scale: "classes", classes: ["class 0", "class 1"] },
    ...{ x: WINDOW, y: WINDOW, width: 620, height: 512, lines: bayes },
    points: [0, 1].map((c) => ({
      name: `class ${c}`,
      color: c,
      points: placesOf(rows).filter((_, i) => labels[i] === c),
    })),
    size: 3.5,
  });
}

/** Where the first chance crosses one half, as short pieces: marching squares. */
function bayesBoundary(chances: (row: ArrayLike<number>) => readonly number[]): Segment[] {
  const n = 110;
  const at = (i: number): number => WINDOW[0] + ((WINDOW[1] - WINDOW[0]) * i) / n;
  const value = (i: number, j: number): number => chances([at(i), at(j)])[0]! - 0.5;
  const heights = Array.from({ length: n + 1 }, (_, i) =>
    Array.from({ length: n + 1 }, (_, j) => value(i, j)),
  );
  const out: Segment[] = [];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const corners: [number, number][] = [
        [i, j],
        [i + 1, j],
        [i + 1, j + 1],
        [i, j + 1],
      ];
      const crossings: Place[] = [];
      for (let e = 0; e < 4; e++) {
        const [p, q] = [corners[e]!, corners[(e + 1) % 4]!];
        const [u, v] = [heights[p[0]]![p[1]]!, heights[q[0]]![q[1]]!];
        if (u > 0 === v > 0) continue;
        const w = u / (u - v);
        crossings.push([at(p[0] + w * (q[0] - p[0])), at(p[1] + w * (q[1] - p[1]))]);
      }
      if (crossings.length === 2) out.push([crossings[0]!, crossings[1]!]);
    }
  }
  return out;
}

function placesOf(rows: Matrix): { x: number; y: number }[] {
  return Array.from({ length: rows.rows }, (_, i) => ({ x: rows.data[2 * i]!, y: rows.data[2 * i + 1]! }));
}

/** A value for the middle of each cell of a grid, top row first. */
function overGrid(
  x: readonly [number, number],
  y: readonly [number, number],
  tell: (places: Matrix) => ArrayLike<number>,
): { values: ArrayLike<number>; rows: number; cols: number } {
  const data = new Float32Array(2 * GRID * GRID);
  for (let i = 0; i < GRID * GRID; i++) {
    data[2 * i] = x[0] + ((x[1] - x[0]) * ((i % GRID) + 0.5)) / GRID;
    data[2 * i + 1] = y[1] - ((y[1] - y[0]) * (Math.floor(i / GRID) + 0.5)) / GRID;
  }
  return { values: tell(matrix(data, 2)), rows: GRID, cols: GRID };
}
