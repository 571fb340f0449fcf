import { resolveOptions } from "../core/index.ts";

/** Bounds on what clients ask; each refusal names the bound. */
export interface ServerLimits {
  /** Bytes of a JSON body. */
  jsonBytes: number;
  /** Bytes of a body of vectors or of a file. */
  bodyBytes: number;
  /** Components of a vector. */
  dimension: number;
  /** Neighbours of one query. */
  k: number;
  /** Queries or points of one request. */
  rows: number;
  /** Neighbours that one request may answer in all. */
  answers: number;
  collections: number;
  /** Requests in the works at once; more are told to come again. */
  inFlight: number;
  connections: number;
  /** Bytes of all headers of a request. */
  headerBytes: number;
  /** Milliseconds until a request's headers are there. */
  headersMs: number;
  /** Milliseconds until a whole request is there. */
  requestMs: number;
  /** Milliseconds without a byte of a body that is under way. */
  stallMs: number;
  /** Bytes a second that a body must come at, from the first `stallMs` on. */
  bytesPerSecond: number;
  /** Points from which a collection that may choose its index gets one. */
  indexedRows: number;
  /** Milliseconds without a change after which it is built. */
  indexPauseMs: number;
  /** Milliseconds that what is being answered may take when the server is told to stop. */
  closeMs: number;
}

export const SERVER_LIMITS: ServerLimits = {
  jsonBytes: 32 * 2 ** 20,
  bodyBytes: 2 ** 30,
  dimension: 65_535,
  k: 10_000,
  rows: 100_000,
  answers: 1_000_000,
  collections: 64,
  inFlight: 256,
  connections: 1024,
  headerBytes: 16_384,
  headersMs: 10_000,
  requestMs: 600_000,
  stallMs: 10_000,
  bytesPerSecond: 1024,
  indexedRows: 20_000,
  indexPauseMs: 2_000,
  closeMs: 8_000,
};

export function resolveServerLimits(given?: Partial<ServerLimits>): Readonly<ServerLimits> {
  return resolveOptions(SERVER_LIMITS, given);
}
