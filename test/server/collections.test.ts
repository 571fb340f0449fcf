import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { createRng, type Matrix } from "../../src/core/index.ts";
import { encodeVectors } from "../../src/data/index.ts";
import { open } from "../../src/indexes/index.ts";
import { bruteForce, randomMatrix } from "../support/brute.ts";
import { type Answer, ask, serve } from "./support.ts";

const DIMENSION = 12;
const base = randomMatrix(500, DIMENSION, 1);
const queries = randomMatrix(20, DIMENSION, 2);
const JSON_TYPE = { "content-type": "application/json" };

const { address, app } = await serve();

function send(method: string, path: string, body?: unknown): Promise<Answer> {
  return ask(address, `/api/collections${path}`, { method, headers: JSON_TYPE, body: JSON.stringify(body) });
}

async function ok<T = Record<string, unknown>>(answer: Promise<Answer>, status = 200): Promise<T> {
  const { status: got, json, bytes } = await answer;
  expect({ got, text: got === status ? "" : bytes.toString() }).toEqual({ got: status, text: "" });
  return json as T;
}

async function refusal(answer: Promise<Answer>): Promise<{ status: number; code: string }> {
  const { json, headers } = await answer;
  expect(headers["content-type"]).toBe("application/problem+json");
  const { status, code } = json as { status: number; code: string };
  return { status, code };
}

const rowsOf = (m: Matrix): number[][] =>
  Array.from({ length: m.rows }, (_, i) => Array.from(m.data.subarray(i * m.cols, (i + 1) * m.cols)));
const bytesOf = (m: Matrix): Uint8Array =>
  new Uint8Array(m.data.buffer, m.data.byteOffset, m.data.byteLength);

interface Hits {
  neighbors: { id: number; distance: number; metadata?: Record<string, unknown> }[][];
  recall?: number;
  engineMs: number;
}

function expectNearest(found: Hits["neighbors"], k: number, among: Matrix = base): void {
  expect(found).toHaveLength(queries.rows);
  for (const [q, row] of found.entries()) {
    const want = bruteForce(among, queries, q, "l2", k);
    expect(row.map(({ id }) => id)).toEqual(want.map(({ id }) => id));
    for (const [i, { distance }] of row.entries()) expect(distance).toBeCloseTo(want[i]!.distance, 5);
  }
}

async function filled(name: string, ask: Record<string, unknown> = {}): Promise<void> {
  await ok(send("PUT", `/${name}`, { dimension: DIMENSION, ...ask }), 201);
  const metadata = Array.from({ length: base.rows }, (_, i) => ({
    i,
    even: i % 2 === 0,
    tags: [`t${i % 5}`],
  }));
  await ok(send("POST", `/${name}/points`, { vectors: rowsOf(base), metadata }));
}

/** As filled(), and with so many rows far from all queries that there is time to stop what is done with them. */
async function filledForLong(name: string): Promise<void> {
  await filled(name);
  const rng = createRng(3, "far");
  const far = Float32Array.from({ length: 20_000 * DIMENSION }, () => 1000 + rng.next());
  const body = new Uint8Array(far.buffer);
  const headers = { "content-type": "application/octet-stream" };
  await ok(ask(address, `/api/collections/${name}/points`, { method: "POST", headers, body }));
}

/** The end of a job's events: its result, or its problem. */
async function outcome<T>(started: Promise<Answer>): Promise<T> {
  const { job } = await ok<{ job: string }>(started, 202);
  const text = (await ask(address, `/api/jobs/${job}/events`)).bytes.toString();
  const last = /event: (\w+)\ndata: (.*)\n\n$/.exec(text)!;
  expect(`${last[1]} ${last[1] === "result" ? "" : last[2]}`).toBe("result ");
  return JSON.parse(last[2]!) as T;
}

