import { QdrantClient } from "@qdrant/js-client-rest";
import { beforeAll, describe, expect, test } from "vitest";
import { bruteForce, randomMatrix } from "../support/brute.ts";
import { ask, serve } from "./support.ts";

// The official client against this server; what it says is compared with brute force.

const apiKey = "secret";
const { address } = await serve({ apiKey });
const { port } = new URL(address);
const client = new QdrantClient({
  host: "127.0.0.1",
  port: Number(port),
  https: false,
  apiKey,
  checkCompatibility: false,
});

const COUNT = 300;
const base = randomMatrix(COUNT, 8, 5);
const queries = randomMatrix(6, 8, 6);
const vectorOf = (m: typeof base, i: number): number[] =>
  Array.from(m.data.subarray(i * m.cols, (i + 1) * m.cols));
const payloadOf = (i: number): Record<string, unknown> => ({
  colour: ["red", "green", "blue"][i % 3],
  year: 1900 + i,
  tags: [`t${i % 4}`, `u${i % 5}`],
  ...(i % 10 === 0
    ? { author: { name: `a${i % 7}`, born: null }, parts: [{ title: "one" }, { title: `p${i}` }] }
    : {}),
});
const uuid = (i: number): string => `00000000-0000-4000-8000-${String(i).padStart(12, "0")}`;

interface Failed {
  status: number;
  data: { code: string; status: { error: string } };
}
const failing = (call: Promise<unknown>): Promise<Failed> =>
  call.then(
    () => Promise.reject(new Error("it succeeded")),
    (error) => error,
  );

beforeAll(async () => {
  expect(
    await client.createCollection("all", { vectors: { size: 8, distance: "Euclid" }, hnsw_config: { m: 8 } }),
  ).toBe(true);
  for (let from = 0; from < COUNT; from += 100) {
    const points = Array.from({ length: 100 }, (_, i) => ({
      id: from + i,
      vector: vectorOf(base, from + i),
      payload: payloadOf(from + i),
    }));
    expect(await client.upsert("all", { wait: true, points })).toMatchObject({ status: "completed" });
  }
});

describe("collections through Qdrant's client", () => {
  test("are created, told of, listed and deleted", async () => {
    await client.createCollection("mine", { vectors: { size: 4, distance: "Cosine" } });
    expect(await client.collectionExists("mine")).toEqual({ exists: true });
    expect(await client.getCollection("mine")).toMatchObject({
      status: "green",
      points_count: 0,
      config: { params: { vectors: { size: 4, distance: "Cosine" } } },
    });
    expect((await client.getCollections()).collections.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["all", "mine"]),
    );
    const again = await failing(
      client.createCollection("mine", { vectors: { size: 4, distance: "Cosine" } }),
    );
    expect(again).toMatchObject({ status: 409, data: { code: "COLLECTION_EXISTS" } });
    expect(await client.deleteCollection("mine")).toBe(true);
    expect(await client.collectionExists("mine")).toEqual({ exists: false });
    expect(await failing(client.getCollection("mine"))).toMatchObject({ status: 404 });
  });

  test("need the key", async () => {
    const stranger = new QdrantClient({
      host: "127.0.0.1",
      port: Number(port),
      https: false,
      checkCompatibility: false,
    });
    expect(await failing(stranger.getCollections())).toMatchObject({ status: 401 });
  });
});

