/**
 * The judge: brute force in float64 over the raw float32 vectors, and recall from it. Nothing here
 * is shared with any contender.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

/** Rows this close to the true k-th distance, relatively, count as ties. */
export const TIE = 1e-6;

/**
 * Distance of two rows in float64: squared L2, or 1 - cos.
 * @param {Float32Array} a @param {number} i @param {Float32Array} b @param {number} j
 * @param {number} d @param {string} metric
 */
export function distance(a, i, b, j, d, metric) {
  let x = i * d;
  let y = j * d;
  const end = x + d;
  if (metric === "cosine") {
    let dot = 0;
    let aa = 0;
    let bb = 0;
    for (; x < end; x++, y++) {
      dot += a[x] * b[y];
      aa += a[x] * a[x];
      bb += b[y] * b[y];
    }
    return 1 - dot / Math.sqrt(aa * bb);
  }
  let sum = 0;
  for (; x < end; x++, y++) {
    const t = a[x] - b[y];
    sum += t * t;
  }
  return sum;
}

/** The k smallest distances of each query from..to, ascending. */
function kSmallest({ base, queries, d, k, metric, from, to }) {
  const n = base.length / d;
  const best = new Float64Array((to - from) * k).fill(Number.POSITIVE_INFINITY);
  for (let i = 0; i < n; i++) {
    for (let q = from; q < to; q++) {
      const value = distance(queries, q, base, i, d, metric);
      const row = (q - from) * k;
      if (value >= best[row + k - 1]) continue;
      let at = row + k - 1;
      for (; at > row && best[at - 1] > value; at--) best[at] = best[at - 1];
      best[at] = value;
    }
  }
  return best;
}

if (!isMainThread && workerData?.task === "truth") {
  const { from, to, k } = workerData;
  // Few queries at a time, so that they stay in the cache while the base streams by.
  for (let q = from; q < to; q += 16) {
    const end = Math.min(q + 16, to);
    parentPort?.postMessage({ from: q, best: kSmallest({ ...workerData, k, from: q, to: end }) });
  }
}

/**
 * True distances of the k nearest, nq x k, from the cache folder or computed on all cores.
 * @param {import("./sets.mjs").Vectors} set @param {number} k @param {string} cache
 */
export async function groundTruth({ base, queries, d, metric }, k, cache) {
  const hash = createHash("sha256").update(`${d} ${k} ${metric}`).update(base).update(queries).digest("hex");
  const path = join(cache, `truth-${hash.slice(0, 24)}.f64`);
  if (existsSync(path)) return new Float64Array(new Uint8Array(readFileSync(path)).buffer);

  const nq = queries.length / d;
  const shared = (/** @type {Float32Array} */ rows) => {
    const copy = new Float32Array(new SharedArrayBuffer(rows.byteLength));
    copy.set(rows);
    return copy;
  };
  const job = { task: "truth", base: shared(base), queries: shared(queries), d, k, metric };
  const truth = new Float64Array(nq * k);
  const workers = Math.min(availableParallelism(), nq);
  await Promise.all(
    Array.from({ length: workers }, (_, w) => {
      const from = Math.floor((w * nq) / workers);
      const to = Math.floor(((w + 1) * nq) / workers);
      return new Promise((resolve, reject) => {
        const worker = new Worker(new URL(import.meta.url), { workerData: { ...job, from, to } });
        worker.on("message", (part) => truth.set(part.best, part.from * k));
        worker.on("error", reject);
        worker.on("exit", resolve);
      });
    }),
  );
  mkdirSync(cache, { recursive: true });
  writeFileSync(`${path}.part`, truth);
  renameSync(`${path}.part`, path);
  return truth;
}

/**
 * Mean recall@k by distance threshold, after ann-benchmarks: an answer counts when its recomputed
 * distance is within the true k-th (here with a relative tolerance for ties only, instead of an
 * absolute 0.001, which would be generous to unit vectors). Duplicates in an answer are refused.
 * @param {Int32Array} answers nq x k, -1 where a row is short
 * @param {Float64Array} truth nq x k
 * @param {import("./sets.mjs").Vectors} set
 * @param {number} k
 */
export function recallOf(answers, truth, { base, queries, d, metric }, k) {
  const nq = queries.length / d;
  const n = base.length / d;
  let hits = 0;
  for (let q = 0; q < nq; q++) {
    const limit = truth[(q + 1) * k - 1];
    const seen = new Set();
    for (let i = 0; i < k; i++) {
      const id = answers[q * k + i];
      if (id === -1) continue;
      if (id < 0 || id >= n)
        throw new Error(`Answer ${id} of query ${q} is not a row; rows are 0 to ${n - 1}.`);
      if (seen.has(id)) throw new Error(`Answer ${id} of query ${q} came twice.`);
      seen.add(id);
      if (distance(queries, q, base, id, d, metric) <= limit + TIE * Math.abs(limit)) hits++;
    }
  }
  return hits / (nq * k);
}
