import { Agent, request as httpRequest } from "node:http";
import { connect, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRng, type Rng } from "../../src/core/index.ts";
import { bruteForce, randomMatrix } from "../support/brute.ts";
import { type Answer, ask, askRaw, serve } from "./support.ts";

// What the design calls S1 to S9: requests of people who mean no good, or know no better.

const SEED = 20_261_121;
const REQUESTS = 2000;
const base = randomMatrix(200, 4, 3);
const rows = Array.from({ length: 200 }, (_, i) => Array.from(base.data.subarray(i * 4, i * 4 + 4)));
const JSON_TYPE = { "content-type": "application/json" };

const { address } = await serve({ limits: { jsonBytes: 1 << 20, bodyBytes: 1 << 21 } });

function send(method: string, path: string, body: unknown, at = address): Promise<Answer> {
  return ask(at, path, { method, headers: JSON_TYPE, body: JSON.stringify(body) });
}

beforeAll(async () => {
  await send("PUT", "/api/collections/good", { dimension: 4 });
  const metadata = rows.map((_, i) => ({ i, text: "<script>alert(1)</script>" }));
  expect((await send("POST", "/api/collections/good/points", { vectors: rows, metadata })).status).toBe(200);
});

async function isGood(at = address): Promise<boolean> {
  const q = 17;
  const { json, status } = await send("POST", "/api/collections/good/search", { vector: rows[q], k: 5 }, at);
  const want = bruteForce(base, base, q, "l2", 5).map(({ id }) => id);
  const found = (json as { neighbors?: { id: number }[][] }).neighbors?.[0]?.map(({ id }) => id);
  return status === 200 && JSON.stringify(found) === JSON.stringify(want);
}

/** Good requests, of which bad ones are made. */
const GOOD: readonly [method: string, path: string, body: unknown][] = [
  ["PUT", "/api/collections/extra", { dimension: 4, metric: "l2", index: "Flat", seed: 1, options: {} }],
  [
    "POST",
    "/api/collections/good/search",
    { vector: rows[0], k: 3, filter: { i: { $gte: 3 } }, params: {}, exact: true },
  ],
  [
    "POST",
    "/api/collections/good/search",
    { ids: [1, 2], k: 3, filter: 'i > 3 and text != "x"', audit: true },
  ],
  [
    "POST",
    "/api/collections/spare/points",
    { points: [{ id: 1, vector: [1, 2, 3, 4], metadata: { a: 1, b: ["x"] } }] },
  ],
  ["POST", "/api/collections/spare/points", { vectors: [[1, 2, 3, 4]], ids: ["a"], metadata: [null] }],
  ["POST", "/api/collections/good/points/get", { ids: [1, "2"], withVectors: true }],
  ["POST", "/api/collections/spare/points/delete", { filter: { i: 1000 } }],
  ["POST", "/api/collections/good/points/scroll", { limit: 3, after: 5, filter: "i < 100" }],
  ["PATCH", "/api/collections/good", { params: {} }],
  ["POST", "/api/collections/spare/build", { index: "Flat", k: 10, seed: 1 }],
  ["POST", "/api/collections/good/audit", { sample: 5, k: 3 }],
  ["PUT", "/collections/extra", { vectors: { size: 4, distance: "Dot" }, hnsw_config: { m: 8 } }],
  [
    "PUT",
    "/collections/spare/points",
    { points: [{ id: 1, vector: [1, 2, 3, 4], payload: { a: { b: [1, { c: 2 }] } } }] },
  ],
  [
    "POST",
    "/collections/good/points/search",
    { vector: rows[0], limit: 3, filter: { must: [{ key: "i", range: { gt: 3 } }] } },
  ],
  [
    "POST",
    "/collections/good/points/query",
    { query: 3, limit: 3, with_payload: ["i"], params: { hnsw_ef: 3 } },
  ],
  ["POST", "/collections/good/points/query/batch", { searches: [{ query: rows[1], limit: 2 }] }],
  [
    "POST",
    "/collections/good/points/scroll",
    { filter: { should: [{ has_id: [1, 2] }] }, limit: 2, offset: 1 },
  ],
  ["POST", "/collections/spare/points/payload", { payload: { z: 1 }, points: [1] }],
];

