import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encodeVectors } from "../../src/data/index.ts";
import { create } from "../../src/indexes/index.ts";
import { ask } from "../server/support.ts";
import { bruteForce, randomMatrix } from "../support/brute.ts";
import { ensureBuilt, MAIN, refused, runner, workFolder } from "./support.ts";

// The compiled server as a process: its threads, its files, its signals.

const folder = workFolder();
const run = runner(folder);
const base = randomMatrix(400, 6, 9);
const queries = randomMatrix(10, 6, 10);
const children: ChildProcess[] = [];
const JSON_TYPE = { "content-type": "application/json" };

beforeAll(async () => {
  ensureBuilt();
  writeFileSync(join(folder, "my vectors.npy"), encodeVectors(base, "npy"));
  const index = create("HNSW16", { dimension: 6 });
  index.add(base, { keys: Array.from({ length: 400 }, (_, i) => `k${i}`) });
  await index.save(join(folder, "graph.vic"));
}, 300_000);
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
});

interface Served {
  readonly address: string;
  readonly child: ChildProcess;
  /** Lines printed so far. */
  readonly lines: string[];
  readonly ended: Promise<number | null>;
}

/** Starts the command and waits until it has printed so many lines. */
async function serve(
  args: readonly string[],
  lineCount: number,
  env: NodeJS.ProcessEnv = {},
): Promise<Served> {
  const child = spawn(process.execPath, [MAIN, "serve", "--port", "0", ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let [text, complaint] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (chunk) => (text += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk) => (complaint += chunk));
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  while (text.split("\n").length <= lineCount) {
    if (child.exitCode !== null) throw new Error(`it ended: ${text}${complaint}`);
    await sleep(20);
  }
  const lines = text.trimEnd().split("\n");
  return { address: /http:\/\/[\d.:]+/.exec(lines[0]!)![0], child, lines, ended };
}

const rowOf = (m: typeof base, i: number): number[] =>
  Array.from(m.data.subarray(i * m.cols, (i + 1) * m.cols));

function search(address: string, name: string, body: unknown, headers: Record<string, string> = {}) {
  const path = `/api/collections/${name}/search`;
  return ask(address, path, {
    method: "POST",
    headers: { ...JSON_TYPE, ...headers },
    body: JSON.stringify(body),
  });
}

test("files named on the command line are collections, changed in memory and never on the disk", async () => {
  const files = ["graph.vic", "my vectors.npy"].map((name) => join(folder, name));
  const before = files.map((path) => readFileSync(path));
  const browser = join(folder, "xdg-open");
  writeFileSync(browser, `#!/bin/sh\ntouch '${folder}/opened'\n`, { mode: 0o755 });
  const env = { VICINAL_API_KEY: "from the environment", PATH: `${folder}:${process.env["PATH"]}` };
  const args = ["--index", "graph.vic", "--index", "my vectors.npy", "--metric", "l1", "--open"];
  const { address, lines, child, ended } = await serve(args, 3, env);
  expect(lines[0]).toMatch(/^Vicinal is at http:\/\/127\.0\.0\.1:\d+ \(Ctrl\+C stops it\)\.$/);
  expect(lines.slice(1)).toEqual([
    "Collection graph: HNSW16 over 400 vectors of 6 dimensions, l2.",
    "Collection my-vectors: Flat over 400 vectors of 6 dimensions, l1.",
  ]);
  const key = { "api-key": "from the environment" };
  expect((await search(address, "graph", { vector: rowOf(queries, 0) })).status).toBe(401);
  for (const [name, metric] of [
    ["graph", "l2"],
    ["my-vectors", "l1"],
  ] as const) {
    const { json } = await search(
      address,
      name,
      { vectors: Array.from({ length: 10 }, (_, i) => rowOf(queries, i)), k: 5, exact: true },
      key,
    );
    const found = (json as { neighbors: { id: string | number }[][] }).neighbors;
    for (const [q, row] of found.entries()) {
      const want = bruteForce(base, queries, q, metric, 5).map(({ id }) =>
        name === "graph" ? `k${id}` : id,
      );
      expect(row.map(({ id }) => id)).toEqual(want);
    }
  }
  for (const name of ["graph", "my-vectors"]) {
    const options = {
      method: "POST",
      headers: { ...JSON_TYPE, ...key },
      body: JSON.stringify({ filter: "key != 3" }),
    };
    expect((await ask(address, `/api/collections/${name}/points/delete`, options)).status).toBe(200);
    expect((await ask(address, `/api/collections/${name}`, { method: "DELETE", headers: key })).status).toBe(
      204,
    );
  }
  expect(files.map((path) => readFileSync(path))).toEqual(before);
  // Not a terminal: no browser is opened.
  expect(existsSync(join(folder, "opened"))).toBe(false);
  child.kill("SIGINT");
  expect(await ended).toBe(0);
}, 60_000);

test("an index is built in a thread of its own while searches and changes go on in another", async () => {
  const { address, child, ended } = await serve(["--index", "my vectors.npy"], 2);
  const post = (path: string, body: unknown) =>
    ask(address, `/api/collections/my-vectors${path}`, {
      method: "POST",
      headers: JSON_TYPE,
      body: JSON.stringify(body),
    });
  const { job } = (await post("/build", { index: "HNSW16", options: { efConstruction: 300 } })).json as {
    job: string;
  };
  const events = ask(address, `/api/jobs/${job}/events`);
  let searches = 0;
  let over = false;
  void events.then(() => {
    over = true;
  });
  while (!over) {
    expect((await post("/search", { vector: rowOf(queries, 1), k: 3, exact: true })).status).toBe(200);
    expect(
      (await post("/points", { points: [{ id: `new${searches}`, vector: rowOf(queries, 2) }] })).status,
    ).toBe(200);
    searches++;
  }
  expect((await events).bytes.toString()).toMatch(/event: result\ndata: .*"index":"HNSW16"/);
  const { json } = await ask(address, "/api/collections/my-vectors");
  expect(json).toMatchObject({ index: "HNSW16", size: 400 + searches });
  const ids = Array.from({ length: searches }, (_, i) => `new${i}`);
  expect((await post("/points/get", { ids, withVectors: false })).json).toMatchObject({ missing: [] });
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
}, 60_000);

test("SIGTERM under load lets what was begun end, and then exits with 0", async () => {
  const { address, child, ended } = await serve(["--index", "my vectors.npy"], 2);
  const outcomes = { answered: 0, refused: 0, broken: [] as string[] };
  let told = false;
  const client = async (): Promise<void> => {
    for (;;) {
      const begun = told;
      try {
        const { status } = await search(address, "my-vectors", {
          vectors: Array.from({ length: 50 }, (_, i) => rowOf(base, i)),
          k: 10,
        });
        if (status === 200) outcomes.answered++;
        else outcomes.broken.push(`status ${status}`);
      } catch (error) {
        // Once it was told to stop it takes no new connections; whatever came before is answered.
        if (!begun && !told) outcomes.broken.push(String(error));
        else outcomes.refused++;
        return;
      }
    }
  };
  const clients = Array.from({ length: 8 }, client);
  while (outcomes.answered < 40) await sleep(10);
  told = true;
  const start = performance.now();
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
  expect(performance.now() - start).toBeLessThan(10_000);
  await Promise.all(clients);
  expect(outcomes.broken).toEqual([]);
}, 60_000);

test("files that are not there, or hold no vectors, end it with an error", async () => {
  refused(await run(["serve", "--port", "0", "--index", "none.vic"]), "FILE");
  refused(await run(["serve", "--port", "0", "--metric", "furlong"]), "METRIC_UNKNOWN");
  writeFileSync(join(folder, "broken.vic"), "not an index");
  const outcome = await run(["serve", "--port", "0", "--index", "broken.vic"]);
  expect(outcome.stderr).toMatch(/^error\[FORMAT/m);
  expect(outcome.code).toBe(2);
}, 60_000);

test("an address that cannot be listened on, or a key that cannot be sent, ends it with what to change", async () => {
  const { address, child } = await serve([], 1);
  const { port } = new URL(address);
  for (const [flags, option] of [
    [["--port", port], "--port"],
    [["--port", "0", "--host", "192.0.2.1"], "--host"],
    [["--port", "0", "--api-key", ""], "apiKey"],
  ] as const) {
    const outcome = await run(["serve", ...flags]);
    refused(outcome, "OPTION_RANGE");
    expect(outcome.stderr).toContain(option);
  }
  child.kill("SIGKILL");
}, 60_000);
