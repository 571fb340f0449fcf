import { VicinalError } from "../../core/index.ts";
import type { Key, Metadata } from "../../indexes/index.ts";
import { pageOfKeys } from "../collections/points.ts";
import { checkRows, listedVectors } from "../collections/vectorsIn.ts";
import type { Cell } from "../engine/cell.ts";
import { type CellRequest, type Handler, jsonAnswer } from "../engine/request.ts";
import type { ServerLimits } from "../limits.ts";
import {
  bad,
  bodyOf,
  flagOf,
  idOf,
  idsOf,
  type Json,
  notHere,
  objectOf,
  only,
  selectionOf,
  vectorOf,
  wholeOf,
} from "./asks.ts";
import { metadataOf, payloadOf } from "./payload.ts";
import { filterOf, recordOf } from "./records.ts";
import { type Scored, searchMany } from "./search.ts";

type Work = (
  cell: Cell,
  body: Json,
  limits: Readonly<ServerLimits>,
  request: CellRequest,
) => Promise<unknown>;

/** In Qdrant's envelope. */
function answering(work: Work): Handler {
  return async (cell, request, limits) => {
    const start = performance.now();
    const result = await work(cell, bodyOf(request.body), limits, request);
    return jsonAnswer({ result, status: "ok", time: (performance.now() - start) / 1000 });
  };
}

/** Searches also tell how long the engine took, for the server's own count. */
function searching(read: (body: Json) => readonly Json[], shape: (found: Scored[][]) => unknown): Handler {
  return async (cell, request, limits) => {
    const start = performance.now();
    const asks = read(bodyOf(request.body));
    checkRows(asks.length, limits);
    const { found, seconds } = await searchMany(cell, asks, limits);
    const time = (performance.now() - start) / 1000;
    return {
      ...jsonAnswer({ result: shape(found), status: "ok", time }),
      searched: { queries: asks.length, seconds },
    };
  };
}

const DONE = { operation_id: 0, status: "completed" };

const upsert: Work = async (cell, body, limits) => {
  only(body, "an upsert", ["points", "batch"]);
  const points =
    body["batch"] === undefined ? listOf(body["points"], "points") : pointsOfBatch(body["batch"]);
  checkRows(points.length, limits);
  // The last of points with one id counts.
  const byId = new Map<Key, { vector: number[]; metadata: Metadata | undefined }>();
  for (const [i, point] of points.entries()) {
    const given = objectOf(point, `points[${i}]`);
    only(given, `points[${i}]`, ["id", "vector", "payload"]);
    byId.set(cell.resolve(idOf(given["id"], `points[${i}].id`)), {
      vector: vectorOf(given["vector"], `points[${i}].vector`),
      metadata: metadataOf(given["payload"] as Json | undefined),
    });
  }
  const all = [...byId.values()];
  const metadata = all.map((each) => each.metadata);
  const vectors = listedVectors(
    cell,
    all.map(({ vector }) => vector),
  );
  if (all.length > 0)
    await cell.upsert(vectors, [...byId.keys()], metadata.some(Boolean) ? metadata : undefined);
  return DONE;
};

function pointsOfBatch(value: unknown): Json[] {
  const batch = objectOf(value, "batch");
  only(batch, "batch", ["ids", "vectors", "payloads"]);
  const ids = listOf(batch["ids"], "batch.ids");
  const vectors = listOf(batch["vectors"], "batch.vectors");
  const payloads =
    batch["payloads"] === null || batch["payloads"] === undefined
      ? undefined
      : listOf(batch["payloads"], "batch.payloads");
  if (vectors.length !== ids.length || (payloads !== undefined && payloads.length !== ids.length)) {
    throw new VicinalError("BAD_INPUT", {
      what: "batch",
      got: `${ids.length} ids, ${vectors.length} vectors, ${payloads?.length ?? 0} payloads`,
      rule: "as many vectors, and payloads if any, as ids",
    });
  }
  return ids.map((id, i) => ({ id, vector: vectors[i], payload: payloads?.[i] }));
}

const retrieve: Work = async (cell, body, limits) => {
  only(body, "a request for points", ["ids", "with_payload", "with_vector"]);
  const ids = idsOf(body["ids"], "ids").map((id) => cell.resolve(id));
  checkRows(ids.length, limits);
  const [payload, vector] = [selectionOf(body["with_payload"], true), flagOf(body, "with_vector")];
  return ids.filter((id) => cell.index.has(id)).map((id) => recordOf(cell, id, payload, vector));
};

