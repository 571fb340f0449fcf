import type { ServerLimits } from "../limits.ts";
import type { Cell } from "./cell.ts";

/** A request about one collection, as it comes to the thread that holds it: bodies are read and answers written there. */
export interface CellRequest {
  readonly query: Readonly<Record<string, string>>;
  /** Media type of the body, without parameters. */
  readonly type: string;
  readonly accept: string;
  readonly body: ArrayBuffer | undefined;
}

export interface CellAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: Uint8Array<ArrayBuffer>;
  /** Queries answered and seconds in the engine, where it was a search. */
  readonly searched?: { readonly queries: number; readonly seconds: number };
  readonly points: number;
}

export type Handler = (
  cell: Cell,
  request: CellRequest,
  limits: Readonly<ServerLimits>,
) => Promise<Omit<CellAnswer, "points">>;

const encoder = new TextEncoder();

export function jsonAnswer(value: unknown, status = 200): Omit<CellAnswer, "points"> {
  return { status, type: "application/json", body: encoder.encode(JSON.stringify(value, plainly)) };
}

/** JSON has no bigints; they are written as text. */
function plainly(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
