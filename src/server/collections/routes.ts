import { type Context, Hono } from "hono";
import { DTYPES, oneOf, VicinalError } from "../../core/index.ts";
import type { FileAsk } from "../engine/load.ts";
import type { CellAnswer, CellRequest } from "../engine/request.ts";
import { readBody } from "../guards/body.ts";
import type { ServerLimits } from "../limits.ts";
import type { Metrics } from "../metrics.ts";
import { Refusal } from "../refusal.ts";
import { requireJson, typeOf } from "../request.ts";
import type { Collections } from "./registry.ts";
import { auditAsk, buildAsk, checkForm, configureAsk, createAsk, parseJson } from "./schemas.ts";
import { FLOATS, NPY } from "./vectorsIn.ts";

export interface CollectionServices {
  readonly collections: Collections;
  readonly limits: Readonly<ServerLimits>;
  readonly metrics: Metrics;
}

/** Routes about points: method, path below a collection, what answers, and whether it may change points. */
const POINTS = [
  ["post", "/points", "upsert", true],
  ["post", "/points/get", "get", false],
  ["post", "/points/delete", "remove", true],
  ["post", "/points/scroll", "scroll", false],
  ["post", "/search", "search", false],
] as const;

/** /api/collections. */
export function collectionRoutes(services: CollectionServices): Hono {
  const { collections, limits } = services;
  const app = new Hono();
  const json = async (context: Context): Promise<unknown> => {
    requireJson(context);
    return parseJson(await readBody(context, limits.jsonBytes, limits));
  };

  app.get("/", async (context) => context.json({ collections: await collections.list() }));
  app.get("/:name", async (context) => context.json(await collections.facts(nameOf(context))));
  app.put("/:name", async (context) => {
    const ask = checkForm(createAsk, await json(context));
    checkDimension(ask.dimension, limits);
    return context.json(await collections.create(nameOf(context), ask), 201);
  });
  app.patch("/:name", async (context) => {
    const { params } = checkForm(configureAsk, await json(context));
    return context.json(await collections.configure(nameOf(context), params));
  });
  app.delete("/:name", async (context) => {
    await collections.remove(nameOf(context));
    return context.body(null, 204);
  });

  app.get("/:name/file", async (context) => {
    const name = nameOf(context);
    const bytes = await collections.file(name);
    const disposition = `attachment; filename="${name}.vic"`;
    return context.body(bytes, 200, { "content-type": FLOATS, "content-disposition": disposition });
  });
  app.put("/:name/file", async (context) => {
    const name = nameOf(context);
    if (collections.has(name))
      throw new Refusal("COLLECTION_EXISTS", `There is a collection ${name} already.`);
    const ask = fileAsk(context.req.query());
    const bytes = await readBody(context, limits.bodyBytes, limits);
    return context.json({ job: collections.startLoad(name, { ...ask, bytes }) }, 202);
  });

  app.post("/:name/build", async (context) => {
    const ask = checkForm(buildAsk, await json(context));
    return context.json({ job: collections.startBuild(nameOf(context), ask) }, 202);
  });
  app.post("/:name/audit", async (context) => {
    const ask = checkForm(auditAsk, await json(context));
    return context.json({ job: collections.startAudit(nameOf(context), ask) }, 202);
  });

  for (const [method, path, handler, changes] of POINTS) {
    app[method](`/:name${path}`, (context) => forward(context, services, handler, changes));
  }
  return app;
}

/** Hands a request to the thread that holds the collection, and its answer back. */
export async function forward(
  context: Context,
  { collections, limits, metrics }: CollectionServices,
  handler: string,
  changes: boolean,
  more: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const name = nameOf(context);
  if (!collections.has(name)) await collections.facts(name);
  const type = typeOf(context);
  const isBinary = type === FLOATS || type === NPY;
  const hasBody = context.req.method !== "GET" && context.req.method !== "DELETE";
  const request: CellRequest = {
    query: { ...context.req.query(), ...more },
    type,
    accept: acceptOf(context),
    body: hasBody
      ? await readBody(context, isBinary ? limits.bodyBytes : limits.jsonBytes, limits)
      : undefined,
  };
  const answer: CellAnswer = await collections.request(name, handler, request, changes);
  if (answer.searched !== undefined) metrics.searched(answer.searched);
  return context.body(answer.body, answer.status as 200, { "content-type": answer.type });
}

export function nameOf(context: Context): string {
  return context.req.param("name") ?? "";
}

function acceptOf(context: Context): string {
  const accept = context.req.header("accept") ?? "";
  return accept.includes(FLOATS) ? FLOATS : "application/json";
}

export function checkDimension(dimension: number, limits: ServerLimits): void {
  if (dimension <= limits.dimension) return;
  throw new VicinalError("LIMIT", { what: "dimension", got: dimension, limit: limits.dimension });
}

const FILE_OPTIONS = ["format", "metric", "index", "targetRecall", "dtype", "seed"];

/** How an uploaded file is to be read and indexed, from the query string. */
function fileAsk(query: Readonly<Record<string, string>>): FileAsk {
  for (const got of Object.keys(query)) {
    if (!FILE_OPTIONS.includes(got)) throw new VicinalError("OPTION_UNKNOWN", { got, known: FILE_OPTIONS });
  }
  const { format, metric, index, dtype, targetRecall, seed } = query;
  return {
    ...{ format, metric, index },
    dtype: dtype === undefined ? undefined : oneOf("dtype", dtype, DTYPES),
    targetRecall: targetRecall === undefined ? undefined : Number(targetRecall),
    seed: seed === undefined ? undefined : Number(seed),
  };
}
