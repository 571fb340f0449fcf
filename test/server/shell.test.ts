import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { VicinalError } from "../../src/core/index.ts";
import { createApp } from "../../src/server/app.ts";
import { type JobEvent, Jobs } from "../../src/server/jobs.ts";
import { Made, soon } from "../../src/server/made.ts";
import { ask, askRaw, PAGE, serve } from "./support.ts";

describe("names the server answers to", async () => {
  const { address } = await serve({ allowedHosts: ["vectors.example"] });
  const { port } = new URL(address);

  test.each(["127.0.0.1", `localhost:${port}`, "[::1]", "LOCALHOST", "vectors.example:443"])(
    "%s is one",
    async (host) => {
      expect((await ask(address, "/", { headers: { host } })).bytes.toString()).toBe(PAGE);
    },
  );

  test.each([
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example:80",
    "10.0.0.7",
    "vectors.example.evil",
    "127.0.0.1@evil",
  ])("%s is none", async (host) => {
    const { status, headers, json } = await ask(address, "/api/jobs", { headers: { host } });
    expect([400, 403]).toContain(status);
    expect(headers["content-type"]).toBe("application/problem+json");
    expect(json).toMatchObject({ status, code: expect.stringMatching(/^(HOST_REFUSED|BAD_REQUEST)$/) });
  });

  test("a request without a Host header is refused in the form of all refusals", async () => {
    const text = await askRaw(address, "GET /api/jobs HTTP/1.1\r\nconnection: close\r\n\r\n");
    expect(text).toMatch(/^HTTP\/1\.1 403 /);
    expect(text).toContain('"code":"HOST_REFUSED"');
  });

  test.each(["http://evil.example", "null", "https://127.0.0.1:1", `http://localhost:${port}.evil.example`])(
    "a page of %s may open the app, and use nothing",
    async (origin) => {
      expect((await ask(address, "/", { headers: { origin } })).status).toBe(200);
      for (const method of ["GET", "POST", "DELETE"]) {
        const refused = await ask(address, "/api/jobs", { method, headers: { origin } });
        expect(refused.json).toMatchObject({ status: 403, code: "ORIGIN_REFUSED" });
      }
    },
  );

  test("a page of the server's own origin may use it, a picture on a page elsewhere may not", async () => {
    expect((await ask(address, "/api/jobs", { headers: { origin: address } })).status).toBe(200);
    const picture = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" };
    expect((await ask(address, "/api/jobs", { headers: picture })).status).toBe(403);
  });

  test("what is no HTTP is refused as a problem", async () => {
    for (const bytes of [
      "NONSENSE\r\n\r\n",
      "GET / HTTP/9.9\r\n\r\n",
      "GET /\u0000 HTTP/1.1\r\nhost: localhost\r\n\r\n",
    ]) {
      const text = await askRaw(address, bytes);
      expect(text).toMatch(/^HTTP\/1\.1 400 /);
      expect(text).toContain("application/problem+json");
    }
    const large = `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${"y".repeat(20_000)}\r\n\r\n`;
    expect(await askRaw(address, large)).toMatch(/^HTTP\/1\.1 431 /);
  });
});

describe("a key", async () => {
  const apiKey = "correct horse battery staple";
  const { address } = await serve({ apiKey });
  const guarded = [
    ["GET", "/api/jobs"],
    ["DELETE", "/api/jobs/x"],
    ["POST", "/nothing/here"],
    ["GET", "/openapi.json"],
  ] as const;

  test("is not needed to open the app, nor to ask whether the server is well", async () => {
    expect((await ask(address, "/")).bytes.toString()).toBe(PAGE);
    expect((await ask(address, "/healthz")).json).toEqual({ status: "ok" });
  });

  test.each(guarded)("is needed for %s %s, whether or not it is there", async (method, path) => {
    for (const headers of [
      {},
      { "api-key": "wrong" },
      { authorization: "Bearer wrong" },
      { authorization: apiKey },
    ]) {
      const { status, json } = await ask(address, path, { method, headers });
      expect({ status, json }).toMatchObject({ status: 401, json: { code: "KEY_NEEDED" } });
    }
  });

  test("is taken from either header", async () => {
    expect((await ask(address, "/api/jobs", { headers: { "api-key": apiKey } })).status).toBe(200);
    expect((await ask(address, "/api/jobs", { headers: { authorization: `Bearer ${apiKey}` } })).status).toBe(
      200,
    );
  });

  test.each(["", " ", " padded", "ключ", "two\nlines"])(
    "that no header can hold is refused: %j",
    async (bad) => {
      await expect(createApp({ apiKey: bad, webFiles: new Map() })).rejects.toMatchObject({
        code: "OPTION_RANGE",
      });
    },
  );

  test("is asked for before a body is read", async () => {
    const head = "POST /api/collections HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n\r\n{";
    expect(await askRaw(address, head, 500)).toMatch(/^HTTP\/1\.1 401 /);
  });

  test("opens a session that a browser keeps in a cookie no script reads", async () => {
    expect((await ask(address, "/api/session", { method: "POST" })).status).toBe(401);
    expect((await ask(address, "/api/session")).json).toEqual({ keyNeeded: true, admitted: false });
    const opened = await ask(address, "/api/session", { method: "POST", headers: { "api-key": apiKey } });
    const set = opened.headers["set-cookie"]![0]!;
    expect(set).toMatch(/; HttpOnly; SameSite=Strict$/);
    expect(set).not.toContain(apiKey);
    const cookie = set.split(";")[0];
    expect((await ask(address, "/api/jobs", { headers: { cookie } })).status).toBe(200);
    expect((await ask(address, "/api/jobs", { headers: { cookie: `${cookie}x` } })).status).toBe(401);
    const foreign = { cookie, origin: "http://evil.example" };
    expect((await ask(address, "/api/jobs", { headers: foreign })).status).toBe(403);
  });
});