describe("collections", () => {
  test("are created, told of, listed and deleted", async () => {
    const made = await ok(send("PUT", "/first", { dimension: 3, metric: "cosine" }), 201);
    expect(made).toMatchObject({ name: "first", dimension: 3, metric: "cosine", index: "Flat", size: 0 });
    expect(await ok(send("GET", "/first"))).toMatchObject({ name: "first", building: false });
    const { collections } = await ok<{ collections: { name: string }[] }>(send("GET", ""));
    expect(collections.map(({ name }) => name)).toContain("first");
    expect(await refusal(send("PUT", "/first", { dimension: 3 }))).toEqual({
      status: 409,
      code: "COLLECTION_EXISTS",
    });
    await ok(send("DELETE", "/first"), 204);
    expect(await refusal(send("GET", "/first"))).toEqual({ status: 404, code: "COLLECTION_UNKNOWN" });
  });

  test.each([
    [{}, "BAD_JSON"],
    [{ dimension: 0 }, "BAD_JSON"],
    [{ dimension: 3, metrik: "l2" }, "BAD_JSON"],
    [{ dimension: 3, metric: "manhatten" }, "METRIC_UNKNOWN"],
    [{ dimension: 3, index: "HNSW16,NO" }, "SPEC_SYNTAX"],
    [{ dimension: 3, index: "Flat", options: { M: 3 } }, "OPTION_UNKNOWN"],
    [{ dimension: 3, index: "HNSW16", options: { __proto__: 1, efConstruction: -1 } }, "OPTION_RANGE"],
  ])("are not created from %j", async (body, code) => {
    expect(await refusal(send("PUT", "/never", body))).toEqual({ status: 400, code });
    expect(await refusal(send("GET", "/never"))).toEqual({ status: 404, code: "COLLECTION_UNKNOWN" });
  });
});

describe("points", () => {
  test("are put, got, replaced and taken out by ids that are numbers or text", async () => {
    await ok(send("PUT", "/points", { dimension: 2 }), 201);
    const points = [
      { id: 7, vector: [0, 1], metadata: { colour: "red" } },
      { id: "7", vector: [1, 0] },
    ];
    expect(await ok(send("POST", "/points/points", { points }))).toEqual({ upserted: 2, size: 2 });
    await ok(send("POST", "/points/points", { points: [{ id: 7, vector: [2, 2] }] }));
    expect(await ok(send("POST", "/points/points/get", { ids: [7, "7", 8] }))).toEqual({
      points: [
        { id: 7, vector: [2, 2] },
        { id: "7", vector: [1, 0] },
      ],
      missing: [8],
    });
    expect(await ok(send("POST", "/points/points/delete", { ids: [7, 99] }))).toEqual({
      removed: 1,
      size: 1,
    });
    expect(await ok(send("POST", "/points/points", { vectors: [[5, 5]] }))).toMatchObject({
      upserted: 1,
      ids: [expect.any(Number)],
    });
  });

  test("that are wrong anywhere leave all as it was", async () => {
    await ok(send("PUT", "/whole", { dimension: 2, metric: "cosine" }), 201);
    await ok(send("POST", "/whole/points", { points: [{ id: 1, vector: [0, 1] }] }));
    const wrong: [unknown, string][] = [
      [
        {
          points: [
            { id: 2, vector: [1, 1] },
            { id: 3, vector: [1] },
          ],
        },
        "DIM_MISMATCH",
      ],
      [
        {
          points: [
            { id: 2, vector: [1, 1] },
            { id: 2, vector: [1, 2] },
          ],
        },
        "DUPLICATE_KEY",
      ],
      [
        {
          points: [
            { id: 2, vector: [1, 1] },
            { id: 1, vector: [0, 0] },
          ],
        },
        "ZERO_VECTOR",
      ],
      [{ points: [{ id: 2, vector: [1, "1"] }] }, "BAD_INPUT"],
      [{ points: [{ id: 2, vector: [1, 1] }, { vector: [1, 2] }] }, "BAD_JSON"],
      [{ points: [{ id: 2, vector: [1, 1], metadata: { a: { b: 1 } } }] }, "BAD_INPUT"],
      [{ points: [], vectors: [] }, "BAD_JSON"],
      [{ vectors: [[1, 1]], ids: [1, 2] }, "BAD_INPUT"],
    ];
    for (const [body, code] of wrong) {
      expect(await refusal(send("POST", "/whole/points", body))).toEqual({ status: 400, code });
    }
    expect(await ok(send("POST", "/whole/points/scroll", { withVectors: true }))).toEqual({
      points: [{ id: 1, vector: [0, 1] }],
    });
  });

  test("come as float32 bytes and as .npy too", async () => {
    await ok(send("PUT", "/bytes", { dimension: DIMENSION }), 201);
    const put = (type: string, body: Uint8Array, query = ""): Promise<Answer> =>
      ask(address, `/api/collections/bytes/points${query}`, {
        method: "POST",
        headers: { "content-type": type },
        body,
      });
    await ok(put("application/octet-stream", bytesOf(base)));
    await ok(put("application/x-npy", encodeVectors(queries, "npy"), "?firstId=1000"));
    expect(await ok(send("GET", "/bytes"))).toMatchObject({ size: 520 });
    const { points } = await ok<{ points: { vector: number[] }[] }>(
      send("POST", "/bytes/points/get", { ids: [3, 1019] }),
    );
    expect(points.map(({ vector }) => vector)).toEqual([rowsOf(base)[3], rowsOf(queries)[19]]);
    expect(await refusal(put("application/octet-stream", bytesOf(base).subarray(0, 50)))).toEqual({
      status: 400,
      code: "BAD_INPUT",
    });
    expect(await refusal(put("text/plain", bytesOf(base)))).toEqual({ status: 415, code: "MEDIA_TYPE" });
  });

  test("are read page by page in the order of their ids", async () => {
    await ok(send("PUT", "/pages", { dimension: 1 }), 201);
    const ids = [5, "b", 1, "a", 3, 10];
    await ok(
      send("POST", "/pages/points", { points: ids.map((id, i) => ({ id, vector: [i], metadata: { i } })) }),
    );
    const first = await ok<{ points: { id: unknown }[]; next: unknown }>(
      send("POST", "/pages/points/scroll", { limit: 4 }),
    );
    expect([first.points.map(({ id }) => id), first.next]).toEqual([[1, 3, 5, 10], 10]);
    const second = await ok<{ points: { id: unknown }[] }>(
      send("POST", "/pages/points/scroll", { limit: 4, after: first.next, filter: "i >= 3" }),
    );
    expect(second).toEqual({ points: [{ id: "a", metadata: { i: 3 } }] });
  });
});

