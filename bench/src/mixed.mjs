/**
 * A mixed workload: rows come and go while filtered queries are answered, and recall is measured all along. Run it by
 * `node scripts/build.mjs && node bench/src/mixed.mjs [options]`; a table on stderr, with --json one document on stdout.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { create, tune } from "../../dist/index.js";
import { DEFAULTS } from "./options.mjs";
import { loadSet } from "./sets.mjs";

const HELP = `node bench/src/mixed.mjs [options]

  --set NAME       fashion-mnist, bsds-sift, unit768 or syn128 (the default)
  --rows N         rows of the set, half of them there from the start (20000)
  --queries N      queries a measurement (100)
  --steps N        blocks of inserts and deletes (8)
  --index SPEC     repeatable; default Flat, HNSW16, HNSW16,SQ7,Refine
  --target R       recall that each index is tuned to before the first step (0.95)
  --k N            neighbours (10)
  --data DIR       the data folder, default $VICINAL_DATA
  --json           one JSON document on stdout
`;

/** Shares of the rows that a filter lets through. */
const SHARES = [1, 0.5, 0.1, 0.01, 0.001];
/** Rows carry a number below this; a filter lets through those below a share of it. */
const BUCKETS = 1000;

/** Numbers from 0 to below 1 that depend on the seed alone (Marsaglia's xorshift). @param {number} seed */
function numbers(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 0x100000000;
  };
}

/**
 * What happens, the same for every index: rows that are there from the start, then blocks that come and rows that go.
 * @param {number} n @param {number} steps
 */
function script(n, steps) {
  const random = numbers(7);
  const start = Math.floor(n / 2);
  const block = Math.floor((n - start) / steps);
  const live = Array.from({ length: start }, (_, i) => i);
  const changes = [];
  for (let step = 0; step < steps; step++) {
    const gone = Array.from({ length: block }, () => {
      const at = Math.floor(random() * live.length);
      const [row] = live.splice(at, 1);
      return row;
    });
    const come = Array.from({ length: block }, (_, i) => start + step * block + i);
    live.push(...come);
    changes.push({ come, gone });
  }
  const bucket = Array.from({ length: n }, () => Math.floor(random() * BUCKETS));
  return { start, changes, bucket };
}

const filterOf = (/** @type {number} */ share) => ({ bucket: { $lt: Math.ceil(share * BUCKETS) } });

/** Runs the script over one index. `measure` sees it after every step, and before the first. */
async function play(spec, set, { start, changes, bucket }, prepare, measure) {
  const { d, metric, base } = set;
  const index = create(spec, { dimension: d, metric });
  const rowsOf = (/** @type {number[]} */ rows) => ({
    vectors: rows.map((row) => base.subarray(row * d, (row + 1) * d)),
    options: { keys: rows, metadata: rows.map((row) => ({ bucket: bucket[row] })) },
  });
  try {
    const first = rowsOf(Array.from({ length: start }, (_, i) => i));
    await index.addAsync(first.vectors, first.options);
    await prepare(index);
    const steps = [measure(index, 0, {})];
    for (const [i, { come, gone }] of changes.entries()) {
      const { vectors, options } = rowsOf(come);
      let begin = performance.now();
      index.remove(gone);
      const removeMs = performance.now() - begin;
      begin = performance.now();
      for (let row = 0; row < vectors.length; row += 16) {
        const keys = options.keys.slice(row, row + 16);
        index.add(vectors.slice(row, row + 16), { keys, metadata: options.metadata.slice(row, row + 16) });
      }
      const addMs = performance.now() - begin;
      steps.push(
        measure(index, i + 1, {
          addsPerSecond: (1000 * come.length) / addMs,
          removesPerSecond: (1000 * gone.length) / removeMs,
        }),
      );
    }
    return { spec: index.spec, params: index.defaults, bytes: index.stats().memory.total, steps };
  } finally {
    index.close();
  }
}

