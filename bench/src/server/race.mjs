/** The HTTP server under load: an index built while searches go on, round trips, searches a second. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { encodeVectors, syntheticClusters } from "../../../dist/data/index.js";
import { median, spread } from "../rounds.mjs";
import { loadSet } from "../sets.mjs";
import { latencies, openConnection, requestBytes, throughput } from "./load.mjs";

const MAIN = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));
const SPEC = "HNSW16,SQ7,Refine";
const RECALL = 0.95;
const CONNECTIONS = 16;
const FLOATS = "application/octet-stream";

/** `vicinal serve` as a process of its own. */
async function startServer() {
  const child = spawn(process.execPath, [MAIN, "serve", "--port", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await new Promise((resolve) =>
    createInterface({ input: child.stdout }).once("line", (text) => resolve([text])),
  );
  const url = /http:\/\/[\d.:]+/.exec(line)?.[0];
  if (url === undefined) throw new Error(`The server said: ${line}`);
  const stop = () =>
    new Promise((resolve) => {
      child.once("exit", resolve);
      child.kill("SIGTERM");
    });
  const { hostname: host, port } = new URL(url);
  return { url, address: { host, port: Number(port) }, stop };
}

/** @param {string} url @param {RequestInit} [init] */
async function json(url, init) {
  const answer = await fetch(url, init);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

/** Follows a job to its result. */
async function outcome(url, { job }) {
  const text = await (await fetch(`${url}/api/jobs/${job}/events`)).text();
  const [, event, data] = /event: (\w+)\ndata: (.*)\n\n$/.exec(text) ?? [];
  if (event !== "result") throw new Error(`the job ended with ${event} ${data}`);
  return JSON.parse(data);
}

/** The longest wait of the loop that answers HTTP since this was last asked, in milliseconds. */
async function longestBlock(url) {
  const text = await (await fetch(`${url}/metrics`)).text();
  return 1000 * Number(/vicinal_event_loop_lag_seconds\{quantile="1"\} (\S+)/.exec(text)?.[1]);
}

function loadRows(options) {
  const set = loadSet("fashion-mnist", options);
  if (set) return { name: "Fashion-MNIST", d: set.d, base: set.base, queries: set.queries };
  const n = options.rows || 60_000;
  const made = syntheticClusters({ n, d: 784, queries: options.queries, seed: options.seed });
  return { name: "generated clusters", d: 784, base: made.base.data, queries: made.queries.data };
}

const at = (/** @type {Float64Array} */ times, /** @type {number} */ share) =>
  times[Math.min(times.length - 1, Math.floor(share * times.length))];

/** @param {any} options @param {(text: string) => void} say */
export async function raceServer(options, say) {
  const { name, d, base, queries } = loadRows(options);
  const n = base.length / d;
  const count = Math.floor(queries.length / d);
  const query = (/** @type {number} */ i) => queries.subarray(i * d, (i + 1) * d);
  const bytes = (/** @type {Float32Array} */ row) =>
    new Uint8Array(row.buffer, row.byteOffset, row.byteLength);
  const search = "/api/collections/bench/search";
  const server = await startServer();
  const { url, address } = server;
  try {
    say(`server: upload of ${n} rows`);
    const started = performance.now();
    await outcome(
      url,
      await json(`${url}/api/collections/bench/file?format=npy&index=Flat`, {
        method: "PUT",
        headers: { "content-type": FLOATS },
        body: encodeVectors({ data: base, rows: n, cols: d, stride: d }, "npy"),
      }),
    );
    const uploadSeconds = (performance.now() - started) / 1000;

    say("server: build of an index while exact searches go on");
    const binary = Array.from({ length: count }, (_, i) =>
      requestBytes(`${search}?k=10`, FLOATS, bytes(query(i))),
    );
    await longestBlock(url);
    const job = await json(`${url}/api/collections/bench/build`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ index: SPEC, targetRecall: RECALL, k: 10 }),
    });
    let building = true;
    const built = outcome(url, job).finally(() => {
      building = false;
    });
    const meanwhile = await openConnection(address);
    /** @type {number[]} */
    const waits = [];
    for (let i = 0; building; i++) {
      const start = performance.now();
      await meanwhile.ask(binary[i % count]);
      waits.push(performance.now() - start);
      await sleep(20);
    }
    meanwhile.close();
    const { seconds: buildSeconds, index } = await built;
    const blockMs = await longestBlock(url);

    say("server: recall, round trips, searches a second");
    const { recall } = await json(`${url}${search}?k=10&audit=true`, {
      method: "POST",
      headers: { "content-type": FLOATS },
      body: bytes(queries.subarray(0, count * d)),
    });
    const texts = Array.from({ length: count }, (_, i) =>
      requestBytes(
        search,
        "application/json",
        Buffer.from(JSON.stringify({ vector: Array.from(query(i)), k: 10 })),
      ),
    );
    const trips = Math.max(1000, Math.min(count * 2, 4000));
    await latencies(address, binary, 500);
    const byBytes = await latencies(address, binary, trips);
    const byJson = await latencies(address, texts, trips);
    const engine = Float64Array.from(byBytes.bodies, (body) => JSON.parse(body.toString()).engineMs).sort();
    const rounds = Math.max(3, options.rounds >> 1);
    const seconds = Math.max(2, options.seconds);
    const rates = { bytes: [], json: [] };
    for (let round = 0; round < rounds; round++) {
      rates.bytes.push(await throughput(address, binary, CONNECTIONS, seconds));
      rates.json.push(await throughput(address, texts, CONNECTIONS, seconds));
    }
    return {
      ...{ name, n, d, index, recall, connections: CONNECTIONS, uploadSeconds, buildSeconds, blockMs },
      meanwhileMs: { median: median(waits), worst: Math.max(...waits), count: waits.length },
      trips: {
        bytes: { p50: at(byBytes.times, 0.5), p99: at(byBytes.times, 0.99) },
        json: { p50: at(byJson.times, 0.5), p99: at(byJson.times, 0.99) },
        engine: { p50: at(engine, 0.5), p99: at(engine, 0.99) },
      },
      rates: { bytes: spread(rates.bytes), json: spread(rates.json) },
    };
  } finally {
    await server.stop();
  }
}
