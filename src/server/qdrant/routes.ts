import { type Context, Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { VicinalError } from "../../core/index.ts";
import type { BuildAsk } from "../collections/asks.ts";
import type { CollectionFacts } from "../collections/registry.ts";
import { type CollectionServices, checkDimension, forward, nameOf } from "../collections/routes.ts";
import { readBody } from "../guards/body.ts";
import { problemOf } from "../problem.ts";
import { Refusal } from "../refusal.ts";
import { requireJson } from "../request.ts";
import { bad, bodyOf, type Json, objectOf, only, wholeOf } from "./asks.ts";

const METRICS: Readonly<Record<string, string>> = {
  Cosine: "cosine",
  Dot: "ip",
  Euclid: "l2",
  Manhattan: "l1",
};

/** Method, path below a collection, handler, and whether it may change points. */
const POINTS = [
  ["put", "/points", "upsert", true],
  ["post", "/points", "retrieve", false],
  ["post", "/points/delete", "delete", true],
  ["post", "/points/payload", "set payload", true],
  ["put", "/points/payload", "overwrite payload", true],
  ["post", "/points/payload/delete", "delete payload", true],
  ["post", "/points/payload/clear", "clear payload", true],
  ["post", "/points/scroll", "scroll", false],
  ["post", "/points/count", "count", false],
  ["post", "/points/search", "search", false],
  ["post", "/points/search/batch", "search batch", false],
  ["post", "/points/query", "query", false],
  ["post", "/points/query/batch", "query batch", false],
] as const;

/** Storage hints of collections, which change no answer. */
const HINTS = [
  ...["optimizers_config", "wal_config", "on_disk_payload", "shard_number", "replication_factor"],
  ...["write_consistency_factor", "strict_mode_config"],
];

/** /collections as Qdrant has it, over the same collections as /api/collections. */
export function qdrantRoutes(services: CollectionServices): Hono {
  const { collections, limits } = services;
  const app = new Hono();
  app.onError((error, context) => refuseAsQdrant(context, error));
  app.use(async (context, next) => {
    context.set("began" as never, performance.now() as never);
    if (context.req.method === "POST" || context.req.method === "PUT") requireJson(context);
    return next();
  });

  app.get("/", (context) => answer(context, { collections: collections.names().map((name) => ({ name })) }));
  app.get("/:name/exists", (context) => answer(context, { exists: collections.has(nameOf(context)) }));
  app.get("/:name", async (context) => answer(context, infoOf(await collections.facts(nameOf(context)))));
  app.put("/:name", async (context) => {
    const body = bodyOf(await readBody(context, limits.jsonBytes, limits));
    only(body, "a collection", ["vectors", "hnsw_config", ...HINTS]);
    const { dimension, metric } = vectorsOf(body["vectors"]);
    checkDimension(dimension, limits);
    const wish = graphOf(body["hnsw_config"]);
    await collections.create(nameOf(context), { dimension, metric, index: "Auto" }, wish);
    return answer(context, true);
  });
  app.delete("/:name", async (context) => {
    const there = collections.has(nameOf(context));
    if (there) await collections.remove(nameOf(context));
    return answer(context, there);
  });
  // Every field can be filtered on without an index of its own.
  const noIndex = async (context: Context): Promise<Response> => {
    await collections.facts(nameOf(context));
    return answer(context, { operation_id: 0, status: "completed" });
  };
  app.put("/:name/index", noIndex);
  app.delete("/:name/index/:field", noIndex);

  for (const [method, path, handler, changes] of POINTS) {
    app[method](`/:name${path}`, (context) => forward(context, services, `qdrant ${handler}`, changes));
  }
  app.get("/:name/points/:id", (context) =>
    forward(context, services, "qdrant point", false, { id: context.req.param("id") }),
  );
  app.all("*", (context) => {
    const what = `${context.req.method} ${context.req.path.slice(0, 200)}`;
    throw new Refusal(
      "NOT_FOUND",
      `${what} is not among the routes of Qdrant's that this server has; see docs/server.md.`,
    );
  });
  return app;
}

function answer(context: Context, result: unknown): Response {
  return context.json({ result, status: "ok", time: secondsOf(context) });
}

function secondsOf(context: Context): number {
  return (
    (performance.now() - ((context.get("began" as never) as number | undefined) ?? performance.now())) / 1000
  );
}

/** Refusals as Qdrant's clients expect them, with the code beside. */
function refuseAsQdrant(context: Context, error: unknown): Response {
  const { detail, code, status } = problemOf(error);
  const headers = error instanceof Refusal ? error.headers : {};
  const body = { status: { error: detail }, code, time: secondsOf(context) };
  return context.json(body, status as ContentfulStatusCode, headers);
}

function vectorsOf(value: unknown): { dimension: number; metric: string } {
  const given = objectOf(value, "vectors");
  if (!("size" in given)) {
    throw new VicinalError("UNSUPPORTED", {
      what: "vectors with names",
      rule: "give vectors: { size, distance }",
    });
  }
  only(given, "vectors", ["size", "distance", "on_disk", "datatype"]);
  const { distance, datatype } = given;
  if ((datatype ?? "float32") !== "float32") {
    throw new VicinalError("UNSUPPORTED", {
      what: `datatype ${String(datatype).slice(0, 40)}`,
      rule: "use float32",
    });
  }
  const metric =
    typeof distance === "string" && Object.hasOwn(METRICS, distance) ? METRICS[distance] : undefined;
  if (metric === undefined)
    throw bad("vectors.distance", distance, `one of ${Object.keys(METRICS).join(", ")}`);
  return { dimension: wholeOf(given, "size", 0, 1), metric };
}

/** The graph that is built once there are many points, where its parameters are given. */
function graphOf(value: unknown): BuildAsk | undefined {
  if (value === null || value === undefined) return undefined;
  const given: Json = objectOf(value, "hnsw_config");
  only(given, "hnsw_config", ["m", "ef_construct", "full_scan_threshold", "max_indexing_threads", "on_disk"]);
  const M = wholeOf(given, "m", 16, 2);
  return {
    index: `HNSW${M}`,
    options: { efConstruction: wholeOf(given, "ef_construct", Math.max(200, 2 * M), 1) },
  };
}

function infoOf({ size, dimension, metric, building, exact }: CollectionFacts): Json {
  const distance = Object.keys(METRICS).find((name) => METRICS[name] === metric) ?? metric;
  return {
    status: building ? "yellow" : "green",
    optimizer_status: "ok",
    points_count: size,
    indexed_vectors_count: exact ? 0 : size,
    segments_count: 1,
    config: {
      params: {
        vectors: { size: dimension, distance },
        shard_number: 1,
        replication_factor: 1,
        write_consistency_factor: 1,
        on_disk_payload: false,
      },
      hnsw_config: { m: 16, ef_construct: 200, full_scan_threshold: 20_000 },
      optimizer_config: {
        deleted_threshold: 0.25,
        vacuum_min_vector_number: 64,
        default_segment_number: 1,
        flush_interval_sec: 0,
      },
      wal_config: { wal_capacity_mb: 0, wal_segments_ahead: 0 },
    },
    payload_schema: {},
  };
}
