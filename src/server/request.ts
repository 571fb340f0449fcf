import type { Context } from "hono";
import type { z } from "zod";
import { VicinalError } from "../core/index.ts";
import { readBody } from "./guards/body.ts";
import type { ServerLimits } from "./limits.ts";
import { Refusal } from "./refusal.ts";

/** Bytes of a request of the app: a picture as numbers is the largest. */
const MOST_BYTES = 8 * 2 ** 20;

/**
 * The JSON body of a request, of that form.
 *
 * @throws Refusal as reading a body does, MEDIA_TYPE and BAD_JSON; BAD_INPUT that says where it is of another form
 */
export async function readRequest<T extends z.ZodType>(
  context: Context,
  form: T,
  limits: Readonly<ServerLimits>,
): Promise<z.infer<T>> {
  requireJson(context);
  const bytes = await readBody(context, Math.min(MOST_BYTES, limits.jsonBytes), limits);
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new Refusal("BAD_JSON", "The body is not JSON in UTF-8.", {}, { cause });
  }
  const read = form.safeParse(body);
  if (read.success) return read.data;
  const { path, message } = read.error.issues[0]!;
  const what = path.length === 0 ? "request" : `request's ${path.join(".")}`;
  throw new VicinalError("BAD_INPUT", {
    what,
    got: "not accepted",
    rule: `of the documented form (${message})`,
  });
}

export function typeOf(context: Context): string {
  return (context.req.header("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
}

/** @throws Refusal MEDIA_TYPE: pages of other sites cannot send JSON without being asked first */
export function requireJson(context: Context): void {
  const type = typeOf(context);
  if (type === "application/json") return;
  throw new Refusal(
    "MEDIA_TYPE",
    `Content-Type is ${type === "" ? "missing" : type.slice(0, 100)}; it must be application/json.`,
  );
}