const retrieveOne: Work = async (cell, _body, _limits, { query }) => {
  const text = query["id"]!;
  const key = /^\d{1,15}$/.test(text) && cell.index.has(Number(text)) ? Number(text) : cell.resolve(text);
  if (!cell.index.has(key)) throw notHere(`point with id ${text.slice(0, 100)}`);
  return recordOf(cell, key, selectionOf(true, true), true);
};

const remove: Work = async (cell, body) => {
  only(body, "a deletion", ["points", "filter"]);
  await cell.remove(chosen(cell, body));
  return DONE;
};

const setPayload: Work = async (cell, body) => {
  only(body, "a change of payloads", ["payload", "points", "filter"]);
  const payload = objectOf(body["payload"], "payload");
  await cell.describe((_, now) => metadataOf({ ...payloadOf(now), ...payload }), there(cell, body));
  return DONE;
};

const overwritePayload: Work = async (cell, body) => {
  only(body, "a change of payloads", ["payload", "points", "filter"]);
  const payload = objectOf(body["payload"], "payload");
  await cell.describe(() => metadataOf(payload), there(cell, body));
  return DONE;
};

const deletePayload: Work = async (cell, body) => {
  only(body, "a change of payloads", ["keys", "points", "filter"]);
  const keys = new Set(listOf(body["keys"], "keys"));
  const left = (now: Metadata | undefined): Metadata | undefined =>
    metadataOf(Object.fromEntries(Object.entries(payloadOf(now)).filter(([name]) => !keys.has(name))));
  await cell.describe((_, now) => left(now), there(cell, body));
  return DONE;
};

const clearPayload: Work = async (cell, body) => {
  only(body, "a change of payloads", ["points", "filter"]);
  await cell.describe(() => undefined, there(cell, body));
  return DONE;
};

const scroll: Work = async (cell, body) => {
  only(body, "a scroll", ["filter", "limit", "offset", "with_payload", "with_vector"]);
  const limit = Math.min(wholeOf(body, "limit", 10, 1), 10_000);
  const offset = body["offset"];
  const from = offset === null || offset === undefined ? undefined : cell.resolve(idOf(offset, "offset"));
  const passes = (key: Key): boolean => from === undefined || !cell.isAfter(from, key);
  const page = pageOfKeys(cell, filterOf(body), limit + 1, passes);
  const [payload, vector] = [selectionOf(body["with_payload"], true), flagOf(body, "with_vector")];
  return {
    points: page.keys.slice(0, limit).map((key) => recordOf(cell, key, payload, vector)),
    next_page_offset: page.keys[limit] ?? null,
  };
};

const count: Work = async (cell, body) => {
  only(body, "a count", ["filter", "exact"]);
  const filter = filterOf(body);
  return { count: filter === undefined ? cell.index.size : cell.mask(filter).matches };
};

const single = (body: Json): Json[] => [body];
const several = (body: Json): Json[] => {
  only(body, "a batch of searches", ["searches"]);
  return listOf(body["searches"], "searches").map((each, i) => objectOf(each, `searches[${i}]`));
};
const asPoints = (points: Scored[]): { points: Scored[] } => ({ points });

/** What Qdrant's routes about points do, by name. */
export const QDRANT_HANDLERS: Readonly<Record<string, Handler>> = {
  "qdrant upsert": answering(upsert),
  "qdrant retrieve": answering(retrieve),
  "qdrant point": answering(retrieveOne),
  "qdrant delete": answering(remove),
  "qdrant set payload": answering(setPayload),
  "qdrant overwrite payload": answering(overwritePayload),
  "qdrant delete payload": answering(deletePayload),
  "qdrant clear payload": answering(clearPayload),
  "qdrant scroll": answering(scroll),
  "qdrant count": answering(count),
  "qdrant search": searching(single, ([points]) => points),
  "qdrant search batch": searching(several, (found) => found),
  "qdrant query": searching(single, ([points]) => asPoints(points!)),
  "qdrant query batch": searching(several, (found) => found.map(asPoints)),
};

/** The points that a request names, by ids or by a filter. */
function chosen(cell: Cell, body: Json): Key[] {
  const filter = filterOf(body);
  const { points } = body;
  if ((filter === undefined) === (points === undefined || points === null)) {
    throw bad("points and filter", undefined, "one of the two");
  }
  return filter === undefined ? idsOf(points, "points").map((id) => cell.resolve(id)) : cell.matches(filter);
}

function there(cell: Cell, body: Json): Key[] {
  return chosen(cell, body).filter((key) => cell.index.has(key));
}

function listOf(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value)) throw bad(what, value, "a list");
  return value;
}
