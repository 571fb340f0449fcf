import { checkK, VicinalError } from "../../core/index.ts";
import type { Key, SearchParams } from "../../indexes/index.ts";
import type { Cell, StoredRows } from "../engine/cell.ts";
import { type CellAnswer, type CellRequest, type Handler, jsonAnswer } from "../engine/request.ts";
import { type Found, type SearchAsk, searchCell } from "../engine/search.ts";
import type { ServerLimits } from "../limits.ts";
import { Refusal } from "../refusal.ts";
import type { SearchBody } from "./asks.ts";
import { eitherOr, filterAsk } from "./points.ts";
import { checkForm, parseJson, searchAsk } from "./schemas.ts";
import { binaryVectors, checkRows, FLOATS, listedVectors, requireJson, storedRows } from "./vectorsIn.ts";

interface Wanted {
  readonly rows: StoredRows;
  readonly count: number;
  readonly ask: SearchAsk;
  readonly withMetadata: boolean;
  readonly withVectors: boolean;
}

/** Neighbours of vectors, or of points by their ids; within a radius or the k nearest. */
export const searchPoints: Handler = async (cell, request, limits) => {
  const start = performance.now();
  const wanted = await readAsk(cell, request, limits);
  const found = await searchCell(cell, wanted.rows, wanted.count, wanted.ask, limits);
  const searched = { queries: wanted.count, seconds: found.seconds };
  if (request.accept === FLOATS) return { ...binaryAnswer(found), searched };
  const neighbors = found.hits.map(({ keys, distances }) =>
    keys.map((key, i) => ({
      id: key,
      distance: distances[i],
      ...(wanted.withMetadata ? { metadata: cell.index.metadata(key) ?? {} } : {}),
      ...(wanted.withVectors ? { vector: Array.from(cell.index.get(key)) } : {}),
    })),
  );
  return {
    ...jsonAnswer({
      neighbors,
      ...(found.recall === undefined ? {} : { recall: found.recall }),
      engineMs: found.seconds * 1000,
      threadMs: performance.now() - start,
    }),
    searched,
  };
};

async function readAsk(cell: Cell, request: CellRequest, limits: ServerLimits): Promise<Wanted> {
  const binary = await binaryVectors(cell, request);
  const body = binary === undefined ? bodyOf(request) : askOfQuery(request.query);
  const { rows, count, except } = queriesOf(cell, binary, body, limits);
  const k = checkK(body.k ?? 10);
  if (k > limits.k) throw new VicinalError("LIMIT", { what: "k", got: k, limit: limits.k });
  return {
    rows,
    count,
    ask: {
      k,
      exact: body.exact,
      params: paramsOf(cell, body.params),
      maxDistance: body.maxDistance,
      radius: body.radius,
      audit: body.audit,
      filter: body.filter === undefined ? undefined : filterAsk(body.filter),
      except,
    },
    withMetadata: body.withMetadata ?? false,
    withVectors: body.withVectors ?? false,
  };
}

function bodyOf(request: CellRequest): SearchBody {
  requireJson(request);
  return checkForm(searchAsk, parseJson(request.body!));
}

function queriesOf(
  cell: Cell,
  binary: Awaited<ReturnType<typeof binaryVectors>>,
  { vector, vectors, id, ids }: SearchBody,
  limits: ServerLimits,
): { rows: StoredRows; count: number; except?: Key[] } {
  const given = [binary, vector, vectors, id, ids].filter((each) => each !== undefined);
  if (given.length !== 1) throw eitherOr("vector", "vectors", "id", "ids");
  if (id === undefined && ids === undefined) {
    const input = binary ?? listedVectors(cell, vectors ?? [vector!]);
    const stored = storedRows(cell, input);
    checkRows(stored.count, limits);
    return stored;
  }
  const asked = ids ?? [id!];
  checkRows(asked.length, limits);
  const keys = asked.map((each) => cell.resolve(each));
  const parts = keys.map((key) => cell.index.get(key));
  const width = parts[0]?.length ?? 0;
  const rows = new ((parts[0] ?? new Float32Array(0)).constructor as Float32ArrayConstructor)(
    parts.length * width,
  );
  for (const [i, part] of parts.entries()) rows.set(part, i * width);
  return { rows, count: parts.length, except: keys };
}

/** Names other than the index's own would reach options that are not the client's to set. */
function paramsOf({ index }: Cell, params: SearchParams | undefined): SearchParams | undefined {
  for (const got of Object.keys(params ?? {})) {
    if (!index.searchParams.includes(got))
      throw new VicinalError("OPTION_UNKNOWN", { got, known: index.searchParams });
  }
  return params;
}

const FLAGS = ["exact", "audit"] as const;
const NUMBERS = ["k", "radius", "maxDistance"] as const;

/** With vectors as the body, what else is asked stands in the query string; what it does not know is of the index. */
function askOfQuery(query: Readonly<Record<string, string>>): SearchBody {
  const params: Record<string, number> = {};
  const ask: SearchBody = { params };
  for (const [name, text] of Object.entries(query)) {
    if (name === "filter") ask.filter = text;
    else if (FLAGS.some((flag) => flag === name)) {
      if (text !== "true" && text !== "false") {
        throw new VicinalError("OPTION_RANGE", { option: name, got: text, rule: "true or false" });
      }
      ask[name as (typeof FLAGS)[number]] = text === "true";
    } else if (NUMBERS.some((number) => number === name))
      ask[name as (typeof NUMBERS)[number]] = numberOf(name, text);
    else params[name] = numberOf(name, text);
  }
  return ask;
}

function numberOf(option: string, text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!Number.isFinite(value))
    throw new VicinalError("OPTION_RANGE", { option, got: text, rule: "a finite number" });
  return value;
}

/**
 * Answers without text, little-endian: uint32 queries, uint32 k (the longest row's length), then row-major queries × k
 * float64 ids, then as many float32 distances; NaN where a row is short.
 */
function binaryAnswer({ hits }: Found): Omit<CellAnswer, "points"> {
  const columns = hits.reduce((most, { keys }) => Math.max(most, keys.length), 0);
  const cells = hits.length * columns;
  const view = new DataView(new ArrayBuffer(8 + cells * 12));
  view.setUint32(0, hits.length, true);
  view.setUint32(4, columns, true);
  for (const [q, { keys, distances }] of hits.entries()) {
    for (let i = 0; i < columns; i++) {
      const at = q * columns + i;
      const key = keys[i];
      if (key !== undefined && typeof key !== "number") {
        throw new Refusal(
          "NOT_ACCEPTABLE",
          "Ids of this collection are not all numbers; ask for application/json.",
        );
      }
      view.setFloat64(8 + at * 8, key ?? Number.NaN, true);
      view.setFloat32(8 + cells * 8 + at * 4, distances[i] ?? Number.NaN, true);
    }
  }
  return { status: 200, type: FLOATS, body: new Uint8Array(view.buffer) };
}
