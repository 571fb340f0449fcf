import { type Matrix, type Metric, matrix, type RunOptions } from "../../core/index.ts";
import { evaluateRetrieval, rankedScores } from "../../evaluate/index.ts";
import { create } from "../../indexes/index.ts";
import { gather } from "../rows.ts";
import { type EmojiTask, type Split, STYLES } from "./task.ts";

/** Answers that are looked at. */
const DEPTH = 100;

/** What each identity's drawing in the held-out style finds among the drawings of the others. */
export interface Ranking {
  readonly heldOut: number;
  readonly depth: number;
  /** Places identity · styles + style, nearest first: identities × depth. */
  readonly places: Int32Array;
  readonly distances: Float32Array;
}

/**
 * Searches the drawings of four styles for each drawing of the fifth, exactly.
 *
 * @param vectors one for each identity and style, row-major
 */
export async function rank(
  task: EmojiTask,
  vectors: Matrix<Float32Array>,
  heldOut: number,
  metric: Metric,
  { signal, threads = 1 }: RunOptions & { threads?: number } = {},
): Promise<Ranking> {
  const n = task.identities.length;
  const all = Array.from({ length: n * STYLES }, (_, place) => place);
  const gallery = all.filter((place) => place % STYLES !== heldOut);
  const index = create<number>("Flat", { dimension: vectors.cols, metric });
  try {
    await index.addAsync(gather(vectors, gallery), { threads, signal });
    const depth = Math.min(DEPTH, gallery.length);
    const queries = gather(
      vectors,
      all.filter((place) => place % STYLES === heldOut),
    );
    const found = await index.searchAsync(queries, { k: depth, threads, signal });
    const places = new Int32Array(n * depth);
    const distances = new Float32Array(n * depth);
    for (let i = 0; i < n; i++) {
      for (const [j, { key, distance }] of found.items(i).entries()) {
        places[i * depth + j] = gallery[key]!;
        distances[i * depth + j] = distance;
      }
    }
    return { heldOut, depth, places, distances };
  } finally {
    index.close();
  }
}

/** How well some identities are found; R = 4, one drawing in each of the other styles. */
export interface Scores {
  readonly queries: number;
  readonly recallAt1: number;
  readonly recallAt5: number;
  readonly rPrecision: number;
  readonly mapAtR: number;
  /** First right answer beyond the hundredth counts as none. */
  readonly mrr: number;
  /** k-means of all five styles' drawings, one cluster an identity, against the identities. */
  readonly nmi?: number;
}

export function scoresOf({ places, depth }: Ranking, identities: ArrayLike<number>): Scores {
  const R = STYLES - 1;
  const sums = { recallAt1: 0, recallAt5: 0, rPrecision: 0, mapAtR: 0, mrr: 0 };
  const queries = identities.length;
  for (let q = 0; q < queries; q++) {
    const i = identities[q]!;
    const right = Array.from(
      places.subarray(i * depth, (i + 1) * depth),
      (place) => Math.floor(place / STYLES) === i,
    );
    const { firstRank, rPrecision, apAtR } = rankedScores(right, R);
    sums.recallAt1 += firstRank === 1 ? 1 : 0;
    sums.recallAt5 += firstRank <= 5 ? 1 : 0;
    sums.rPrecision += rPrecision;
    sums.mapAtR += apAtR;
    sums.mrr += 1 / firstRank;
  }
  const mean = (sum: number): number => sum / Math.max(1, queries);
  return {
    queries,
    recallAt1: mean(sums.recallAt1),
    recallAt5: mean(sums.recallAt5),
    rPrecision: mean(sums.rPrecision),
    mapAtR: mean(sums.mapAtR),
    mrr: mean(sums.mrr),
  };
}

/** Agreement of k-means clusters with identities: seen and never seen, equally many of both. */
export async function clusterAgreement(
  vectors: Matrix<Float32Array>,
  { seen, unseen }: Split,
  metric: Metric,
  { seed, signal }: RunOptions & { seed: number },
): Promise<{ seen?: number; unseen?: number }> {
  const of = async (identities: Int32Array): Promise<number | undefined> => {
    const places = Array.from(identities, (i) =>
      Array.from({ length: STYLES }, (_, s) => i * STYLES + s),
    ).flat();
    const rows = gather(vectors, places);
    const labels = places.map((place) => Math.floor(place / STYLES));
    const { clusters } = await evaluateRetrieval(matrix(rows.data, rows.cols, rows.rows), labels, {
      ...{ metric, ks: [1], depth: STYLES, seed, sample: 500 },
      ...(signal === undefined ? {} : { signal }),
    });
    return clusters?.nmi;
  };
  const [a, b] = [await of(evenly(seen, unseen.length)), await of(unseen)];
  return { ...(a === undefined ? {} : { seen: a }), ...(b === undefined ? {} : { unseen: b }) };
}

function evenly(list: Int32Array, count: number): Int32Array {
  if (list.length <= count) return list;
  return Int32Array.from({ length: count }, (_, i) => list[Math.floor((i * list.length) / count)]!);
}

/** Scores averaged with equal weight; nmi over those that have one. */
export function meanScores(all: readonly Scores[]): Scores {
  const mean = (of: (scores: Scores) => number | undefined): number | undefined => {
    const values = all.map(of).filter((value) => value !== undefined);
    return values.length === 0 ? undefined : values.reduce((a, b) => a + b, 0) / values.length;
  };
  const nmi = mean((s) => s.nmi);
  return {
    queries: all.reduce((sum, { queries }) => sum + queries, 0),
    recallAt1: mean((s) => s.recallAt1) ?? 0,
    recallAt5: mean((s) => s.recallAt5) ?? 0,
    rPrecision: mean((s) => s.rPrecision) ?? 0,
    mapAtR: mean((s) => s.mapAtR) ?? 0,
    mrr: mean((s) => s.mrr) ?? 0,
    ...(nmi === undefined ? {} : { nmi }),
  };
}
