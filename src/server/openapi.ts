import { Hono } from "hono";
import { z } from "zod";
import {
  auditAsk,
  buildAsk,
  configureAsk,
  createAsk,
  idsAsk,
  removeAsk,
  scrollAsk,
  searchAsk,
  upsertAsk,
} from "./collections/schemas.ts";
import { FLOATS, NPY } from "./collections/vectorsIn.ts";
import { REFUSALS } from "./refusal.ts";

type Json = Readonly<Record<string, unknown>>;

interface Route {
  readonly method: "get" | "put" | "post" | "patch" | "delete";
  readonly path: string;
  readonly summary: string;
  /** Schema of a JSON body, and whether vectors may come as bytes instead. */
  readonly body?: keyof typeof SCHEMAS;
  readonly binary?: boolean;
  /** Names in the query string, with what they mean. */
  readonly query?: Readonly<Record<string, string>>;
  readonly status: number;
  readonly answer: string;
}

const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  Create: createAsk,
  Configure: configureAsk,
  Upsert: upsertAsk,
  Get: idsAsk,
  Remove: removeAsk,
  Scroll: scrollAsk,
  Search: searchAsk,
  Build: buildAsk,
  Audit: auditAsk,
};

const NAME = "/api/collections/{name}";
const JOB = "{ job }: follow /api/jobs/{job}/events";
const SEARCH_QUERY = {
  k: "neighbours of each query, for a body of bytes",
  filter: "expression, for a body of bytes",
  radius: "all rows this near",
  maxDistance: "no row farther",
  exact: "true compares with every row",
  audit: "true tells the recall too",
};
const FILE_QUERY = {
  format: "of the file: vic, npy, npz, fvecs, bvecs, fbin, u8bin, i8bin, idx, csv, jsonl, text, word2vec",
  metric: "of a file of vectors; default l2",
  index: "specification; default Auto",
  targetRecall: "share of true neighbours to find",
  dtype: "f32, u8, i8 or bits",
  seed: "whole number",
};

const ROUTES: readonly Route[] = [
  {
    method: "get",
    path: "/healthz",
    summary: "Whether the server is well",
    status: 200,
    answer: '{ status: "ok" }',
  },
  {
    method: "get",
    path: "/metrics",
    summary: "Counts and times for Prometheus",
    status: 200,
    answer: "text",
  },
  {
    method: "get",
    path: "/api/collections",
    summary: "All collections",
    status: 200,
    answer: "{ collections }",
  },
  {
    method: "get",
    path: NAME,
    summary: "A collection",
    status: 200,
    answer: "size, dimension, metric, index, …",
  },
  {
    method: "put",
    path: NAME,
    summary: "Create a collection",
    body: "Create",
    status: 201,
    answer: "the collection",
  },
  {
    method: "patch",
    path: NAME,
    summary: "Set search parameters",
    body: "Configure",
    status: 200,
    answer: "the collection",
  },
  { method: "delete", path: NAME, summary: "Delete a collection", status: 204, answer: "nothing" },
  {
    method: "get",
    path: `${NAME}/file`,
    summary: "The collection as a .vic file",
    status: 200,
    answer: "bytes",
  },
  {
    method: "put",
    path: `${NAME}/file`,
    summary: "Create a collection from a file",
    query: FILE_QUERY,
    status: 202,
    answer: JOB,
  },
  {
    method: "post",
    path: `${NAME}/points`,
    summary: "Add or replace points",
    body: "Upsert",
    binary: true,
    query: { firstId: "ids of a body of bytes run from here" },
    status: 200,
    answer: "{ upserted, size, ids? }",
  },
  {
    method: "post",
    path: `${NAME}/points/get`,
    summary: "Points by id",
    body: "Get",
    status: 200,
    answer: "{ points, missing }",
  },
  {
    method: "post",
    path: `${NAME}/points/delete`,
    summary: "Delete points",
    body: "Remove",
    status: 200,
    answer: "{ removed, size }",
  },
  {
    method: "post",
    path: `${NAME}/points/scroll`,
    summary: "Points in the order of their ids",
    body: "Scroll",
    status: 200,
    answer: "{ points, next? }",
  },
  {
    method: "post",
    path: `${NAME}/search`,
    summary: "Nearest neighbours",
    body: "Search",
    binary: true,
    query: SEARCH_QUERY,
    status: 200,
    answer:
      "{ neighbors: [[{ id, distance }]], engineMs, recall? }, or bytes on Accept: application/octet-stream",
  },
  {
    method: "post",
    path: `${NAME}/build`,
    summary: "Build another index beside and put it in place",
    body: "Build",
    status: 202,
    answer: JOB,
  },
  {
    method: "post",
    path: `${NAME}/audit`,
    summary: "Measure recall on rows held",
    body: "Audit",
    status: 202,
    answer: JOB,
  },
  {
    method: "get",
    path: "/api/jobs",
    summary: "Jobs under way and lately ended",
    status: 200,
    answer: "{ jobs }",
  },
  {
    method: "get",
    path: "/api/jobs/{job}",
    summary: "How a job stands",
    status: 200,
    answer: "{ job, what, state, progress? }",
  },
  {
    method: "get",
    path: "/api/jobs/{job}/events",
    summary: "A job's course as server-sent events",
    status: 200,
    answer: "progress …, then result, failed or aborted",
  },
  { method: "delete", path: "/api/jobs/{job}", summary: "Cancel a job", status: 204, answer: "nothing" },
  {
    method: "get",
    path: "/api/session",
    summary: "Whether a key is needed, and was given",
    status: 200,
    answer: "{ keyNeeded, admitted }",
  },
  {
    method: "post",
    path: "/api/session",
    summary: "Give the key, for a browser's cookie",
    status: 204,
    answer: "nothing",
  },
  {
    method: "delete",
    path: "/api/session",
    summary: "End the browser's session",
    status: 204,
    answer: "nothing",
  },
];

