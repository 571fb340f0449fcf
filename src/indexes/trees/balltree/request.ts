import { metricBlockBytes } from "../../metricBlock.ts";
import type { VectorReader } from "../../parts/vectors.ts";
import type { RowStore } from "../../rows.ts";
import type { Space } from "../../space.ts";
import { writeRequest } from "../../structs.ts";

export interface BallRequest {
  /** Queries there is room to answer; answers of none are written when 0. */
  readonly answers: number;
  readonly k: number;
  /** In the measure of the function that is called. */
  readonly ef: number;
  readonly skip: boolean;
}

/** Stages queries from … to of a reader and points the request at them and at room for answers; returns its address. */
export function stageRequest(
  space: Space,
  rows: RowStore,
  reader: VectorReader | undefined,
  from: number,
  to: number,
  { answers, k, ef, skip }: BallRequest,
): number {
  space.atLeast("queries", (to - from) * rows.queryStride);
  space.atLeast("ids", answers * k * 4);
  space.atLeast("ranks", answers * k * 4);
  space.atLeast("counts", Math.max(answers, to - from) * 4);
  if (reader !== undefined) rows.stageQueries(reader, space.ptr("queries"), from, to);
  writeRequest(space.engine, space.ptr("request"), {
    queries: space.ptr("queries"),
    queryStride: rows.queryStride,
    k,
    ef,
    rerank: 0,
    skip: skip ? space.ptr("skip") : 0,
    strictKind: 0,
    rows: space.ptr("vectors"),
    rowStride: rows.rowBytes,
    rowBytes: rows.rowBytes,
    levels: 0,
    offsets: 0,
    inverseStep: 0,
    ids: space.ptr("ids"),
    ranks: space.ptr("ranks"),
    counts: space.ptr("counts"),
  });
  return space.ptr("request");
}

/** The distance that a rank stands for, rounded as answers are. */
export function distanceOf(
  rows: RowStore,
  ofRank: ((rank: number) => number) | undefined,
): (rank: number) => number {
  const { metric, dtype } = rows.options;
  if (metric === "l2") return (rank) => Math.fround(Math.sqrt(rank));
  if (metric === "cosine" && dtype === "f32") return (rank) => Math.fround(rank / 2);
  if (metricBlockBytes(rows.options) > 0 && ofRank !== undefined) return (rank) => Math.fround(ofRank(rank));
  return (rank) => rank;
}

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

/** The largest rank whose distance is at most `radius`; −1 when there is none. Ranks are not negative. */
export function largestRank(distance: (rank: number) => number, radius: number): number {
  const rankAt = (bits: number): number => {
    word[0] = bits;
    return float[0]!;
  };
  if (distance(0) > radius) return -1;
  let low = 0;
  let high = 0x7f800000;
  if (distance(rankAt(high)) <= radius) return rankAt(high);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (distance(rankAt(middle)) <= radius) low = middle;
    else high = middle;
  }
  return rankAt(low);
}