function recallOf(found, truth, k) {
  const limit = truth.at(-1);
  const wanted = Math.min(k, truth.length);
  if (wanted === 0) return 1;
  let hits = 0;
  for (const distance of found) if (distance <= limit + Math.abs(limit) * 1e-6) hits++;
  return Math.min(1, hits / wanted);
}

async function main() {
  const { values } = parseArgs({
    options: {
      set: { type: "string", default: "syn128" },
      rows: { type: "string", default: "20000" },
      queries: { type: "string", default: "100" },
      steps: { type: "string", default: "8" },
      index: { type: "string", multiple: true, default: ["Flat", "HNSW16", "HNSW16,SQ7,Refine"] },
      target: { type: "string", default: "0.95" },
      k: { type: "string", default: String(DEFAULTS.k) },
      data: { type: "string", default: process.env.VICINAL_DATA ?? "" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const [n, queries, steps, k] = [values.rows, values.queries, values.steps, values.k].map(Number);
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const data = [values.data, join(root, "data"), join(root, "..", "shared", "data")].find(existsSync) ?? "";
  const set = loadSet(values.set, { data, rows: n, queries });
  if (set === undefined) {
    process.stderr.write(
      `The files of ${values.set} are not in ${data || "any data folder"}; nothing to run.\n`,
    );
    return;
  }
  const rows = set.base.length / set.d;
  const plan = script(rows, steps);
  const asked = Array.from({ length: set.queries.length / set.d }, (_, q) =>
    set.queries.slice(q * set.d, (q + 1) * set.d),
  );
  /** Distances of the true neighbours, by step, share and query. @type {Float32Array[][][]} */
  const truth = [];
  const say = (/** @type {string} */ text) => process.stderr.write(`${text}\n`);
  say(
    `${values.set}: ${rows} × ${set.d}, ${plan.start} rows at first, ${steps} steps of ${plan.changes[0].come.length} in and out; k = ${k}`,
  );
  await play(
    "Flat",
    set,
    plan,
    () => {},
    (index, step) => {
      truth[step] = SHARES.map((share) => {
        const filter = index.mask(filterOf(share));
        return asked.map((query) => index.search(query, { k, filter, exact: true }).row(0).distances.slice());
      });
      return undefined;
    },
  );
  const head = [
    "index",
    "step",
    "adds/s",
    "removes/s",
    ...SHARES.map((share) => `${100 * share} %: recall, ms`),
  ];
  say(head.join(" | "));
  const results = [];
  for (const spec of values.index) {
    const prepare = (index) => tune(index, undefined, { targetRecall: Number(values.target), k });
    const result = await play(spec, set, plan, prepare, (index, step, facts) => {
      const shares = SHARES.map((share, s) => {
        const begin = performance.now();
        const filter = share === 1 ? undefined : index.mask(filterOf(share));
        const maskMs = performance.now() - begin;
        for (const query of asked.slice(0, 10)) index.search(query, { k, filter });
        const start = performance.now();
        const found = asked.map((query) => index.search(query, { k, filter }).row(0).distances);
        const ms = (performance.now() - start) / asked.length;
        const recall =
          found.reduce((sum, got, q) => sum + recallOf(got, truth[step][s][q], k), 0) / asked.length;
        return { share, recall, ms, maskMs };
      });
      const count = (/** @type {number | undefined} */ value) =>
        value === undefined ? "" : value.toFixed(0);
      const cells = shares.map(({ recall, ms }) => `${recall.toFixed(3)}, ${ms.toFixed(3)}`);
      say([spec, step, count(facts.addsPerSecond), count(facts.removesPerSecond), ...cells].join(" | "));
      return { step, size: index.size, ...facts, shares };
    });
    results.push(result);
  }
  const { metric, d } = set;
  if (values.json) {
    process.stdout.write(
      `${JSON.stringify({ set: values.set, rows, d, metric, k, queries: asked.length, node: process.version, results }, undefined, 2)}\n`,
    );
  }
}

await main();
