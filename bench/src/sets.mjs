import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { syntheticClusters } from "../../dist/data/index.js";

/**
 * @typedef {{ name: string, metric: "l2sq" | "cosine", d: number, base: Float32Array, queries: Float32Array }} Vectors
 */

/** The rows of an IDX image file as float32. @param {string} path @param {number} limit */
function readIdx(path, limit) {
  const bytes = gunzipSync(readFileSync(path));
  if (bytes.readUInt32BE(0) !== 2051) throw new Error(`${path} is not an IDX image file.`);
  const d = bytes.readUInt32BE(8) * bytes.readUInt32BE(12);
  const n = Math.min(bytes.readUInt32BE(4), limit);
  return { d, rows: Float32Array.from(bytes.subarray(16, 16 + n * d)) };
}

/** The rows of a bvecs file as float32. @param {string} path @param {number} limit */
function readBvecs(path, limit) {
  const bytes = readFileSync(path);
  const d = bytes.readInt32LE(0);
  const n = Math.min(bytes.length / (d + 4), limit);
  const rows = new Float32Array(n * d);
  for (let i = 0; i < n; i++) rows.set(bytes.subarray(i * (d + 4) + 4, (i + 1) * (d + 4)), i * d);
  return { d, rows };
}

/** Generated clusters of low intrinsic dimension. @param {{ n: number, d: number, queries: number, unit: boolean }} shape */
function synthetic({ n, d, queries, unit }) {
  const made = syntheticClusters({ n, d, queries, unit, seed: 1 });
  return { d, base: made.base.data, queries: made.queries.data };
}

/**
 * What each set is and how to load it; `load` gives undefined when the files are not there.
 * @type {Record<string, { metric: "l2sq" | "cosine", rows: number, load(folder: string, rows: number, queries: number): Omit<Vectors, "name" | "metric"> | undefined }>}
 */
export const SETS = {
  "fashion-mnist": {
    metric: "l2sq",
    rows: 60_000,
    load(folder, rows, queries) {
      const base = join(folder, "fashion-mnist", "train-images-idx3-ubyte.gz");
      const test = join(folder, "fashion-mnist", "test9k-images-idx3-ubyte.gz");
      if (!existsSync(base) || !existsSync(test)) return undefined;
      const { d, rows: vectors } = readIdx(base, rows);
      return { d, base: vectors, queries: readIdx(test, queries).rows };
    },
  },
  "bsds-sift": {
    metric: "l2sq",
    rows: 50_000,
    load(folder, rows, queries) {
      const base = join(folder, "sift", "bsds-sift_base.bvecs");
      const test = join(folder, "sift", "bsds-sift_query.bvecs");
      if (!existsSync(base) || !existsSync(test)) return undefined;
      const { d, rows: vectors } = readBvecs(base, rows);
      return { d, base: vectors, queries: readBvecs(test, queries).rows };
    },
  },
  unit768: {
    metric: "cosine",
    rows: 100_000,
    load: (_folder, n, queries) => synthetic({ n, d: 768, queries, unit: true }),
  },
  syn128: {
    metric: "l2sq",
    rows: 100_000,
    load: (_folder, n, queries) => synthetic({ n, d: 128, queries, unit: false }),
  },
  million: {
    metric: "l2sq",
    rows: 1_000_000,
    load: (_folder, n, queries) => synthetic({ n, d: 128, queries, unit: false }),
  },
};

/**
 * Loads a set by name; undefined when its files are absent.
 * @param {string} name
 * @param {{ data: string, rows: number, queries: number }} options
 * @returns {Vectors | undefined}
 */
export function loadSet(name, { data, rows, queries }) {
  const set = SETS[name];
  if (!set) throw new Error(`Unknown set "${name}"; use ${Object.keys(SETS).join(", ")}.`);
  const vectors = set.load(data, rows > 0 ? Math.min(rows, set.rows) : set.rows, queries);
  return vectors && { name, metric: set.metric, ...vectors };
}