describe("points through Qdrant's client", () => {
  test("come back with their payloads as they were", async () => {
    const points = await client.retrieve("all", { ids: [30, 7, 999], with_payload: true, with_vector: true });
    expect(points).toEqual([30, 7].map((id) => ({ id, payload: payloadOf(id), vector: vectorOf(base, id) })));
    expect(await client.retrieve("all", { ids: [30], with_payload: ["year"] })).toEqual([
      { id: 30, payload: { year: 1930 } },
    ]);
  });

  test("are upserted in both forms, counted, and deleted by ids and by filter", async () => {
    await client.createCollection("few", { vectors: { size: 2, distance: "Dot" } });
    const vectors = [
      [1, 0],
      [0, 1],
      [1, 1],
    ];
    await client.upsert("few", {
      batch: { ids: [1, uuid(2), 3], vectors, payloads: [{ a: 1 }, { a: 2 }, null as never] },
    });
    await client.upsert("few", {
      points: [
        { id: 3, vector: [9, 9], payload: { a: 7 } },
        { id: 3, vector: [1, 1], payload: { a: 3 } },
      ],
    });
    expect(await client.count("few", { exact: true })).toEqual({ count: 3 });
    expect(await client.count("few", { filter: { must: [{ key: "a", range: { gte: 2 } }] } })).toEqual({
      count: 2,
    });
    await client.delete("few", { points: [1] });
    await client.delete("few", { filter: { must: [{ key: "a", match: { value: 3 } }] } });
    expect((await client.scroll("few", { with_vector: true })).points).toEqual([
      { id: uuid(2), payload: { a: 2 }, vector: [0, 1] },
    ]);
    const response = await ask(address, `/collections/few/points/${uuid(2)}`, {
      headers: { "api-key": apiKey },
    });
    expect(response.json).toMatchObject({ status: "ok", result: { id: uuid(2), payload: { a: 2 } } });
  });

  test("are read page by page", async () => {
    const seen: unknown[] = [];
    let offset: number | undefined;
    do {
      const page = await client.scroll("all", {
        limit: 70,
        with_payload: false,
        ...(offset === undefined ? {} : { offset }),
      });
      seen.push(...page.points.map(({ id }) => id));
      offset = (page.next_page_offset ?? undefined) as number | undefined;
    } while (offset !== undefined);
    expect(seen).toEqual(Array.from({ length: COUNT }, (_, i) => i));
  });

  test("have their payloads set, replaced, pruned and cleared", async () => {
    await client.createCollection("paid", { vectors: { size: 1, distance: "Euclid" } });
    await client.upsert("paid", {
      points: [1, 2, 3].map((id) => ({ id, vector: [id], payload: { id, old: true } })),
    });
    await client.setPayload("paid", { payload: { deep: { er: [1, { x: 2 }] } }, points: [1, 2] });
    await client.overwritePayload("paid", { payload: { only: "this" }, points: [2] });
    await client.deletePayload("paid", { keys: ["old"], points: [1] });
    await client.clearPayload("paid", { filter: { must: [{ key: "id", match: { value: 3 } }] } });
    const { points } = await client.scroll("paid", { with_payload: true });
    expect(points.map(({ payload }) => payload)).toEqual([
      { id: 1, deep: { er: [1, { x: 2 }] } },
      { only: "this" },
      {},
    ]);
  });
});

describe("searches through Qdrant's client", () => {
  test("are those of brute force, with payloads, vectors, offset and threshold", async () => {
    for (let q = 0; q < queries.rows; q++) {
      const want = bruteForce(base, queries, q, "l2", COUNT);
      const found = await client.search("all", {
        vector: vectorOf(queries, q),
        limit: 5,
        offset: 2,
        with_payload: true,
        with_vector: true,
        params: { hnsw_ef: 50, exact: true },
      });
      expect(found.map(({ id }) => id)).toEqual(want.slice(2, 7).map(({ id }) => id));
      for (const [i, { score, payload, vector }] of found.entries()) {
        expect(score).toBeCloseTo(want[i + 2]!.distance, 5);
        expect([payload, vector]).toEqual([payloadOf(want[i + 2]!.id), vectorOf(base, want[i + 2]!.id)]);
      }
      const near = await client.search("all", {
        vector: vectorOf(queries, q),
        limit: 100,
        score_threshold: want[9]!.distance,
      });
      expect(near.length).toBeGreaterThanOrEqual(9);
      expect(near.length).toBeLessThanOrEqual(10);
    }
  });

  test.each([
    ["Cosine", (a: number[], b: number[]) => dot(a, b) / Math.hypot(...a) / Math.hypot(...b)],
    ["Dot", dot],
  ] as const)("under %s score what is most alike first", async (distance, similarity) => {
    const name = `by-${distance}`;
    await client.createCollection(name, { vectors: { size: 8, distance } });
    await client.upsert(name, {
      points: Array.from({ length: COUNT }, (_, id) => ({ id, vector: vectorOf(base, id) })),
    });
    const query = vectorOf(queries, 0);
    const want = Array.from({ length: COUNT }, (_, id) => ({
      id,
      score: similarity(query, vectorOf(base, id)),
    })).sort((a, b) => b.score - a.score);
    const { points } = await client.query(name, { query, limit: 10 });
    expect(points.map(({ id }) => id)).toEqual(want.slice(0, 10).map(({ id }) => id));
    for (const [i, { score }] of points.entries()) expect(score).toBeCloseTo(want[i]!.score, 4);
    const threshold = (want[4]!.score + want[5]!.score) / 2;
    expect((await client.query(name, { query, limit: 50, score_threshold: threshold })).points).toHaveLength(
      5,
    );
  });

  test("by id leave the point out, and come in batches", async () => {
    const want = bruteForce(base, base, 42, "l2", 4)
      .slice(1)
      .map(({ id }) => id);
    expect((await client.query("all", { query: 42, limit: 3 })).points.map(({ id }) => id)).toEqual(want);
    const batch = await client.queryBatch("all", {
      searches: [
        { query: 42, limit: 3 },
        { query: { nearest: vectorOf(base, 42) }, limit: 1 },
      ],
    });
    expect(batch.map(({ points }) => points.map(({ id }) => id))).toEqual([want, [42]]);
    const older = await client.searchBatch("all", { searches: [{ vector: vectorOf(base, 42), limit: 1 }] });
    expect(older.map((points) => points.map(({ id }) => id))).toEqual([[42]]);
  });

  const filters: [unknown, (i: number) => boolean][] = [
    [{ must: [{ key: "colour", match: { value: "red" } }] }, (i) => i % 3 === 0],
    [{ must_not: [{ key: "colour", match: { any: ["red", "blue"] } }] }, (i) => i % 3 === 1],
    [
      {
        must: [
          { key: "colour", match: { except: ["red"] } },
          { key: "year", range: { gte: 1950, lt: 1980 } },
        ],
      },
      (i) => i % 3 !== 0 && i >= 50 && i < 80,
    ],
    [
      { should: [{ key: "tags", match: { value: "t1" } }, { has_id: [4, 8] }] },
      (i) => i % 4 === 1 || i === 4 || i === 8,
    ],
    [{ must: { key: "tags[]", match: { value: "u2" } } }, (i) => i % 5 === 2],
    [{ must: [{ key: "author.name", match: { text: "a3" } }] }, (i) => i % 10 === 0 && i % 7 === 3],
    [{ must: [{ key: "parts[].title", match: { value: "p40" } }] }, (i) => i === 40],
    [{ must: [{ is_empty: { key: "author.name" } }] }, (i) => i % 10 !== 0],
    [{ must: [{ is_null: { key: "author.born" } }] }, (i) => i % 10 === 0],
    [
      {
        must: [
          { key: "tags", values_count: { gt: 1 } },
          { should: [{ has_id: [1] }, { must: [{ has_id: [2] }] }] },
        ],
      },
      (i) => i === 1 || i === 2,
    ],
    [
      {
        min_should: {
          conditions: [{ has_id: [1, 2] }, { has_id: [2, 3] }, { has_id: [2, 4] }],
          min_count: 2,
        },
      },
      (i) => i === 2,
    ],
  ];
  test.each(filters)("under the filter %j answer what passes", async (filter, passes) => {
    const want = bruteForce(base, queries, 0, "l2", COUNT)
      .filter(({ id }) => passes(id))
      .slice(0, 10);
    const found = await client.search("all", {
      vector: vectorOf(queries, 0),
      limit: 10,
      filter: filter as never,
    });
    expect(found.map(({ id }) => id)).toEqual(want.map(({ id }) => id));
    const total = Array.from({ length: COUNT }, (_, i) => i).filter(passes).length;
    expect(await client.count("all", { filter: filter as never })).toEqual({ count: total });
  });
});

