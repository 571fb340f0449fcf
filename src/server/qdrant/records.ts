import type { Key } from "../../indexes/index.ts";
import type { Cell, FilterAsk } from "../engine/cell.ts";
import type { Json, Selection } from "./asks.ts";
import { payloadOf } from "./payload.ts";

/** A point as Qdrant shows it. */
export function recordOf(cell: Cell, key: Key, payload: Selection, vector: boolean): Json {
  const selected = payload(payloadOf(cell.index.metadata(key)) as Json);
  return {
    id: key,
    ...(selected === undefined ? {} : { payload: selected }),
    ...(vector ? { vector: Array.from(cell.index.get(key)) } : {}),
  };
}

export function filterOf(body: Json): FilterAsk | undefined {
  const { filter } = body;
  return filter === null || filter === undefined ? undefined : { language: "qdrant", value: filter };
}
