import { VicinalError } from "../../core/index.ts";
import type { Key, Metadata, VectorsInput } from "../../indexes/index.ts";
import type { Cell, FilterAsk } from "../engine/cell.ts";
import { type CellRequest, type Handler, jsonAnswer } from "../engine/request.ts";
import { Refusal } from "../refusal.ts";
import type { FilterBody, Id, UpsertAsk } from "./asks.ts";
import { checkForm, idsAsk, parseJson, removeAsk, scrollAsk, upsertAsk } from "./schemas.ts";
import { binaryVectors, checkRows, listedVectors, requireJson } from "./vectorsIn.ts";

/** Adds points, or replaces those whose ids are there. */
export const upsertPoints: Handler = async (cell, request, limits) => {
  const given = await rowsOf(cell, request);
  checkRows(given.count, limits);
  const keys = await cell.upsert(given.vectors, given.ids, given.metadata);
  const told = given.ids === undefined ? { ids: keys } : {};
  return jsonAnswer({ upserted: keys.length, size: cell.index.size, ...told });
};

/** Points by their ids; those that are not there are named. */
export const getPoints: Handler = async (cell, request, limits) => {
  requireJson(request);
  const { ids, withVectors = true } = checkForm(idsAsk, parseJson(request.body!));
  checkRows(ids.length, limits);
  const keys = ids.map((id) => cell.resolve(id));
  const there = keys.filter((key) => cell.index.has(key));
  const missing = ids.filter((_, i) => !cell.index.has(keys[i]!));
  return jsonAnswer({ points: there.map((key) => pointOf(cell, key, withVectors)), missing });
};

/** Takes points out by their ids or by a filter. */
export const removePoints: Handler = async (cell, request, limits) => {
  requireJson(request);
  const { ids, filter } = checkForm(removeAsk, parseJson(request.body!));
  if ((ids === undefined) === (filter === undefined)) throw eitherOr("ids", "filter");
  checkRows(ids?.length ?? 0, limits);
  const keys = ids === undefined ? cell.matches(filterAsk(filter!)) : ids.map((id) => cell.resolve(id));
  const removed = await cell.remove(keys);
  return jsonAnswer({ removed, size: cell.index.size });
};

/** Points in the order of their ids: whole numbers, then text. */
export const scrollPoints: Handler = async (cell, request) => {
  requireJson(request);
  const { limit = 100, after, filter, withVectors = false } = checkForm(scrollAsk, parseJson(request.body!));
  const from = after === undefined ? undefined : cell.resolve(after);
  const { keys, more } = pageOfKeys(
    cell,
    filter === undefined ? undefined : filterAsk(filter),
    limit,
    (key) => (from === undefined ? true : cell.isAfter(key, from)),
  );
  return jsonAnswer({
    points: keys.map((key) => pointOf(cell, key, withVectors)),
    ...(more ? { next: keys.at(-1) } : {}),
  });
};

/** The first keys in order that pass, and whether more would. */
export function pageOfKeys(
  cell: Cell,
  filter: FilterAsk | undefined,
  limit: number,
  passes: (key: Key) => boolean,
): { keys: Key[]; more: boolean } {
  const bits = filter === undefined ? undefined : cell.mask(filter).bits;
  const keys: Key[] = [];
  for (const key of cell.sortedKeys()) {
    if (!passes(key)) continue;
    const slot = bits === undefined ? 0 : cell.slotOf(key);
    if (bits !== undefined && (bits[slot >>> 3]! & (1 << (slot & 7))) !== 0) continue;
    if (keys.length === limit) return { keys, more: true };
    keys.push(key);
  }
  return { keys, more: false };
}

function pointOf(
  cell: Cell,
  key: Key,
  withVector: boolean,
): { id: Key; vector?: number[]; metadata?: Metadata } {
  const metadata = cell.index.metadata(key);
  return {
    id: key,
    ...(withVector ? { vector: Array.from(cell.index.get(key)) } : {}),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

export function filterAsk(filter: FilterBody): FilterAsk {
  return typeof filter === "string"
    ? { language: "expression", value: filter }
    : { language: "conditions", value: filter };
}

export function eitherOr(...names: string[]): Refusal {
  return new Refusal("BAD_JSON", `Give one of ${names.join(", ")}, and only one.`);
}

interface Rows {
  readonly vectors: VectorsInput;
  readonly count: number;
  readonly ids: Key[] | undefined;
  readonly metadata: (Metadata | undefined)[] | undefined;
}

async function rowsOf(cell: Cell, request: CellRequest): Promise<Rows> {
  const binary = await binaryVectors(cell, request);
  if (binary !== undefined) {
    const count =
      "rows" in binary ? (binary.rows as number) : (binary as Float32Array).length / cell.index.dimension;
    return { vectors: binary, count, ids: consecutive(request.query["firstId"], count), metadata: undefined };
  }
  requireJson(request);
  const ask = checkForm(upsertAsk, parseJson(request.body!));
  if ((ask.points === undefined) === (ask.vectors === undefined)) throw eitherOr("points", "vectors");
  const { vectors, ids, metadata } = ask.points === undefined ? columns(ask) : columnsOf(ask.points);
  return {
    vectors: listedVectors(cell, vectors),
    count: vectors.length,
    ids: ids?.map((id) => cell.resolve(id)),
    metadata: metadata as (Metadata | undefined)[] | undefined,
  };
}

interface Columns {
  vectors: readonly (readonly number[])[];
  ids: readonly Id[] | undefined;
  metadata: readonly unknown[] | undefined;
}

function columns({ vectors, ids, metadata }: UpsertAsk): Columns {
  return { vectors: vectors!, ids, metadata: metadata?.map((record) => record ?? undefined) };
}

function columnsOf(points: NonNullable<UpsertAsk["points"]>): Columns {
  const named = points.filter(({ id }) => id !== undefined).length;
  if (named !== 0 && named !== points.length) {
    throw new Refusal(
      "BAD_JSON",
      `${named} of ${points.length} points have an id; give all of them one, or none.`,
    );
  }
  const described = points.some(({ metadata }) => metadata !== undefined && metadata !== null);
  return {
    vectors: points.map(({ vector }) => vector),
    ids: named === 0 ? undefined : points.map(({ id }) => id!),
    metadata: described ? points.map(({ metadata }) => metadata ?? undefined) : undefined,
  };
}

/** Ids of rows that came as bytes: running from a first one, or those that the index gives. */
function consecutive(first: string | undefined, count: number): Key[] | undefined {
  if (first === undefined) return undefined;
  const from = /^\d{1,16}$/.test(first) ? Number(first) : Number.NaN;
  if (!Number.isSafeInteger(from + count)) {
    throw new VicinalError("OPTION_RANGE", {
      option: "firstId",
      got: first,
      rule: "a whole number below 2^53",
    });
  }
  return Array.from({ length: count }, (_, i) => from + i);
}
