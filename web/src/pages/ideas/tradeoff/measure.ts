import { create, type Index, type Matrix } from "vicinal";
import { createRng } from "vicinal/core";

export const DIMENSION = 32;
/** Directions in which the points really vary; the rest is a little noise. */
export const INNER = 12;
const NOISE = 0.3;
export const QUERIES = 200;
export const K = 10;
/** Passes over all queries, of which the quickest counts: others were disturbed. */
const PASSES = 4;

export interface Contender {
  readonly name: string;
  readonly spec: string;
  /** The search parameter that is its dial, and its settings. */
  readonly dial?: "efSearch" | "nprobe" | "searchK";
  readonly settings: readonly number[];
}

export const CONTENDERS: readonly Contender[] = [
  { name: "Flat (exact)", spec: "Flat", settings: [0] },
  { name: "HNSW", spec: "HNSW16", dial: "efSearch", settings: [10, 20, 40, 80, 160, 320] },
  { name: "IVF", spec: "IVF64,Flat", dial: "nprobe", settings: [1, 2, 4, 8, 16, 32] },
  { name: "Random trees", spec: "RPForest20", dial: "searchK", settings: [50, 100, 200, 400, 800, 1600] },
];

export interface Measured {
  /** Place in {@link CONTENDERS}. */
  readonly contender: number;
  readonly setting: number;
  /** Share of the true nearest that were found. */
  readonly recall: number;
  /** Searches a second, one at a time on one thread. */
  readonly qps: number;
}

/** What is being done, or what came out. */
export type News = { readonly doing: string } | { readonly measured: Measured };

export interface Task {
  readonly rows: number;
  readonly seed: number;
}

/** Points near a flat of {@link INNER} dimensions. */
function drawn({ rows, seed }: Task): { base: Matrix; queries: Float32Array[] } {
  const draw = createRng(seed, "trade-off");
  const map = Float32Array.from({ length: DIMENSION * INNER }, () => draw.normal());
  const data = new Float32Array((rows + QUERIES) * DIMENSION);
  const inner = new Float32Array(INNER);
  for (let at = 0; at < data.length; at += DIMENSION) {
    for (let j = 0; j < INNER; j++) inner[j] = draw.normal();
    for (let c = 0; c < DIMENSION; c++) {
      let sum = NOISE * draw.normal();
      for (let j = 0; j < INNER; j++) sum += inner[j]! * map[c * INNER + j]!;
      data[at + c] = sum;
    }
  }
  const row = (i: number): Float32Array => data.subarray(i * DIMENSION, (i + 1) * DIMENSION);
  return {
    base: { data: data.subarray(0, rows * DIMENSION), rows, cols: DIMENSION, stride: DIMENSION },
    queries: Array.from({ length: QUERIES }, (_, q) => row(rows + q)),
  };
}

function timed(
  index: Index<number>,
  queries: readonly Float32Array[],
  options: Record<string, number>,
): { found: number[][]; qps: number } {
  let found: number[][] = [];
  let least = Number.POSITIVE_INFINITY;
  for (let pass = 0; pass < PASSES; pass++) {
    const start = performance.now();
    found = queries.map((query) => index.search(query, { k: K, ...options }).keys());
    least = Math.min(least, performance.now() - start);
  }
  return { found, qps: (1000 * queries.length) / least };
}

/** Builds each contender over the same points and searches at each setting; the exact one, first, is the truth. */
export function* measure(task: Task): Generator<News> {
  const { base, queries } = drawn(task);
  let truth: Set<number>[] = [];
  for (const [contender, { name, spec, dial, settings }] of CONTENDERS.entries()) {
    yield { doing: `Building ${name}` };
    const index = create<number>(spec, { dimension: DIMENSION });
    index.add(base);
    for (const setting of settings) {
      yield { doing: dial === undefined ? `Searching ${name}` : `Searching ${name}, ${dial} = ${setting}` };
      const { found, qps } = timed(index, queries, dial === undefined ? {} : { [dial]: setting });
      if (contender === 0) truth = found.map((keys) => new Set(keys));
      const hits = found.reduce((sum, keys, q) => sum + keys.filter((key) => truth[q]!.has(key)).length, 0);
      yield { measured: { contender, setting, recall: hits / (K * queries.length), qps } };
    }
    index.close();
  }
}

/** The quickest setting that reaches the recall. */
export function quickest(all: readonly Measured[], recall: number): Measured | undefined {
  const enough = all.filter((each) => each.recall >= recall);
  return enough.toSorted((a, b) => b.qps - a.qps)[0];
}
