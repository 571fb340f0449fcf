import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { type ErrorCode, isVicinalError } from "../core/index.ts";
import type { Problem } from "./protocol.ts";
import { REFUSALS, Refusal, type RefusalCode } from "./refusal.ts";

/** Statuses of the library's errors; all others are 400. */
const STATUS: Readonly<Partial<Record<ErrorCode, number>>> = {
  BUSY: 409,
  CLOSED: 409,
  DATASET_MISSING: 404,
  DATASET_UNKNOWN: 404,
  DEPENDENCY_MISSING: 404,
  FORMAT_UNKNOWN: 415,
  KEY_UNKNOWN: 404,
  LIMIT: 413,
  OUT_OF_MEMORY: 413,
  TRAPPED: 500,
  WASM_UNAVAILABLE: 500,
};

/** What a status of those is called, whichever of the library's errors has it. */
const TITLES: Readonly<Record<number, string>> = {
  400: "Bad request",
  404: "Not found",
  409: "Conflict",
  413: "Too large",
  415: "Unsupported media type",
  500: "Internal error",
};

/** A problem that another thread has found. */
export class PassedOn extends Error {
  override readonly name = "PassedOn";
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** An error as the body of a refusal: the library's own say what was wrong, unforeseen ones only that something was. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Refusal) {
    const { status, title } = REFUSALS[error.code];
    return { type: "about:blank", title, status, detail: error.message, code: error.code };
  }
  if (isVicinalError(error)) {
    const status = STATUS[error.code] ?? 400;
    const title = TITLES[status]!;
    return { type: "about:blank", title, status, detail: error.message, code: error.code };
  }
  if (error instanceof PassedOn) return error.problem;
  const { status, title } = REFUSALS.INTERNAL;
  const detail = "Something went wrong on the server; its operator finds more in the server's log.";
  return { type: "about:blank", title, status, detail, code: "INTERNAL" };
}

/** An error as an answer. */
export function refuseError(context: Context, error: unknown): Response {
  const problem = problemOf(error);
  if (problem.status >= 500 && !(error instanceof Refusal || error instanceof PassedOn))
    reportUnforeseen(error);
  const headers = { ...(error instanceof Refusal ? error.headers : {}), "content-type": PROBLEM_TYPE };
  return context.body(JSON.stringify(problem), problem.status as ContentfulStatusCode, headers);
}

export const PROBLEM_TYPE = "application/problem+json";

/** A refusal as an answer. */
export function refuse(context: Context, code: RefusalCode, detail: string): Response {
  return refuseError(context, new Refusal(code, detail));
}

/** For the operator alone; what was asked is not repeated there. */
export function reportUnforeseen(error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`vicinal serve: ${text}\n`);
}