describe("a search", async () => {
  await filled("flat");
  await filled("graph", { index: "HNSW16" });

  test.each(["flat", "graph"])("of %s by JSON is that of brute force", async (name) => {
    const { neighbors, engineMs } = await ok<Hits>(
      send("POST", `/${name}/search`, { vectors: rowsOf(queries), k: 7, exact: true }),
    );
    expectNearest(neighbors, 7);
    expect(engineMs).toBeGreaterThan(0);
    const one = await ok<Hits>(
      send("POST", `/${name}/search`, { vector: rowsOf(queries)[4], k: 7, exact: true }),
    );
    expect(one.neighbors).toEqual([neighbors[4]]);
  });

  test("by bytes is answered in JSON or in bytes", async () => {
    const post = (query: string, accept: string): Promise<Answer> =>
      ask(address, `/api/collections/flat/search${query}`, {
        method: "POST",
        headers: { "content-type": "application/octet-stream", accept },
        body: bytesOf(queries),
      });
    expectNearest((await ok<Hits>(post("?k=6", "application/json"))).neighbors, 6);
    const { bytes } = await post("?k=6", "application/octet-stream");
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    expect([view.getUint32(0, true), view.getUint32(4, true), bytes.length]).toEqual([20, 6, 8 + 120 * 12]);
    expectNearest(
      Array.from({ length: 20 }, (_, q) =>
        Array.from({ length: 6 }, (_, i) => ({
          id: view.getFloat64(8 + (q * 6 + i) * 8, true),
          distance: view.getFloat32(8 + 120 * 8 + (q * 6 + i) * 4, true),
        })),
      ),
      6,
    );
    expect(await refusal(post("?k=6&efSaerch=3", "application/json"))).toEqual({
      status: 400,
      code: "OPTION_UNKNOWN",
    });
  });

  test("by id leaves the point itself out", async () => {
    const { neighbors } = await ok<Hits>(send("POST", "/flat/search", { ids: [3, 77], k: 5 }));
    for (const [q, id] of [3, 77].entries()) {
      const want = bruteForce(base, base, id, "l2", 6).filter((hit) => hit.id !== id);
      expect(neighbors[q]!.map((hit) => hit.id)).toEqual(want.map((hit) => hit.id));
    }
    expect(await refusal(send("POST", "/flat/search", { id: "none" }))).toEqual({
      status: 404,
      code: "KEY_UNKNOWN",
    });
  });

  test.each([
    ['even == true and tags == "t3"', (i: number) => i % 2 === 0 && i % 5 === 3],
    [{ i: { $lt: 20 } }, (i: number) => i < 20],
    ["key >= 490", (i: number) => i >= 490],
    [{ i: -1 }, () => false],
  ])("under the filter %j answers what passes, nearest first", async (filter, passes) => {
    for (const name of ["flat", "graph"]) {
      for (let time = 0; time < 2; time++) {
        const { neighbors } = await ok<Hits>(
          send("POST", `/${name}/search`, { vectors: rowsOf(queries), k: 8, filter, exact: true }),
        );
        for (const [q, row] of neighbors.entries()) {
          const want = bruteForce(base, queries, q, "l2", 500)
            .filter(({ id }) => passes(id))
            .slice(0, 8);
          expect(row.map(({ id }) => id)).toEqual(want.map(({ id }) => id));
        }
      }
    }
  });

  test("within a radius answers all rows that near, and none farther", async () => {
    const [near30, near31] = bruteForce(base, queries, 0, "l2", 31).slice(29);
    const radius = (near30!.distance + near31!.distance) / 2;
    const { neighbors } = await ok<Hits>(send("POST", "/flat/search", { vectors: rowsOf(queries), radius }));
    for (const [q, row] of neighbors.entries()) {
      const want = bruteForce(base, queries, q, "l2", 500).filter(({ distance }) => distance <= radius);
      expect(row.map(({ id }) => id)).toEqual(want.map(({ id }) => id));
    }
    const near = await ok<Hits>(
      send("POST", "/flat/search", { vectors: rowsOf(queries), k: 5, maxDistance: radius / 2 }),
    );
    for (const row of near.neighbors)
      for (const { distance } of row) expect(distance).toBeLessThanOrEqual(radius / 2);
  });

  test("tells its recall when asked, and metadata and vectors", async () => {
    const wide = await ok<Hits>(
      send("POST", "/graph/search", { vectors: rowsOf(queries), audit: true, params: { efSearch: 400 } }),
    );
    expect(wide.recall).toBe(1);
    const narrow = await ok<Hits>(
      send("POST", "/graph/search", { vectors: rowsOf(queries), audit: true, k: 1, params: { efSearch: 1 } }),
    );
    expect(narrow.recall).toBeLessThan(1);
    const rich = await ok<Hits>(
      send("POST", "/flat/search", { id: 0, k: 1, withMetadata: true, withVectors: true }),
    );
    const { id } = rich.neighbors[0]![0]!;
    expect(rich.neighbors[0]![0]).toMatchObject({ metadata: { i: id }, vector: rowsOf(base)[id] });
  });

  test.each([
    [{}, "BAD_JSON"],
    [{ vector: [1, 2] }, "DIM_MISMATCH"],
    [{ vector: rowsOf(queries)[0], vectors: rowsOf(queries) }, "BAD_JSON"],
    [{ vector: [...rowsOf(queries)[0]!, ...rowsOf(queries)[0]!] }, "DIM_MISMATCH"],
    [{ vector: rowsOf(queries)[0], k: 0 }, "BAD_K"],
    [{ vector: rowsOf(queries)[0], k: 1.5 }, "BAD_K"],
    [{ vector: rowsOf(queries)[0], filter: "even ==" }, "FILTER_SYNTAX"],
    [{ vector: rowsOf(queries)[0], filter: { i: { $like: 3 } } }, "OPTION_UNKNOWN"],
    [{ vector: rowsOf(queries)[0], params: { threads: 4 } }, "OPTION_UNKNOWN"],
    [{ vector: [null, ...rowsOf(queries)[0]!.slice(1)] }, "BAD_INPUT"],
  ])("asked wrongly, case %#, is refused", async (body, code) => {
    expect(await refusal(send("POST", "/flat/search", body))).toEqual({ status: 400, code });
  });

  test("for more than one may ask is refused", async () => {
    const [vector] = rowsOf(queries);
    expect(await refusal(send("POST", "/flat/search", { vector, k: 10_001 }))).toEqual({
      status: 413,
      code: "LIMIT",
    });
  });
});

