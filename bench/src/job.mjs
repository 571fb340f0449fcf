import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes rows where every contender, native ones too, can read them. @param {string} path @param {Float32Array} rows */
function writeFloats(path, rows) {
  if (existsSync(path)) return;
  writeFileSync(`${path}.part`, rows);
  renameSync(`${path}.part`, path);
}

/**
 * What each contender is told: files, shape and parameters.
 * @param {import("./sets.mjs").Vectors} set @param {any} options
 * @returns {import("./contenders/list.mjs").Job}
 */
export function makeJob(set, options) {
  const cache = join(options.out, "cache");
  mkdirSync(cache, { recursive: true });
  const hash = createHash("sha256").update(set.base).update(set.queries).digest("hex").slice(0, 12);
  const base = join(cache, `${set.name}-${hash}-base.f32`);
  const queries = join(cache, `${set.name}-${hash}-queries.f32`);
  writeFloats(base, set.base);
  writeFloats(queries, set.queries);
  const { k, M, efConstruction, seed } = options;
  return {
    base,
    queries,
    n: set.base.length / set.d,
    nq: set.queries.length / set.d,
    d: set.d,
    k,
    metric: set.metric,
    M,
    efConstruction,
    seed,
    scratch: join(cache, `${set.name}-${hash}`),
  };
}