/** The server's own API as an OpenAPI 3.1 document; Qdrant's routes are documented by Qdrant. */
function openApiDocument(): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of ROUTES) {
    paths[route.path] ??= {};
    paths[route.path]![route.method] = operationOf(route);
  }
  const schemas = Object.fromEntries(
    Object.entries(SCHEMAS).map(([name, schema]) => {
      const { $schema: _, ...form } = z.toJSONSchema(schema, { unrepresentable: "any", io: "input" });
      return [name, form];
    }),
  );
  return {
    openapi: "3.1.0",
    info: {
      title: "Vicinal",
      version: "1",
      description: "Nearest neighbours over HTTP; docs/server.md is a tour.",
    },
    paths,
    components: {
      schemas: { ...schemas, Problem: PROBLEM },
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        key: { type: "apiKey", in: "header", name: "api-key" },
      },
    },
    security: [{}, { bearer: [] }, { key: [] }],
  };
}

const PROBLEM: Json = {
  type: "object",
  required: ["type", "title", "status", "detail", "code"],
  properties: {
    type: { const: "about:blank" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string", description: "value, rule, fix" },
    code: { type: "string", description: `of docs/errors.md, or one of ${Object.keys(REFUSALS).join(", ")}` },
  },
};

function operationOf({ path, summary, body, binary, query, status, answer }: Route): Json {
  const bytes = { schema: { type: "string", format: "binary" } };
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema:
      name === "name" ? { type: "string", pattern: "^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$" } : { type: "string" },
  }));
  const inQuery = Object.entries(query ?? {}).map(([name, description]) => ({
    ...{ name, in: "query", description },
    schema: { type: "string" },
  }));
  const content = {
    ...(body === undefined
      ? {}
      : { "application/json": { schema: { $ref: `#/components/schemas/${body}` } } }),
    ...(binary === true ? { [FLOATS]: bytes, [NPY]: bytes } : {}),
    ...(path.endsWith("/file") && query !== undefined ? { [FLOATS]: bytes } : {}),
  };
  return {
    summary,
    ...(inPath.length + inQuery.length === 0 ? {} : { parameters: [...inPath, ...inQuery] }),
    ...(Object.keys(content).length === 0 ? {} : { requestBody: { required: true, content } }),
    responses: {
      [status]: { description: answer },
      default: {
        description: "A refusal",
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    },
  };
}

export function openApiRoutes(): Hono {
  const app = new Hono();
  const document = JSON.stringify(openApiDocument());
  app.get("/", (context) => context.body(document, 200, { "content-type": "application/json" }));
  return app;
}
