// Writes umap.umap-js-<version>.json: bandwidths, memberships and curves of umap-js for rows that are multiples of 1/16.
// Run as: node make-umap.umap-js.mjs FOLDER, where FOLDER holds a node_modules with umap-js.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const require = createRequire(resolve(process.argv[2] ?? ".", "package.json"));
const { version } = require("umap-js/package.json");
const inner = require("umap-js/dist/umap.js");

const rows = (n, d, factor) =>
  Array.from({ length: n }, (_, i) =>
    Array.from({ length: d }, (_, j) => ((((i * factor + j * 37 + i * i * (j + 3)) % 97) - 48) / 16) * (1 + (j % 4))),
  );
const K = 8;
const x = rows(36, 4, 29);
x[7] = x[3];
x[20] = x[3];
// The row itself first, then by distance and number: umap-js's own search is approximate.
const nearest = x.map((a, i) =>
  x
    .map((b, j) => ({ j, d: Math.sqrt(a.reduce((s, v, c) => s + (v - b[c]) ** 2, 0)) }))
    .sort((p, q) => (p.j === i ? -1 : q.j === i ? 1 : p.d - q.d || p.j - q.j))
    .slice(0, K),
);
const ids = nearest.map((row) => row.map(({ j }) => j));
const distances = nearest.map((row) => row.map(({ d }) => d));

const cases = [];
for (const [localConnectivity, setOpMixRatio] of [[1, 1], [1.5, 1], [2, 0.4]]) {
  const umap = new inner.UMAP({ nNeighbors: K, localConnectivity, setOpMixRatio });
  umap.setPrecomputedKNN(ids, distances);
  const { sigmas, rhos } = umap.smoothKNNDistance(distances, K, localConnectivity);
  const graph = umap.fuzzySimplicialSet(x, K, setOpMixRatio);
  const entries = [];
  for (let i = 0; i < 36; i++) {
    for (let j = 0; j < i; j++) {
      const value = graph.get(i, j, 0);
      if (value !== 0) entries.push([i, j, Number(value.toPrecision(12))]);
    }
  }
  cases.push({ localConnectivity, setOpMixRatio, sigmas, rhos, entries });
}
/** Three arms that wind through six dimensions. */
const arms = Array.from({ length: 180 }, (_, i) => {
  const t = Math.floor(i / 3) / 12;
  const c = i % 3;
  return [Math.cos(t + 2 * c), Math.sin(t + 2 * c), Math.cos(2 * t), t / 2, c, Math.sin(3 * t + c)];
});
const distance = (a, b) => a.reduce((s, v, c) => s + (v - b[c]) ** 2, 0);
function ranks(points, i) {
  const order = points.map((_, j) => j).sort((p, q) => (p === i ? -1 : q === i ? 1 : distance(points[i], points[p]) - distance(points[i], points[q]) || p - q));
  const out = [];
  order.forEach((j, r) => { out[j] = r; });
  return out;
}
function trust(from, to, k) {
  let sum = 0;
  for (let i = 0; i < from.length; i++) {
    const [a, b] = [ranks(from, i), ranks(to, i)];
    for (let j = 0; j < from.length; j++) if (j !== i && b[j] <= k) sum += Math.max(0, a[j] - k);
  }
  const n = from.length;
  return 1 - (2 * sum) / (n * k * (2 * n - 3 * k - 1));
}
const layouts = [1, 2, 3, 4, 5].map((seed) => {
  let state = seed * 1234567;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const y = new inner.UMAP({ nNeighbors: 12, nEpochs: 300, random }).fit(arms);
  return { trustworthiness: trust(arms, y, 10), continuity: trust(y, arms, 10) };
});
const curves = [[0.1, 1], [0.5, 1], [0.001, 1], [0.25, 2]].map(([minDist, spread]) => ({
  minDist,
  spread,
  ...inner.findABParams(spread, minDist),
}));
const out = { k: K, ids: ids.map((row) => row.slice(1)), distances: distances.map((row) => row.slice(1)), cases, layouts, curves };
writeFileSync(new URL(`umap.umap-js-${version}.json`, import.meta.url), `${JSON.stringify(out)}\n`);