describe("an index", () => {
  test("is built beside while points change, and then answers with all changes", async () => {
    await filled("live");
    const { job } = await ok<{ job: string }>(
      send("POST", "/live/build", { index: "HNSW8", options: { efConstruction: 40 } }),
      202,
    );
    await ok(
      send("POST", "/live/points", {
        points: [{ id: "new", vector: rowsOf(queries)[0]!, metadata: { i: -5 } }],
      }),
    );
    await ok(send("POST", "/live/points/delete", { ids: [0, 1, 2] }));
    const during = await ok<Hits>(send("POST", "/live/search", { vector: rowsOf(queries)[0], k: 1 }));
    expect(during.neighbors[0]![0]!.id).toBe("new");
    expect(await app.jobs.outcome(job)).toMatchObject({
      event: "result",
      data: { index: "HNSW8", size: 498 },
    });
    expect(await ok(send("GET", "/live"))).toMatchObject({ index: "HNSW8", size: 498, building: false });
    const after = await ok<Hits>(
      send("POST", "/live/search", { vector: rowsOf(queries)[0], k: 1, withMetadata: true }),
    );
    expect(after.neighbors[0]).toEqual([{ id: "new", distance: 0, metadata: { i: -5 } }]);
    expect(await ok(send("POST", "/live/points/get", { ids: [0, 3], withVectors: false }))).toEqual({
      points: [{ id: 3, metadata: { i: 3, even: false, tags: ["t3"] } }],
      missing: [0],
    });
  });

  test("is built of bytes, bits and directions as of numbers, and finds the same", async () => {
    for (const [name, body, vectors] of [
      ["u8", { dtype: "u8" }, rowsOf(base).map((row) => row.map((value) => Math.floor(value * 255)))],
      [
        "bits",
        { dtype: "bits", metric: "hamming" },
        rowsOf(base).map((row) => row.map((value) => Number(value > 0.5))),
      ],
      ["cosine", { metric: "cosine" }, rowsOf(base)],
    ] as const) {
      await ok(send("PUT", `/of-${name}`, { dimension: DIMENSION, ...body }), 201);
      await ok(send("POST", `/of-${name}/points`, { vectors, ids: vectors.map((_, i) => `p${i}`) }));
      const search = { vectors: vectors.slice(0, 10), k: 5 };
      const before = await ok<Hits>(send("POST", `/of-${name}/search`, search));
      await outcome(send("POST", `/of-${name}/build`, { index: name === "bits" ? "BallTree" : "HNSW16" }));
      const after = await ok<Hits>(send("POST", `/of-${name}/search`, { ...search, exact: true }));
      const distances = ({ neighbors }: Hits): number[][] =>
        neighbors.map((row) => row.map(({ distance }) => distance));
      for (const [q, row] of distances(after).entries()) {
        for (const [i, distance] of row.entries()) expect(distance).toBeCloseTo(distances(before)[q]![i]!, 5);
      }
    }
  });

  test("comes by itself once there are enough points, where the collection may choose", async () => {
    const small = await serve({ limits: { indexedRows: 300, indexPauseMs: 30 } });
    const put = (path: string, method: string, body: unknown): Promise<Answer> =>
      ask(small.address, `/api/collections${path}`, {
        method,
        headers: JSON_TYPE,
        body: JSON.stringify(body),
      });
    await ok(put("/chooses", "PUT", { dimension: DIMENSION, index: "HNSW8", targetRecall: 0.9 }), 201);
    await ok(put("/chooses/points", "POST", { vectors: rowsOf(base).slice(0, 299) }));
    expect(small.app.jobs.list()).toEqual([]);
    await ok(put("/chooses/points", "POST", { vectors: rowsOf(base).slice(299) }));
    while (small.app.jobs.list().length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await small.app.jobs.outcome(small.app.jobs.list()[0]!.job);
    const { json } = await ask(small.address, "/api/collections/chooses");
    expect(json).toMatchObject({ index: "HNSW8", size: 500 });
  });

  test("loses no change that comes while it takes the place of the old one", async () => {
    await filled("swapped");
    const { job } = await ok<{ job: string }>(send("POST", "/swapped/build", { index: "HNSW8" }), 202);
    const sent: number[] = [];
    let over = false;
    void app.jobs.outcome(job).then(() => {
      over = true;
    });
    const writers = Array.from({ length: 4 }, async (_, w) => {
      for (let i = 0; !over || i < 5; i++) {
        const firstId = 10_000 * (w + 1) + i;
        // Packed, so that reading it takes turns of the event loop, in which others come first.
        const body = gzipSync(encodeVectors({ ...queries, rows: 1 }, "npy"));
        const path = `/api/collections/swapped/points?firstId=${firstId}`;
        await ok(
          ask(address, path, { method: "POST", headers: { "content-type": "application/x-npy" }, body }),
        );
        sent.push(firstId);
      }
    });
    await Promise.all(writers);
    expect(await ok(send("POST", "/swapped/points/get", { ids: sent, withVectors: false }))).toMatchObject({
      missing: [],
    });
    expect(await ok(send("GET", "/swapped"))).toMatchObject({ index: "HNSW8", size: 500 + sent.length });
  });

  test("that cannot be built, or whose job is cancelled, leaves the old one", async () => {
    await filledForLong("kept");
    const { job } = await ok<{ job: string }>(send("POST", "/kept/build", { index: "NoSuch" }), 202);
    expect(await app.jobs.outcome(job)).toMatchObject({ event: "failed", data: { code: "SPEC_SYNTAX" } });
    const slow = await ok<{ job: string }>(
      send("POST", "/kept/build", { index: "HNSW32", options: { efConstruction: 500 } }),
      202,
    );
    expect(await refusal(send("POST", "/kept/build", {}))).toEqual({ status: 409, code: "BUILDING" });
    await ask(address, `/api/jobs/${slow.job}`, { method: "DELETE" });
    expect((await app.jobs.outcome(slow.job)).event).toBe("aborted");
    expect(await ok(send("GET", "/kept"))).toMatchObject({ index: "Flat", size: 20_500, building: false });
    expectNearest(
      (await ok<Hits>(send("POST", "/kept/search", { vectors: rowsOf(queries), k: 3 }))).neighbors,
      3,
    );
  });

  test("is of the collection's own dimension, whatever its options say", async () => {
    await filled("same");
    for (const options of [{ dimension: 6 }, { seed: 7 }]) {
      expect(await refusal(send("POST", "/same/build", { index: "HNSW8", options }))).toEqual({
        status: 400,
        code: "BAD_JSON",
      });
      expect(await refusal(send("PUT", "/other", { dimension: 3, options }))).toEqual({
        status: 400,
        code: "BAD_JSON",
      });
    }
    expect(await refusal(send("PUT", "/other", { dimension: 3, targetRecall: 2 }))).toEqual({
      status: 400,
      code: "BAD_JSON",
    });
    expect(await ok(send("GET", "/same"))).toMatchObject({ size: 500, dimension: DIMENSION });
  });

  test("and an audit under way end with their collection", async () => {
    for (const [what, body] of [
      ["build", { index: "HNSW32", options: { efConstruction: 500 } }],
      ["audit", { sample: 5000, k: 50 }],
    ] as const) {
      await filledForLong("doomed");
      const { job } = await ok<{ job: string }>(send("POST", `/doomed/${what}`, body), 202);
      await ok(send("DELETE", "/doomed"), 204);
      expect((await app.jobs.outcome(job)).event).toBe("aborted");
    }
  });

  test("is audited as a job, and its search parameters are set", async () => {
    await filled("audited", { index: "HNSW16" });
    expect(await ok(send("PATCH", "/audited", { params: { efSearch: 333 } }))).toMatchObject({
      params: { efSearch: 333 },
    });
    const report = await outcome<{ recall: number; sample: number }>(
      send("POST", "/audited/audit", { sample: 50 }),
    );
    expect(report).toMatchObject({ sample: 50, params: { efSearch: 333 } });
    expect(report.recall).toBeGreaterThan(0.9);
  });
});

describe("files", () => {
  const upload = (path: string, body: Uint8Array): Promise<Answer> =>
    ask(address, `/api/collections${path}`, {
      method: "PUT",
      headers: { "content-type": "application/octet-stream" },
      body,
    });

  test("go up in any format and come back as .vic, which opens with the same rows", async () => {
    for (const format of ["npy", "fvecs", "fbin", "csv"] as const) {
      const made = await outcome(
        upload(`/up-${format}/file?format=${format}&index=Flat`, encodeVectors(base, format)),
      );
      expect(made).toMatchObject({ name: `up-${format}`, size: 500, index: "Flat" });
      const { neighbors } = await ok<Hits>(
        send("POST", `/up-${format}/search`, { vectors: rowsOf(queries), k: 3 }),
      );
      expectNearest(neighbors, 3);
    }
    const { bytes, headers } = await ask(address, "/api/collections/up-npy/file");
    expect(headers["content-disposition"]).toBe('attachment; filename="up-npy.vic"');
    const index = await open(bytes);
    expect(Array.from(index.get(17))).toEqual(rowsOf(base)[17]);
    await outcome(upload("/again/file", bytes));
    expectNearest(
      (await ok<Hits>(send("POST", "/again/search", { vectors: rowsOf(queries), k: 3 }))).neighbors,
      3,
    );
  });

  test("that cannot be read leave no collection behind", async () => {
    for (const [path, body] of [
      ["/bad/file?format=npy", Uint8Array.of(1, 2, 3)],
      ["/bad/file", Uint8Array.of(1, 2, 3)],
      ["/bad/file?format=hdf5", encodeVectors(base, "npy")],
      ["/bad/file?format=vic", encodeVectors(base, "npy")],
    ] as const) {
      const { job } = await ok<{ job: string }>(upload(path, body), 202);
      expect(await app.jobs.outcome(job)).toMatchObject({
        event: "failed",
        data: { code: expect.stringMatching(/^FORMAT/) },
      });
      expect(await refusal(send("GET", "/bad"))).toEqual({ status: 404, code: "COLLECTION_UNKNOWN" });
    }
  });
});

test("a refusal's title is that of its status", async () => {
  await ok(send("PUT", "/titles", { dimension: 2 }), 201);
  const titles = [];
  for (const [path, body] of [
    ["/titles/search", { id: 5 }],
    ["/titles/search", { vector: [1, 2], k: 0 }],
    ["/titles/search", { vector: [1, 2], k: 20_000 }],
  ] as const) {
    titles.push(((await send("POST", path, body)).json as { title: string }).title);
  }
  expect(titles).toEqual(["Not found", "Bad request", "Too large"]);
});

test("/metrics tells requests, searches and points", async () => {
  await ask(address, "/healthz");
  await ask(address, "/api/collections/flat");
  await ask(address, "/api/collections/flat/file");
  await ask(address, "/collections/flat");
  await ask(address, "/nothing/here");
  const text = (await ask(address, "/metrics")).bytes.toString();
  expect(text).toMatch(
    /vicinal_requests_total\{method="POST",route="\/api\/collections\/:name\/search",status="200"\} \d+/,
  );
  for (const route of [
    "/healthz",
    "/api/collections/:name",
    "/api/collections/:name/file",
    "/collections/:name",
  ])
    expect(text).toContain(`vicinal_requests_total{method="GET",route="${route}",status="200"}`);
  expect(text).not.toContain("nothing");
  expect(text).toMatch(/vicinal_searches_total \d{2,}/);
  expect(text).toMatch(/vicinal_points\{collection="flat"\} 500/);
  expect(text).toMatch(/vicinal_event_loop_lag_seconds\{quantile="0.99"\} [\d.e-]+/);
});
