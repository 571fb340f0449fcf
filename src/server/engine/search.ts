import { VicinalError } from "../../core/index.ts";
import { recallOf } from "../../indexes/audit.ts";
import type { Key, Mask, SearchOptions, SearchParams } from "../../indexes/index.ts";
import type { ServerLimits } from "../limits.ts";
import { breathe } from "./breathe.ts";
import type { Cell, FilterAsk, StoredRows } from "./cell.ts";

/** What is asked of every query of a request. */
export interface SearchAsk {
  readonly k: number;
  readonly filter?: FilterAsk | undefined;
  readonly exact?: boolean | undefined;
  readonly params?: SearchParams | undefined;
  readonly maxDistance?: number | undefined;
  /** All rows this near, instead of the k nearest. */
  readonly radius?: number | undefined;
  /** Search exactly too, and tell the share that was found. */
  readonly audit?: boolean | undefined;
  /** For each query a key that is no answer to it: its own. */
  readonly except?: readonly Key[] | undefined;
}

export interface Hits {
  readonly keys: Key[];
  readonly distances: number[];
}

export interface Found {
  readonly hits: Hits[];
  /** Seconds in the engine, without those of the audit. */
  readonly seconds: number;
  readonly recall: number | undefined;
}

/** Milliseconds of searching between two looks at what else has come in. */
const SLICE_MS = 8;

/** Searches for rows end to end, a slice at a time. @throws the errors of search(); LIMIT */
export async function searchCell(
  cell: Cell,
  queries: StoredRows,
  count: number,
  ask: SearchAsk,
  limits: Pick<ServerLimits, "answers">,
): Promise<Found> {
  const width = count === 0 ? 0 : queries.length / count;
  const hits: Hits[] = [];
  const recalls: number[] = [];
  let [milliseconds, answers, slice] = [0, 0, 1];
  for (let from = 0; from < count; ) {
    const to = Math.min(count, from + slice);
    const part = queries.subarray(from * width, to * width);
    const except = ask.except?.slice(from, to);
    const start = performance.now();
    const found = searchSlice(cell, part, ask, except);
    const took = performance.now() - start;
    milliseconds += took;
    for (const each of found) answers += each.keys.length;
    if (answers > limits.answers) {
      throw new VicinalError("LIMIT", { what: "neighbours answered", got: answers, limit: limits.answers });
    }
    if (ask.audit === true && ask.radius === undefined) {
      const truth = searchSlice(cell, part, { ...ask, exact: true }, except);
      found.forEach((each, q) => {
        recalls.push(recallOf(Float32Array.from(each.distances), Float32Array.from(truth[q]!.distances)));
      });
    }
    hits.push(...found);
    if (took < SLICE_MS / 2) slice = Math.min(256, slice * 2);
    else if (took > SLICE_MS) slice = Math.max(1, slice >> 1);
    from = to;
    if (from < count) await breathe();
  }
  const recall =
    recalls.length === 0 ? undefined : recalls.reduce((sum, each) => sum + each, 0) / recalls.length;
  return { hits, seconds: milliseconds / 1000, recall };
}

/** Keys are read at once: after the next change a result may not be readable. */
function searchSlice(
  cell: Cell,
  queries: StoredRows,
  ask: SearchAsk,
  except: readonly Key[] | undefined,
): Hits[] {
  const { index } = cell;
  const filter: Mask | undefined = ask.filter === undefined ? undefined : cell.mask(ask.filter);
  const { k, exact, maxDistance, radius, params } = ask;
  const common = { ...params, filter, exact };
  if (radius !== undefined) {
    const found = index.range(queries, radius, common);
    return Array.from({ length: found.queries }, (_, q) =>
      without(except?.[q], { keys: found.keys(q), distances: Array.from(found.row(q).distances) }, Infinity),
    );
  }
  const options: SearchOptions = { ...common, k: except === undefined ? k : k + 1, maxDistance };
  const found = index.search(queries, options);
  return Array.from({ length: found.queries }, (_, q) =>
    without(except?.[q], { keys: found.keys(q), distances: Array.from(found.row(q).distances) }, k),
  );
}

function without(key: Key | undefined, { keys, distances }: Hits, most: number): Hits {
  const at = key === undefined ? -1 : keys.indexOf(key);
  if (at >= 0) {
    keys.splice(at, 1);
    distances.splice(at, 1);
  }
  if (keys.length > most) {
    keys.length = most;
    distances.length = most;
  }
  return { keys, distances };
}
