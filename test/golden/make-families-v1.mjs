// Writes golden index files of format version 1 for the kinds that make-indexes-v1.mjs has not, and families-v1.json, what
// they must answer. Run after `npm run build`: node test/golden/make-families-v1.mjs
// The files are a promise like those: never made again for the same version.
import { writeFile } from "node:fs/promises";
import { createRng } from "../../dist/core/index.js";
import { create } from "../../dist/indexes/index.js";

const CASES = [
  ["kdtree", "KDTree", "l1", "f32", {}],
  ["balltree", "BallTree", "l2", "u8", {}],
  ["balltree-bits", "BallTree", "hamming", "bits", {}],
  ["rpforest", "RPForest4", "cosine", "f32", { searchK: 60 }],
  ["nndescent", "NNDescent8", "l2", "f32", { efSearch: 6 }],
  ["vamana", "Vamana8,SQ7,Refine", "ip", "f32", { efSearch: 6 }],
  ["anng", "ANNG6", "linf", "f32", { efSearch: 6 }],
  ["onng", "ONNG6", "l2sq", "f32", { efSearch: 6 }],
  ["qg", "QG8", "l2", "f32", { efSearch: 6 }],
  ["ivf", "IVF4,Flat", "cosine", "f32", { nprobe: 2 }],
  ["ivf-sq6", "IVF4,SQ6,Refine", "ip", "f32", { nprobe: 2 }],
  ["ivf-pq", "OPQ4,IVF4,PQ4x4fs,Refine", "l2", "f32", { nprobe: 2 }],
  ["rabitq", "IVF4,RaBitQ,Refine", "l2", "f32", { nprobe: 2 }],
  ["scann", "ScaNN4,SOAR", "ip", "f32", { nprobe: 2 }],
];
const DIMENSION = 8;
const ROWS = 200;

/** A row for each dtype: 8 floats, 8 bytes, or 64 bits. */
function draw(rng, dtype) {
  if (dtype === "f32") return Float32Array.from({ length: DIMENSION }, () => Math.round(rng.normal() * 64) / 64);
  return Uint8Array.from({ length: DIMENSION }, () => rng.below(256));
}

const expected = {};
for (const [name, spec, metric, dtype, near] of CASES) {
  const rng = createRng(1, `golden ${name}`);
  const rows = Array.from({ length: ROWS }, () => draw(rng, dtype));
  const queries = Array.from({ length: 3 }, () => draw(rng, dtype));
  const dimension = dtype === "bits" ? 64 : DIMENSION;
  const index = create(spec, { dimension, metric, dtype, seed: 5 });
  index.add(rows);
  index.remove([0, 4, 8]);
  const shown = (items) => items.map(({ key, distance }) => [key, distance]);
  expected[name] = {
    spec,
    metric,
    dtype,
    dimension,
    near,
    size: index.size,
    queries: queries.map((query) => [...query]),
    answers: queries.map((query) => shown(index.search(query, { k: 5, ...near }).items())),
    exact: queries.map((query) => shown(index.search(query, { k: 5, exact: true }).items())),
    filtered: [],
  };
  await writeFile(new URL(`index-${name}-v1.vic`, import.meta.url), index.toBytes());
}
await writeFile(new URL("families-v1.json", import.meta.url), `${JSON.stringify(expected)}\n`);