const ODD: readonly unknown[] = [
  null,
  true,
  -1,
  0.5,
  1e308,
  -0,
  2 ** 53,
  2 ** 31,
  "",
  "x",
  "__proto__",
  "\u0000",
  "../../etc/passwd",
  "é".repeat(200),
  [],
  {},
  [[]],
  [null],
  [1, "2"],
  { $gt: {} },
  { __proto__: null, constructor: 1 },
  { toString: 1 },
  "a".repeat(5000),
  Array(2000).fill(1),
  "HNSW99999",
  "http://127.0.0.1:1/x",
];

function pick<T>(rng: Rng, list: readonly T[]): T {
  return list[Math.floor(rng.next() * list.length)]!;
}

/** The value with something in it replaced, left out or added. */
function mutated(value: unknown, rng: Rng): unknown {
  if (rng.next() < 0.3 || typeof value !== "object" || value === null) return pick(rng, ODD);
  if (Array.isArray(value)) {
    const copy = [...value];
    if (copy.length === 0 || rng.next() < 0.2) return [...copy, pick(rng, ODD)];
    const at = Math.floor(rng.next() * copy.length);
    copy[at] = mutated(copy[at], rng);
    return copy;
  }
  const entries = Object.entries(value);
  if (entries.length === 0 || rng.next() < 0.15)
    return Object.fromEntries([...entries, [JSON.stringify(pick(rng, ODD)), pick(rng, ODD)]]);
  const at = Math.floor(rng.next() * entries.length);
  if (rng.next() < 0.15) return Object.fromEntries(entries.filter((_, i) => i !== at));
  return Object.fromEntries(entries.map(([name, each], i) => [name, i === at ? mutated(each, rng) : each]));
}

/** A body that is no JSON, or not the JSON it should be. */
function badBody(good: unknown, rng: Rng): { body: Uint8Array; type: string } {
  const text = JSON.stringify(good);
  const bytes = (made: string): Uint8Array => new TextEncoder().encode(made);
  const way = Math.floor(rng.next() * 12);
  const at = Math.floor(rng.next() * text.length);
  const json = "application/json";
  if (way < 6) return { body: bytes(JSON.stringify(mutated(good, rng))), type: json };
  if (way === 6) return { body: bytes(text.slice(0, at)), type: json };
  if (way === 7) {
    const broken = bytes(text);
    broken[Math.floor(rng.next() * broken.length)] = 0xff;
    return { body: broken, type: json };
  }
  if (way === 8) {
    const depth = 10_000;
    const deep =
      rng.next() < 0.5
        ? "[".repeat(depth) + "]".repeat(depth)
        : '{"$not":'.repeat(depth) + "1" + "}".repeat(depth);
    const [name] = Object.keys(good as object);
    return {
      body: bytes(rng.next() < 0.5 ? deep : text.replace(/^\{/, `{"filter":${deep},"${name}":`)),
      type: json,
    };
  }
  if (way === 9)
    return {
      body: bytes(text),
      type: pick(rng, [
        "text/plain",
        "application/x-www-form-urlencoded",
        "",
        "multipart/form-data",
        "application/jsonx",
      ]),
    };
  if (way === 10)
    return {
      body: Uint8Array.from({ length: Math.floor(rng.next() * 300) }, () => rng.next() * 256),
      type: pick(rng, ["application/octet-stream", "application/x-npy", json]),
    };
  return { body: bytes(`${text.slice(0, -1)},${text.slice(1)}`), type: json };
}

function badPath(path: string, rng: Rng): string {
  const odd = [
    "..",
    "%2e%2e",
    "%00",
    "a%2Fb",
    "%ff",
    "x".repeat(300),
    "__proto__",
    "constructor",
    "é",
    "a b",
    "?",
    "%",
    "&&",
    "points",
  ];
  const parts = path.split("/");
  parts[Math.floor(rng.next() * parts.length)] = encodeURI(pick(rng, odd)).replaceAll("%25", "%");
  return `/${parts.filter((part) => part !== "").join("/")}${rng.next() < 0.3 ? "?k=-1&filter=(&exact=maybe&efSearch=%00" : ""}`;
}

const agent = new Agent({ keepAlive: true, maxSockets: 8 });
afterAll(() => agent.destroy());

function probe(
  method: string,
  path: string,
  body: Uint8Array,
  type: string,
): Promise<{ status: number; text: string; type: string }> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve, reject) => {
    const headers = type === "" ? {} : { "content-type": type };
    const request = httpRequest({ hostname, port, path, method, headers, agent }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => (text += chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode!, text, type: response.headers["content-type"] ?? "" }),
      );
    });
    request.on("error", reject);
    request.end(method === "GET" ? undefined : body);
  });
}

