import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { REFUSALS } from "../../src/server/refusal.ts";
import { ask, serve } from "./support.ts";

type Json = Record<string, never>;

const { address, app } = await serve();
const document = (await ask(address, "/openapi.json")).json as {
  openapi: string;
  paths: Record<string, Record<string, { requestBody?: unknown; parameters?: unknown[] }>>;
  components: { schemas: Record<string, Json> };
};

/** Routes of the program itself, in the form of the document. */
function routesBelow(prefix: RegExp): string[] {
  const written = app.hono.routes
    .filter(({ method, path }) => method !== "ALL" && prefix.test(path))
    .map(
      ({ method, path }) =>
        `${method.toLowerCase()} ${path.replace(/:(\w+)/g, (_, name) => `{${name === "id" ? "job" : name}}`).replace(/(.)\/$/, "$1")}`,
    );
  return [...new Set(written)].sort();
}

test("the document names every route of collections, jobs and sessions, and no other", () => {
  const told = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  const routes = routesBelow(/^\/(healthz|metrics|api\/(collections|jobs|session))/);
  expect(told.sort()).toEqual(routes);
  expect(document.openapi).toBe("3.1.0");
});

test("its schemas take what the routes take, and refuse what they refuse", async () => {
  const ajv = new Ajv2020({ strict: false });
  const { schemas } = document.components;
  const compiled = (name: string) => ajv.compile(schemas[name]!);
  const [create, search, upsert] = [compiled("Create"), compiled("Search"), compiled("Upsert")];
  expect(create({ dimension: 3, metric: "l2", index: "HNSW16", options: { efConstruction: 50 } })).toBe(true);
  expect([create({}), create({ dimension: 0 }), create({ dimension: 3, no: 1 })]).toEqual([
    false,
    false,
    false,
  ]);
  expect(search({ vector: [1, 2, 3], k: 3, filter: { a: 1 }, params: { efSearch: 5 } })).toBe(true);
  expect([search({ vector: "x" }), search({ vectors: [1] }), search({ params: [] })]).toEqual([
    false,
    false,
    false,
  ]);
  expect(upsert({ points: [{ id: "a", vector: [1], metadata: { b: 2 } }] })).toBe(true);
  expect(upsert({ points: [{ id: {}, vector: [1] }] })).toBe(false);
});

test("every refusal that the server gives has its status and title", () => {
  for (const [code, { status, title }] of Object.entries(REFUSALS)) {
    expect(code).toMatch(/^[A-Z_]+$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(title.length).toBeGreaterThan(3);
  }
});
