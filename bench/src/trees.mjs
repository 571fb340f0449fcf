/** Exact trees in few dimensions, in batches on one thread: ours, scikit-learn's and SciPy's. */

import { join } from "node:path";
import { syntheticClusters } from "../../dist/data/index.js";
import { raceExact } from "./exact.mjs";
import { makeJob } from "./job.mjs";
import { groundTruth } from "./truth.mjs";

const ROWS = 100_000;
const QUERIES = 2000;

/** Uniform rows in the unit cube, or clusters; the same for a seed. @param {number} d @param {"uniform" | "clustered"} shape */
function lowSet(d, shape) {
  const n = ROWS + QUERIES;
  if (shape === "clustered") {
    const { base, queries } = syntheticClusters({ n: ROWS, d, queries: QUERIES, seed: 1, intrinsic: d });
    return { base: base.data, queries: queries.data };
  }
  let state = 12345;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const all = Float32Array.from({ length: n * d }, next);
  return { base: all.slice(0, ROWS * d), queries: all.slice(ROWS * d) };
}

/**
 * @param {import("./contenders/list.mjs").Contender[]} contenders @param {any} options @param {(text: string) => void} say
 */
export async function raceTrees(contenders, options, say) {
  const results = [];
  for (const shape of /** @type {const} */ (["uniform", "clustered"])) {
    for (const d of [2, 3, 8]) {
      const set = { name: `${shape}-${d}`, d, metric: "l2sq", ...lowSet(d, shape) };
      say(`${set.name}: ground truth`);
      const truth = await groundTruth(set, options.k, join(options.out, "cache"));
      const job = makeJob(set, options);
      const found = await raceExact(set, job, contenders, truth, options, say, ["batch"]);
      results.push({ name: set.name, n: job.n, d, shape, ...found });
    }
  }
  return results;
}