describe("malformed requests", () => {
  test(`${REQUESTS} of them (seed ${SEED}) are refused in form and never break anything`, async () => {
    const rng = createRng(SEED, "fuzz");
    const before = Object.getOwnPropertyNames(Object.prototype).sort();
    await send("PUT", "/api/collections/spare", { dimension: 4 });
    const strange: string[] = [];
    const statuses = new Map<number, number>();
    const one = async (): Promise<void> => {
      const [method, path, good] = pick(rng, GOOD);
      const wrongPath = rng.next() < 0.12;
      const { body, type } = badBody(good, rng);
      const where = wrongPath ? badPath(path, rng) : path;
      const how =
        wrongPath && rng.next() < 0.5
          ? pick(rng, ["GET", "DELETE", "PUT", "POST", "PATCH", "OPTIONS"])
          : method;
      if (how === "DELETE" && where.includes("good")) return;
      const answer = await probe(how, where, body, type);
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      const told = answer.status < 400 || /"code":"[A-Z_]+"/.test(answer.text);
      if (answer.status >= 500 || !told) {
        strange.push(
          `${how} ${where} ${type} ${new TextDecoder().decode(body).slice(0, 200)} → ${answer.status} ${answer.text.slice(0, 200)}`,
        );
      }
    };
    for (let done = 0; done < REQUESTS; done += 8) {
      await Promise.all(Array.from({ length: 8 }, one));
      if (done % 400 === 0 && !(await isGood())) strange.push(`a good request fails after ${done}`);
    }
    expect(strange).toEqual([]);
    const refused = [...statuses].reduce((sum, [status, count]) => (status >= 400 ? sum + count : sum), 0);
    expect(refused / REQUESTS).toBeGreaterThan(0.6);
    expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(before);
    expect(await isGood()).toBe(true);
  }, 120_000);

  test("that are no proper HTTP are refused, and none is smuggled in after another", async () => {
    const post =
      "POST /api/collections/good/search HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    const texts = [
      `${post}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /api/jobs HTTP/1.1\r\nhost: localhost\r\n\r\n`,
      `${post}transfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n`,
      `${post}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
      `${post}content-length: -5\r\n\r\nhello`,
      `${post}content-length: 5\r\ncontent-length: 6\r\n\r\nhello!`,
      `${post}content-length: 1e3\r\n\r\nhello`,
      `GET /api/jobs HTTP/1.1\r\nhost: localhost\r\n${Array.from({ length: 3000 }, (_, i) => `x${i}: y`).join("\r\n")}\r\n\r\n`,
      "GET http://[::1/ HTTP/1.1\r\nhost: localhost\r\n\r\n",
      "GET /api/jobs HTTP/1.1\r\nhost: local host\r\n\r\n",
      "GET /api/jobs HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\n\r\n",
      "\u0016\u0003\u0001\u0002\u0000\u0001\u0000",
      "CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example:443\r\n\r\n",
      "GET /api/jobs HTTP/1.1\r\nhost: localhost\r\nbad header\r\n\r\n",
    ];
    for (const text of texts) {
      const answer = await askRaw(address, text, 400);
      const answers = answer.match(/HTTP\/1\.1 \d+/g) ?? [];
      expect(answers, text.slice(0, 200)).toHaveLength(1);
      expect(answers[0], text.slice(0, 200)).toMatch(/ 4\d\d$/);
    }
    expect(await isGood()).toBe(true);
  });

  test("with bodies larger than allowed are refused before they are read", async () => {
    const head = (type: string, length: number): string =>
      `POST /api/collections/good/search HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ncontent-length: ${length}\r\n\r\n`;
    for (const type of ["application/json", "application/octet-stream"]) {
      expect(await askRaw(address, head(type, 100_000_000), 400)).toMatch(
        /^HTTP\/1\.1 413 [\s\S]*"code":"TOO_LARGE"/,
      );
    }
    const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
    const chunked = `POST /api/collections/good/search HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`;
    expect(await askRaw(address, chunked + chunk.repeat(17), 1000)).toMatch(/^HTTP\/1\.1 413 /);
  });
});

describe("names that are no names", () => {
  const names = [
    ...[
      "..",
      "%2e%2e",
      "%252e%252e",
      "..%2f..%2fetc%2fpasswd",
      "a%00b",
      "%5c..%5c",
      "a%5Cb",
      "C%3A%5Cx",
      "%2fetc%2fpasswd",
      "a/../../b",
    ],
    ...[
      "．．",
      "‥",
      "a⁄b",
      "%c0%ae%c0%ae",
      "-a",
      "_a",
      ".hidden",
      "a.vic",
      "a%20b",
      "a%0d%0ab",
      "%EF%BC%8E",
      "x".repeat(64),
      "nul%00",
      "a;b",
      "a|b",
    ],
  ];
  test.each(names)("%s reaches no file and no collection", async (name) => {
    const path = encodeURI(name).replaceAll("%25", "%");
    for (const [method, rest] of [
      ["PUT", ""],
      ["GET", ""],
      ["PUT", "/file"],
      ["GET", "/file"],
      ["POST", "/search"],
      ["DELETE", ""],
    ] as const) {
      for (const root of ["/api/collections", "/collections"]) {
        const { status } = await send(method, `${root}/${path}${rest}`, { dimension: 2 });
        expect([400, 404, 405, 415]).toContain(status);
      }
    }
    for (const file of [`/${path}`, `/assets/${path}`, `/api/jobs/${path}`]) {
      expect([200, 400, 404]).toContain((await ask(address, file)).status);
    }
  });
});

test("no request makes the server connect anywhere", async () => {
  const made: string[] = [];
  const original = Socket.prototype.connect;
  const own = Number(new URL(address).port);
  Socket.prototype.connect = function (this: Socket, ...given: Parameters<typeof original>) {
    const [first] = given as readonly unknown[];
    const options = (Array.isArray(first) ? first[0] : first) as { port?: number; path?: string };
    if (Number(options?.port) !== own) made.push(JSON.stringify(options));
    return original.apply(this, given);
  } as typeof original;
  try {
    for (const url of [
      "http://127.0.0.1:1/x.npy",
      "file:///etc/passwd",
      "https://example.com/index.vic",
      "//example.com/x",
    ]) {
      await send("PUT", "/api/collections/url", { dimension: 2, index: url, source: url });
      await ask(address, `/api/collections/url/file?format=${encodeURIComponent(url)}`, {
        method: "PUT",
        body: url,
      });
      await send("POST", "/api/collections/good/points", {
        points: [{ id: url, vector: [1, 2, 3, 4], metadata: { url } }],
      });
      await send("POST", "/api/collections/good/points/delete", { ids: [url] });
      await send("POST", "/collections/good/points/query", { query: url });
      await send("POST", "/api/collections/good/search", { vector: url, filter: url });
    }
  } finally {
    Socket.prototype.connect = original;
  }
  expect(made).toEqual([]);
});

test("a form on another site's page changes nothing", async () => {
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
    const headers = { "content-type": type, origin: "http://evil.example" };
    const foreign = await ask(address, "/api/collections/good/points/delete", {
      method: "POST",
      headers,
      body: '{"filter":{"i":1}}',
    });
    expect(foreign.json).toMatchObject({ status: 403, code: "ORIGIN_REFUSED" });
    const plain = await ask(address, "/api/collections/good/points/delete", {
      method: "POST",
      headers: { "content-type": type },
      body: '{"filter":{"i":1}}',
    });
    expect(plain.json).toMatchObject({ status: 415, code: "MEDIA_TYPE" });
  }
  expect(await isGood()).toBe(true);
});

test("script in metadata comes back as data that no browser runs", async () => {
  const { headers, bytes } = await send("POST", "/api/collections/good/points/get", { ids: [1] });
  expect(bytes.toString()).toContain("<script>");
  expect(headers["content-type"]).toMatch(/^application\/json/);
  expect(headers["x-content-type-options"]).toBe("nosniff");
  expect(headers["content-security-policy"]).toContain("script-src 'self' 'wasm-unsafe-eval'");
  expect(headers["cross-origin-resource-policy"]).toBe("same-origin");
});

test("names of Object.prototype are fields like others, or refused, and change no object", async () => {
  await send("PUT", "/api/collections/proto", { dimension: 1 });
  for (const name of [
    "__proto__",
    "constructor",
    "prototype",
    "toString",
    "hasOwnProperty",
    "__defineGetter__",
  ]) {
    const body = `{"points":[{"id":"${name}","vector":[1],"metadata":{"${name}":{"polluted":1}}}]}`;
    const { status } = await ask(address, "/api/collections/proto/points", {
      method: "POST",
      headers: JSON_TYPE,
      body,
    });
    expect(status).toBe(400);
    for (const filter of [`{"${name}":{"$eq":1}}`, `{"$not":{"${name}":1}}`, `{"${name}":1}`]) {
      const search = `{"vector":[1],"filter":${filter},"params":{"${name}":1}}`;
      expect(
        (
          await ask(address, "/api/collections/proto/search", {
            method: "POST",
            headers: JSON_TYPE,
            body: search,
          })
        ).status,
      ).toBe(400);
    }
    const payload = `{"points":[{"id":1,"vector":[1],"payload":{"a":{"${name}":{"polluted":1}}}}]}`;
    await ask(address, "/collections/proto/points", { method: "PUT", headers: JSON_TYPE, body: payload });
    await ask(address, "/collections/proto/points/payload", {
      method: "POST",
      headers: JSON_TYPE,
      body: `{"payload":{"${name}":{"polluted":1}},"points":[1]}`,
    });
    const made = await ask(address, `/api/collections/proto/points?${name}=1`, {
      method: "POST",
      headers: JSON_TYPE,
      body: '{"vectors":[[1]]}',
    });
    expect(made.status).toBe(200);
  }
  expect(({} as { polluted?: number }).polluted).toBeUndefined();
  expect(await isGood()).toBe(true);
});

test("payloads and filters too odd to be kept as text break nothing", async () => {
  const at = "/collections/good/points";
  const odd = { id: "odd", vector: rows[0], payload: { "payload.json": "null", a: 1 } };
  expect((await send("PUT", at, { points: [odd] })).status).toBe(200);
  const told = await send("POST", at, { ids: ["odd"], with_payload: ["a", "payload.json"] });
  expect(told.json).toMatchObject({ result: [{ id: "odd", payload: { "payload.json": "null", a: 1 } }] });
  const kept = { points: [{ id: "odd", vector: rows[0], metadata: { "payload.json": "[7]" } }] };
  expect((await send("POST", "/api/collections/good/points", kept)).status).toBe(200);
  expect((await send("POST", at, { ids: ["odd"] })).json).toMatchObject({
    result: [{ id: "odd", payload: { "payload.json": "[7]" } }],
  });
  await send("POST", `${at}/delete`, { points: ["odd"] });

  const deep = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
  for (const [condition, status] of [
    [`{"has_id":[${deep}]}`, 400],
    [`{"has_id":[1],"more":${deep}}`, 200],
  ] as const) {
    const body = `{"filter":{"must":[${condition}]}}`;
    const answer = await ask(address, `${at}/scroll`, { method: "POST", headers: JSON_TYPE, body });
    expect(answer.status).toBe(status);
  }
  const ids = Array.from({ length: 30_000 }, (_, i) => i + 199);
  const long = { filter: { must: [{ has_id: ids }] } };
  expect((await send("POST", `${at}/count`, long)).json).toMatchObject({ result: { count: 1 } });
});

test("filters beyond their limits are refused whatever their language", async () => {
  const wide = { $or: Array.from({ length: 1001 }, (_, i) => ({ i })) };
  let deep: unknown = { i: 1 };
  for (let depth = 0; depth < 101; depth++) deep = { $not: deep };
  let nested: unknown = { must: [{ has_id: [1] }] };
  for (let depth = 0; depth < 40; depth++) nested = { must: [nested] };
  const must = Array.from({ length: 1001 }, () => ({ key: "i", match: { value: 1 } }));
  for (const filter of [
    wide,
    deep,
    `i == 1${" or i == 1".repeat(1001)}`,
    `${"not (".repeat(101)}i == 1${")".repeat(101)}`,
  ]) {
    expect(
      (await send("POST", "/api/collections/good/search", { vector: rows[0], filter })).json,
    ).toMatchObject({ status: 413, code: "LIMIT" });
  }
  for (const filter of [nested, { must }]) {
    const { status, json } = await send("POST", "/collections/good/points/search", {
      vector: rows[0],
      filter,
    });
    expect([status, (json as { code: string }).code]).toEqual([413, "LIMIT"]);
  }
});

describe("connections that hold on", async () => {
  const limits = { headersMs: 600, stallMs: 300, connections: 60 };
  const slow = await serve({ limits });
  const { hostname, port } = new URL(slow.address);
  const open = (text: string): { closed: Promise<string>; socket: Socket } => {
    const socket = connect(Number(port), hostname);
    let heard = "";
    socket.on("data", (chunk) => (heard += chunk.toString("latin1")));
    socket.on("error", () => {});
    socket.write(text);
    return { socket, closed: new Promise((resolve) => socket.on("close", () => resolve(heard))) };
  };

  test("while headers or bodies come by drops are hung up on, and others are served meanwhile", async () => {
    await send("PUT", "/api/collections/good", { dimension: 4 }, slow.address);
    await send("POST", "/api/collections/good/points", { vectors: rows }, slow.address);
    const heads = Array.from({ length: 20 }, () => open("GET / HTTP/1.1\r\nhost: localhost\r\n"));
    const bodies = Array.from({ length: 20 }, () =>
      open(
        "POST /api/collections/good/search HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n{",
      ),
    );
    const drip = setInterval(() => {
      for (const { socket } of [...heads, ...bodies]) if (!socket.destroyed) socket.write("x");
    }, 100);
    expect(await isGood(slow.address)).toBe(true);
    for (const { closed } of heads) expect(await closed).toMatch(/^HTTP\/1\.1 408 |^$/);
    for (const { closed } of bodies) expect(await closed).toMatch(/^HTTP\/1\.1 408 |^$/);
    clearInterval(drip);
    expect(await isGood(slow.address)).toBe(true);
  }, 20_000);

  test("beyond those allowed are told to come again", async () => {
    const many = Array.from({ length: 70 }, () => open("GET / HTTP/1.1\r\nhost: localhost\r\n"));
    await sleep(200);
    const over = open("GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n");
    expect(await over.closed).toMatch(/^HTTP\/1\.1 503 [\s\S]*retry-after: 1/);
    for (const { socket } of many) socket.destroy();
    await Promise.all(many.map(({ closed }) => closed));
    expect(await isGood(slow.address)).toBe(true);
  }, 20_000);
});

test("more requests at once than can be done are told to come again, and all goes on after", async () => {
  const small = await serve({ limits: { inFlight: 4 } });
  await send("PUT", "/api/collections/good", { dimension: 4 }, small.address);
  await send("POST", "/api/collections/good/points", { vectors: rows }, small.address);
  const answers = await Promise.all(
    Array.from({ length: 60 }, () =>
      send("POST", "/api/collections/good/search", { vectors: rows, k: 5 }, small.address),
    ),
  );
  const refused = answers.filter(({ status }) => status === 503);
  expect(refused.length).toBeGreaterThan(0);
  for (const { headers, json } of refused) {
    expect(headers["retry-after"]).toBe("1");
    expect(json).toMatchObject({ code: "OVERLOADED" });
  }
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(60 - refused.length);
  expect(await isGood(small.address)).toBe(true);
});

test("no route but those of the app itself answers without the key", async () => {
  const closed = await serve({ apiKey: "k" });
  const paths = closed.app.hono.routes
    .filter(({ path }) => path.length > 2 && !path.endsWith("*"))
    .map(({ method, path }) => [method, path.replace(/:\w+(\{[^}]*\})?/g, "x")]);
  expect(paths.length).toBeGreaterThan(40);
  for (const [method, path] of paths) {
    if (method === "ALL" || path === "/healthz" || path === "/api/session") continue;
    const { status, json } = await ask(closed.address, path!, {
      method: method!,
      headers: { ...JSON_TYPE, "api-key": "wrong" },
    });
    expect({ path, status, code: (json as { code: string } | undefined)?.code }).toEqual({
      path,
      status: 401,
      code: "KEY_NEEDED",
    });
  }
});
