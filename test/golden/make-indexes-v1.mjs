// Writes index-*-v1.vic, golden index files of format version 1, and indexes-v1.json, what they must answer.
// Run after `npm run build`: node test/golden/make-indexes-v1.mjs
// The files are a promise: later versions must open them and answer alike. They are never made again for the
// same version; a test makes sure of what is in them.
import { writeFile } from "node:fs/promises";
import { createRng } from "../../dist/core/index.js";
import { create } from "../../dist/indexes/index.js";

const CASES = [
  ["flat-f32", "Flat", "cosine", "f32", 30],
  ["flat-u8", "Flat", "l1", "u8", 30],
  ["flat-bits", "Flat", "hamming", "bits", 30],
  ["hnsw-f32", "HNSW4", "l2", "f32", 40],
  ["hnsw-ip", "HNSW4", "ip", "f32", 40],
  ["hnsw-sq7-refine", "HNSW4,SQ7,Refine", "l2", "f32", 40],
  ["hnsw-sq8-refine", "HNSW4,SQ8,Refine", "cosine", "f32", 40],
  // Enough rows that vectors were dropped and only codes are kept.
  ["hnsw-sq7", "HNSW4,SQ7", "l2sq", "f32", 1100],
  ["hnsw-sq8", "HNSW4,SQ8", "ip", "f32", 1100],
];
const DIMENSION = 8;

/** A row for each dtype: 8 floats, 8 bytes, or 64 bits. */
function draw(rng, dtype) {
  if (dtype === "f32") return Float32Array.from({ length: DIMENSION }, () => Math.round(rng.normal() * 64) / 64);
  return Uint8Array.from({ length: DIMENSION }, () => rng.below(256));
}

const expected = {};
for (const [name, spec, metric, dtype, n] of CASES) {
  const rng = createRng(1, `golden ${name}`);
  const rows = Array.from({ length: n }, () => draw(rng, dtype));
  const queries = Array.from({ length: 3 }, () => draw(rng, dtype));
  const dimension = dtype === "bits" ? 64 : DIMENSION;
  const index = create(spec, { dimension, metric, dtype, seed: 5 });
  const small = n < 100;
  const options = {
    keys: rows.map((_, i) => (i % 3 === 0 ? i : i % 3 === 1 ? `key ${i} ñ🙂` : BigInt(i))),
    metadata: rows.map((_, i) => (i % 2 ? { i, tags: ["a", `b${i % 3}`] } : undefined)),
  };
  index.add(rows, small ? options : {});
  index.remove(small ? [0, "key 4 ñ🙂", 8n] : [0, 4, 8]);
  const near = spec === "Flat" ? {} : { efSearch: 6 };
  const shown = (items) => items.map(({ key, distance }) => [typeof key === "bigint" ? `${key}n` : key, distance]);
  expected[name] = {
    spec,
    metric,
    dtype,
    dimension,
    size: index.size,
    queries: queries.map((query) => [...query]),
    answers: queries.map((query) => shown(index.search(query, { k: 5, ...near }).items())),
    exact: queries.map((query) => shown(index.search(query, { k: 5, exact: true }).items())),
    filtered: small ? queries.map((query) => shown(index.search(query, { k: 5, filter: { tags: "b1" } }).items())) : [],
  };
  await writeFile(new URL(`index-${name}-v1.vic`, import.meta.url), index.toBytes());
}
await writeFile(new URL("indexes-v1.json", import.meta.url), `${JSON.stringify(expected)}\n`);
