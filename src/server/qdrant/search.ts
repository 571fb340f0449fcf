import { VicinalError } from "../../core/index.ts";
import type { Key, SearchParams } from "../../indexes/index.ts";
import { listedVectors, storedRows } from "../collections/vectorsIn.ts";
import type { Cell } from "../engine/cell.ts";
import { type SearchAsk, searchCell } from "../engine/search.ts";
import type { ServerLimits } from "../limits.ts";
import {
  flagOf,
  idOf,
  type Json,
  notHere,
  numberOf,
  objectOf,
  only,
  type PointId,
  selectionOf,
  vectorOf,
  wholeOf,
} from "./asks.ts";
import { filterOf, recordOf } from "./records.ts";

/** A point of an answer. */
export type Scored = Json;

const KNOWN = [
  ...["vector", "query", "filter", "limit", "offset", "params", "score_threshold"],
  ...["with_payload", "with_vector"],
];

/** Each search of a request, in turn. */
export async function searchMany(
  cell: Cell,
  asks: readonly Json[],
  limits: Readonly<ServerLimits>,
): Promise<{ found: Scored[][]; seconds: number }> {
  const found: Scored[][] = [];
  let seconds = 0;
  for (const ask of asks) {
    const answer = await searchOne(cell, ask, limits);
    found.push(answer.points);
    seconds += answer.seconds;
  }
  return { found, seconds };
}

async function searchOne(
  cell: Cell,
  ask: Json,
  limits: Readonly<ServerLimits>,
): Promise<{ points: Scored[]; seconds: number }> {
  only(ask, "a search", KNOWN);
  const { vector, except } = queryOf(cell, ask);
  const limit = wholeOf(ask, "limit", 10, 1);
  const offset = wholeOf(ask, "offset", 0, 0);
  const k = limit + offset;
  if (k > limits.k) throw new VicinalError("LIMIT", { what: "limit + offset", got: k, limit: limits.k });
  const { rows, count } = storedRows(cell, listedVectors(cell, [vector]));
  const threshold = numberOf(ask, "score_threshold");
  const search: SearchAsk = {
    k,
    filter: filterOf(ask),
    except,
    maxDistance: threshold === undefined ? undefined : distanceOf(cell, threshold),
    ...paramsOf(cell, ask["params"]),
  };
  const payload = selectionOf(ask["with_payload"], false);
  const withVector = flagOf(ask, "with_vector");
  const { hits, seconds } = await searchCell(cell, rows, count, search, limits);
  const { keys, distances } = hits[0]!;
  const points = keys.slice(offset).map((key, i) => {
    const { id, ...rest } = recordOf(cell, key, payload, withVector);
    return { id, version: 0, score: scoreOf(cell, distances[offset + i]!), ...rest };
  });
  return { points, seconds };
}

/** A vector, or the vector of a point, which is no answer to itself. */
function queryOf(cell: Cell, ask: Json): { vector: readonly number[]; except?: Key[] } {
  let query = ask["query"] ?? ask["vector"];
  if (typeof query === "object" && query !== null && !Array.isArray(query)) {
    const given = objectOf(query, "query");
    only(given, "query", ["nearest", "name", "vector", ""]);
    if ("nearest" in given) query = given["nearest"];
  }
  if (query === undefined || query === null) {
    throw new VicinalError("UNSUPPORTED", {
      what: "a search without a query",
      rule: "give a vector or a point's id",
    });
  }
  if (typeof query !== "string" && typeof query !== "number") return { vector: vectorOf(query, "query") };
  const key = cell.resolve(idOf(query, "query") as PointId);
  if (!cell.index.has(key)) throw notHere(`point with id ${String(key).slice(0, 100)}`);
  return { vector: Array.from(cell.index.get(key)), except: [key] };
}

function paramsOf({ index }: Cell, value: unknown): { exact?: boolean; params?: SearchParams } {
  if (value === null || value === undefined) return {};
  const given = objectOf(value, "params");
  only(given, "params", ["hnsw_ef", "exact"]);
  const ef = numberOf(given, "hnsw_ef");
  const known = ef !== undefined && index.searchParams.includes("efSearch");
  return { exact: flagOf(given, "exact"), ...(known ? { params: { efSearch: ef } } : {}) };
}

/** Qdrant's score: a similarity where the larger is the nearer, a distance otherwise. */
function scoreOf({ index }: Cell, distance: number): number {
  if (index.metric === "cosine") return 1 - distance;
  return index.metric === "ip" ? -distance : distance;
}

function distanceOf({ index }: Cell, score: number): number {
  if (index.metric === "cosine") return 1 - score;
  return index.metric === "ip" ? -score : score;
}