describe("jobs", async () => {
  const { address, app } = await serve();
  const hang = (signal: AbortSignal): Promise<never> =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

  test("tell their progress and then their result, also to whoever comes late", async () => {
    const job = app.jobs.start("count", async ({ onProgress }) => {
      for (let done = 1; done <= 5; done++) {
        await sleep(5);
        onProgress({ phase: "counting", done, total: 5 });
      }
      return { sum: 15 };
    });
    for (let time = 0; time < 2; time++) {
      const text = (await ask(address, `/api/jobs/${job}/events`)).bytes.toString();
      expect(text).toMatch(/^event: progress\ndata: {"phase":"counting","done":\d,"total":5}\n\n/);
      expect(text).toMatch(/"done":5,"total":5}\n\nevent: result\ndata: {"sum":15}\n\n$/);
    }
    expect((await ask(address, `/api/jobs/${job}`)).json).toMatchObject({
      job,
      what: "count",
      state: "result",
    });
  });

  test("are stopped by DELETE, and say so", async () => {
    const job = app.jobs.start("hang", ({ signal }) => hang(signal));
    const events = ask(address, `/api/jobs/${job}/events`);
    expect((await ask(address, `/api/jobs/${job}`, { method: "DELETE" })).status).toBe(204);
    expect((await events).bytes.toString()).toBe("event: aborted\ndata: {}\n\n");
  });

  test("that fail tell the problem", async () => {
    const job = app.jobs.start("fail", async () => {
      throw new VicinalError("BAD_K", { got: 0 });
    });
    expect((await ask(address, `/api/jobs/${job}/events`)).bytes.toString()).toMatch(
      /^event: failed\ndata: {.*"code":"BAD_K"}\n\n$/,
    );
  });

  test("that are cancelled while an answer waits for them are named by it, and may be started anew", async () => {
    const jobs = new Jobs();
    const made = new Made<number>(jobs, { most: 1, size: () => 1 });
    for (let i = 0; i < 2; i++) {
      const making = made.make("one", "one", ({ signal }) => hang(signal));
      const answer = soon(making, 10_000);
      await sleep(20);
      jobs.cancel(making.job);
      expect(await answer).toBeUndefined();
      expect((await jobs.outcome(making.job)).event).toBe("aborted");
    }
    expect(await soon(made.make("one", "one", async () => 1))).toBe(1);
    expect(made.get("one")).toBe(1);
  });

  test("that are unknown are not found", async () => {
    for (const [method, path] of [
      ["GET", "/api/jobs/x"],
      ["GET", "/api/jobs/x/events"],
      ["DELETE", "/api/jobs/__proto__"],
    ] as const) {
      expect((await ask(address, path, { method })).json).toMatchObject({ status: 404, code: "JOB_UNKNOWN" });
    }
  });

  test("beyond the number that may run are refused, and old outcomes are forgotten", async () => {
    const jobs = new Jobs({ running: 2, kept: 3 });
    jobs.start("a", ({ signal }) => hang(signal));
    jobs.start("b", ({ signal }) => hang(signal));
    expect(() => jobs.start("c", async () => {})).toThrow(/2 jobs are under way/);
    await jobs.close();
    const more = new Jobs({ kept: 3 });
    for (let i = 0; i < 6; i++) await more.outcome(more.start(String(i), async () => i));
    expect(more.list().map(({ what }) => what)).toEqual(["3", "4", "5"]);
  });

  test("report no more often than is readable, and always the last report", async () => {
    const jobs = new Jobs({ reportMs: 400 });
    const heard: JobEvent[] = [];
    const id = jobs.start("fast", async ({ onProgress }) => {
      for (let done = 1; done <= 1000; done++) onProgress({ phase: "p", done, total: 1000 });
      await sleep(600);
    });
    jobs.follow(id, (event) => heard.push(event));
    await jobs.outcome(id);
    expect(heard.map(({ event }) => event)).toEqual(["progress", "progress", "result"]);
    expect(heard[1]).toMatchObject({ data: { done: 1000 } });
  });
});