test("what is not supported is refused by name", async () => {
  const vector = vectorOf(queries, 0);
  const calls: [() => Promise<unknown>, string, RegExp][] = [
    [
      () => client.createCollection("no", { vectors: { image: { size: 4, distance: "Dot" } } }),
      "UNSUPPORTED",
      /names/,
    ],
    [
      () =>
        client.createCollection("no", {
          vectors: { size: 4, distance: "Dot" },
          sparse_vectors: { text: {} },
        }),
      "UNSUPPORTED",
      /sparse_vectors/,
    ],
    [
      () =>
        client.createCollection("no", {
          vectors: { size: 4, distance: "Dot" },
          quantization_config: { scalar: { type: "int8" } },
        }),
      "UNSUPPORTED",
      /quantization_config/,
    ],
    [() => client.search("all", { vector: { name: "image", vector }, limit: 1 }), "UNSUPPORTED", /named/],
    [() => client.search("all", { vector, limit: 1, shard_key: "x" }), "UNSUPPORTED", /shard_key/],
    [
      () => client.query("all", { prefetch: { query: vector }, query: { fusion: "rrf" } }),
      "UNSUPPORTED",
      /prefetch|nearest/,
    ],
    [() => client.query("all", { query: { recommend: { positive: [1] } } }), "UNSUPPORTED", /recommend/],
    [() => client.scroll("all", { order_by: "year" }), "UNSUPPORTED", /order_by/],
    [
      () =>
        client.search("all", {
          vector,
          limit: 1,
          filter: { must: [{ key: "at", geo_radius: { center: { lat: 0, lon: 0 }, radius: 1 } }] },
        }),
      "UNSUPPORTED",
      /geo_radius/,
    ],
    [
      () =>
        client.search("all", {
          vector,
          limit: 1,
          filter: { must: [{ nested: { key: "parts", filter: {} } }] },
        }),
      "UNSUPPORTED",
      /nested/,
    ],
    [() => client.recommend("all", { positive: [1], limit: 1 }), "NOT_FOUND", /recommend/],
    [() => client.createSnapshot("all"), "NOT_FOUND", /snapshots/],
  ];
  for (const [call, code, words] of calls) {
    const { status, data } = await failing(call());
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(data.code).toBe(code);
    expect(data.status.error).toMatch(words);
  }
  expect(await client.collectionExists("no")).toEqual({ exists: false });
});

function dot(a: number[], b: number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
