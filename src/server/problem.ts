import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { isVicinalError } from "../core/index.ts";
import type { Problem } from "./protocol.ts";

/** An answer that says what was wrong: value, rule, fix. */
export function refuse(
  context: Context,
  status: ContentfulStatusCode,
  code: string,
  detail: string,
): Response {
  const problem: Problem = { type: "about:blank", title: TITLES[status] ?? "Error", status, detail, code };
  return context.body(JSON.stringify(problem), status, { "content-type": "application/problem+json" });
}

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad request",
  401: "Not authorised",
  403: "Forbidden",
  404: "Not found",
  409: "Conflict",
  413: "Too large",
  500: "Internal error",
};

/** An error as an answer: the library's own say what was wrong, others only that something was. */
export function refuseError(context: Context, error: unknown): Response {
  if (!isVicinalError(error)) return refuse(context, 500, "INTERNAL", "Something went wrong on the server.");
  return refuse(context, error.code === "BUSY" ? 409 : 400, error.code, error.message);
}
