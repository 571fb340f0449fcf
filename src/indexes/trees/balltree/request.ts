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
