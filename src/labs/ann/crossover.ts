import { type RunOptions, runAsync } from "../../core/index.ts";
import { syntheticJob } from "../../data/index.ts";
import { measurePoint } from "../../evaluate/index.ts";
import { tune } from "../../indexes/index.ts";
import { builtIn, type Judges, judges } from "../study.ts";
import { type FamilyMember, families, PLAIN } from "./families.ts";

/** What one index took on one size of data, at its fastest setting of recall ≥ 0.95. */
export interface CrossoverPoint {
  readonly n: number;
  readonly d: number;
  readonly ms: number;
  readonly recall: number;
  readonly buildSeconds: number;
}

export interface CrossoverLine {
  readonly index: string;
  readonly points: readonly CrossoverPoint[];
  /** The sizes left out because building would have taken too long, or the recall was not reached. */
  readonly left: readonly { readonly size: number; readonly why: string }[];
}

/** Time of a query as data grow in one direction, for every index. */
export interface Crossover {
  /** What grows: rows, or components. */
  readonly along: "n" | "d";
  readonly sizes: readonly number[];
  /** The other size, which stays. */
  readonly fixed: number;
  readonly lines: readonly CrossoverLine[];
  /** For each index the smallest size from which on it stays ahead of plain brute force; undefined when never. */
  readonly from: readonly { readonly index: string; readonly size: number | undefined }[];
}

export interface CrossoverOptions extends RunOptions {
  along: "n" | "d";
  sizes: readonly number[];
  fixed: number;
  seed: number;
  threads: number;
  queries: number;
  /** Builds that would take longer are left out. */
  buildSeconds: number;
}

const K = 10;
const TARGET = 0.95;
/** A grown build takes at most so many times what its growth alone would say. */
const WORSE = 1.3;

/**
 * Measures every index on generated data of growing size: tuned on the queries for recall 0.95, then timed one query a
 * call.
 */
export async function crossover(options: CrossoverOptions): Promise<Crossover> {
  const { along, sizes, fixed, seed, queries, signal, onProgress } = options;
  const points = new Map<string, CrossoverPoint[]>();
  const left = new Map<string, { size: number; why: string }[]>();
  const names: string[] = [];
  for (const size of sizes) {
    const [n, d] = along === "n" ? [size, fixed] : [fixed, size];
    const job = syntheticJob({ n, d, queries, seed, intrinsic: Math.min(16, d) });
    const data = await runAsync(job, { signal, onProgress });
    const all = await judges(data, K, options);
    for (const [i, member] of families(n, d).entries()) {
      const name = genericName(member);
      if (!names.includes(name)) names.splice(i, 0, name);
      const mine = points.get(name) ?? [];
      const skipped = left.get(name) ?? [];
      points.set(name, mine);
      left.set(name, skipped);
      const expected = expectedSeconds(mine.at(-1), n * d);
      if (expected > options.buildSeconds || (skipped.at(-1)?.why ?? "").startsWith("building")) {
        skipped.push({ size, why: `building would take more than ${options.buildSeconds} s` });
        continue;
      }
      const point = await measureOne(member, all, { n, d }, options);
      if (point.recall >= TARGET) mine.push(point);
      else skipped.push({ size, why: `recall ${point.recall.toFixed(3)} at the widest setting` });
    }
  }
  const lines = names.map((index) => ({ index, points: points.get(index)!, left: left.get(index)! }));
  return {
    along,
    sizes,
    fixed,
    lines,
    from: names.map((index) => ({ index, size: aheadFrom(lines, index, along) })),
  };
}

/** Specifications that depend on the size go under one name: IVF1024,Flat as IVF,Flat. */
function genericName({ name }: FamilyMember): string {
  return name.replace(/^IVF\d+/, "IVF").replace(/PQ\d+x4fs/, "PQx4fs");
}

function expectedSeconds(last: CrossoverPoint | undefined, size: number): number {
  return last === undefined ? 0 : (last.buildSeconds * WORSE * size) / (last.n * last.d);
}

async function measureOne(
  member: FamilyMember,
  all: Judges,
  { n, d }: { n: number; d: number },
  options: CrossoverOptions,
): Promise<CrossoverPoint> {
  const { signal, onProgress } = options;
  const { index, buildSeconds } = await builtIn(member, all.base, options);
  try {
    if (!index.exact || index.searchParams.length > 0) {
      await tune(index, all.queries, {
        targetRecall: TARGET,
        k: Math.min(K, n),
        sample: 200,
        signal,
        onProgress,
      });
    }
    const judge = all.of(K);
    const timing = { rounds: 3, budgetMs: 400, signal };
    const point = await measurePoint(index, all.queries, judge, index.defaults, timing);
    return { n, d, ms: 1000 / point.qps, recall: point.recall, buildSeconds };
  } finally {
    index.close();
  }
}

/** The smallest size from which on the index is faster than plain brute force wherever it was measured. */
function aheadFrom(lines: readonly CrossoverLine[], index: string, along: "n" | "d"): number | undefined {
  const plain = lines.find((line) => line.index === PLAIN)!.points;
  const own = lines.find((line) => line.index === index)!.points;
  let from: number | undefined;
  for (const point of own) {
    const other = plain.find((one) => one[along] === point[along]);
    if (other === undefined || point.ms >= other.ms) from = undefined;
    else from ??= point[along];
  }
  return from;
}
