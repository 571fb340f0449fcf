import { type Dtype, type Metric, VicinalError } from "../../core/index.ts";
import { bytesOf } from "../bytes.ts";
import { kindNamed } from "../kinds.ts";
import { parseSpec } from "../parts/spec.ts";
import { quantizedGraphPays } from "../qg/pays.ts";
import { support } from "../support.ts";

/** What the choice depends on. */
export interface AutoCase {
  readonly n: number;
  readonly dimension: number;
  readonly metric: Metric;
  readonly dtype: Dtype;
  readonly targetRecall: number;
  /** Bytes that the finished index may take. */
  readonly memoryBudget?: number | undefined;
}

export interface Choice {
  readonly spec: string;
  readonly why: string;
}

/** An index that could serve, with its bytes as estimated and what speaks for or against it. */
export interface Alternative extends Choice {
  readonly bytes: number;
  /** Within the memory budget. */
  readonly fits: boolean;
}

export interface Chosen {
  /** What to build, best first: the next is for where one misses the target. */
  readonly ladder: readonly Choice[];
  /** Everything that was weighed, best first; what the ladder holds comes with it. */
  readonly alternatives: readonly Alternative[];
}

/** Fewer rows are searched exactly: fast enough, and never wrong. */
const EXACT_ROWS = 10_000;
/**
 * Exact trees, and up to how many components they are taken for exact search, and before a graph. In one run over
 * 50,000 normal rows in 2, 4, 6, 8 and 10 dimensions, 10 neighbours, busy machine: a KD-tree took 1.6, 2.0, 6.0, 22
 * and 114 µs, a ball tree 3.4, 19, 102, 178 and 425, a scan 231, 236, 85, 88 and 152; a graph 2 to 4 at recall 0.95
 * and over, and 15 times as long to build or more.
 */
const TREES: readonly (readonly [spec: string, exact: number, beforeGraphs: number])[] = [
  ["KDTree", 9, 6],
  ["BallTree", 5, 3],
];
/** Fewer components are walked over as they are: 7-bit codes cost more effort there than they save. */
const CODED_DIMENSION = 12;

interface Offer extends Choice {
  /** Answers equal brute force. */
  readonly exact?: true;
  /** Its recall is bounded by its codes: it is for where nothing better fits. */
  readonly codesOnly?: true;
}

/**
 * What Auto builds: by rows, dimension, metric, memory budget and target recall.
 *
 * @throws VicinalError OPTION_RANGE when not even the smallest index is within the budget
 */
export function chooseIndex(given: AutoCase): Chosen {
  const { memoryBudget = Number.POSITIVE_INFINITY } = given;
  const offers = offersFor(given).filter(({ spec }) => serves(spec, given));
  const alternatives = offers.map((offer) => {
    const bytes = bytesOf(offer.spec, given).total;
    return { ...offer, bytes, fits: bytes <= memoryBudget };
  });
  const fitting = alternatives.filter(({ fits }) => fits);
  if (fitting.length === 0) {
    const least = alternatives.reduce((a, b) => (b.bytes < a.bytes ? b : a));
    const rule = `at least ${least.bytes} bytes, which ${least.spec} takes for ${given.n} rows`;
    throw new VicinalError("OPTION_RANGE", { option: "memoryBudget", got: memoryBudget, rule });
  }
  const whole = fitting.filter(({ codesOnly }) => codesOnly !== true);
  const end = whole.findIndex(({ exact }) => exact === true);
  // Exact search misses nothing: what comes after it is never tried. Over codes alone, one try must do.
  const rungs = whole.length === 0 ? [fitting[0]!] : whole.slice(0, end < 0 ? undefined : end + 1);
  const squeezed = alternatives.find(({ fits }) => !fits);
  const ladder = rungs.map(({ spec, why }, i) => ({
    spec,
    why:
      i === 0 && squeezed !== undefined && isBefore(squeezed, rungs[0]!, alternatives)
        ? `${why}; ${squeezed.spec} would take ${megabytes(squeezed.bytes)} of the ${megabytes(memoryBudget)} allowed`
        : why,
  }));
  return {
    ladder,
    alternatives: alternatives.map(({ spec, why, bytes, fits }) => ({ spec, why, bytes, fits })),
  };
}

/** Indexes for a case, best first, whether or not they fit or are supported. */
function offersFor({ n, dimension, metric, targetRecall }: AutoCase): Offer[] {
  const shortOfMemory = codesOnly(n, dimension);
  const flat = (why: string): Offer => ({ spec: "Flat", why, exact: true });
  if (n <= EXACT_ROWS) {
    const all = `${n} rows are compared in full faster than an index pays off`;
    return [flat(targetRecall === 1 ? "a recall of 1 means exact search" : all), ...shortOfMemory];
  }
  const why = `${dimension} dimensions: a tree leaves out most of ${n} rows, and no neighbour`;
  const trees = TREES.filter(
    ([, exact, beforeGraphs]) => dimension <= (targetRecall === 1 ? exact : beforeGraphs),
  ).map(([spec]): Offer => ({ spec, why, exact: true }));
  if (targetRecall === 1) return [...trees, flat("a recall of 1 means exact search"), ...shortOfMemory];
  const graphs: Offer[] = [
    { spec: "HNSW16,SQ7,Refine", why: `${n} rows: a graph over 7-bit codes, rescored by the vectors` },
    { spec: "HNSW16", why: `${n} rows: a graph over the vectors themselves` },
  ];
  if (dimension < CODED_DIMENSION) graphs.reverse();
  if (metric !== "ip" && quantizedGraphPays({ n, dimension, targetRecall })) {
    graphs.unshift({
      spec: "QG32",
      why: `${dimension} dimensions at recall ${targetRecall}: a graph that reads its neighbours' codes in one piece`,
    });
  }
  return [...trees, ...graphs, flat("exact search misses nothing"), ...shortOfMemory];
}

/** Without vectors: from the most exact codes to the smallest. */
function codesOnly(n: number, dimension: number): Offer[] {
  const nlist = listsFor(n);
  const why = "memory for codes alone, whose precision bounds the recall";
  const m = dimension % 2 === 0 ? dimension / 2 : dimension;
  const specs = [
    "HNSW16,SQ7",
    `IVF${nlist},SQ8`,
    `IVF${nlist},SQ4`,
    `IVF${nlist},PQ${m}x4fs`,
    ...(dimension % 4 === 0 ? [`IVF${nlist},PQ${dimension / 4}x4fs`] : []),
  ];
  return specs.map((spec) => ({ spec, why, codesOnly: true }));
}

/** A power of two near four times the root of the rows. */
function listsFor(n: number): number {
  return 2 ** Math.max(2, Math.round(Math.log2(4 * Math.sqrt(n))));
}

function serves(spec: string, { metric, dtype }: AutoCase): boolean {
  const parsed = parseSpec(spec);
  if (parsed.kind === "Auto" || kindNamed(parsed.kind) === undefined) return false;
  const codes = parsed.kind === "HNSW" && parsed.codes !== undefined;
  return support(parsed.kind, metric, dtype, codes) === undefined;
}

function isBefore(a: Alternative, b: Alternative, all: readonly Alternative[]): boolean {
  return all.indexOf(a) < all.indexOf(b);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toPrecision(3)} MB`;
}
