import { expect, test } from "vitest";
import { createRng } from "../core/index.ts";
import { build, buildReport } from "./build.ts";

/** Two tight clusters, so far apart that one quantization step spans either of them. */
function farApart(n: number, d: number, seed: number): Float32Array {
  const rng = createRng(seed, "far apart");
  return Float32Array.from({ length: n * d }, (_, i) => (Math.floor(i / d) % 2) * 1e5 + rng.normal());
}

test("Auto leaves codes that miss the target for a graph over the vectors", async () => {
  const [n, d] = [12_000, 12];
  const index = await build(farApart(n, d, 1), { dimension: d, targetRecall: 0.9, efConstruction: 64 });
  const report = buildReport(index)!;
  expect(index.spec).not.toContain("SQ7");
  expect(report.why).toMatch(/^HNSW16,SQ7,Refine reached 0\.\d+ only; /);

  const queries = farApart(200, d, 2);
  const found = index.search(queries, { k: 10 });
  const truth = index.search(queries, { k: 10, exact: true });
  let hits = 0;
  for (let q = 0; q < 200; q++) {
    const limit = truth.distances[q * 10 + 9]! * (1 + 1e-6);
    for (const distance of found.row(q).distances) if (distance <= limit) hits++;
  }
  expect(hits / 2000).toBeGreaterThanOrEqual(0.87);
  index.close();
});

test("few rows are searched exactly, and the report says why", async () => {
  const index = await build(farApart(100, 4, 3), { dimension: 4 });
  expect(index.spec).toBe("Flat");
  expect(buildReport(index)).toEqual({
    spec: "Flat",
    why: "100 rows are compared in full faster than an index pays off",
    recall: undefined,
  });
  index.close();
});
