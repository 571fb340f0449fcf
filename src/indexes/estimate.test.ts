import { expect, test } from "vitest";
import { createRng, type Dtype, isVicinalError, type Metric } from "../core/index.ts";
import { create } from "./create.ts";
import { estimate } from "./estimate.ts";

const N = 20_000;

/** Random rows of d components, or d bits. */
function rows(d: number, dtype: Dtype): Float32Array | Uint8Array {
  const rng = createRng(d, "estimate");
  if (dtype === "f32") return Float32Array.from({ length: N * d }, () => rng.next() - 0.5);
  return Uint8Array.from({ length: (N * d) / (dtype === "bits" ? 8 : 1) }, () => rng.below(256));
}

test("is within ten per cent of what 20,000 rows take, in few and in many dimensions, of every type", () => {
  const cases: [string, number, Metric, Dtype][] = [
    ["Flat", 4, "l2", "f32"],
    ["Flat", 40, "ip", "f32"],
    ["Flat", 40, "l1", "f32"],
    ["Flat", 64, "l2", "u8"],
    ["Flat", 256, "hamming", "bits"],
    ["HNSW4", 4, "l2", "f32"],
    ["HNSW4,SQ7,Refine", 17, "ip", "f32"],
    ["HNSW8,SQ8", 32, "cosine", "f32"],
  ];
  for (const [spec, dimension, metric, dtype] of cases) {
    const index = create(spec, {
      dimension,
      metric,
      dtype,
      ...(spec === "Flat" ? {} : { efConstruction: 16 }),
    });
    index.add(rows(dimension, dtype));
    index.search(index.get(0), { exact: true });
    const { total } = index.stats().memory;
    const ratio = estimate(spec, { n: N, dimension, metric, dtype }).total / total;
    expect(ratio, `${spec} ${dimension} ${metric}`).toBeGreaterThan(0.9);
    expect(ratio, `${spec} ${dimension} ${metric}`).toBeLessThan(1.1);
    index.close();
  }
});

test("of Auto is that of what it would build", () => {
  const of = (spec: string, n: number): number => estimate(spec, { n, dimension: 64 }).total;
  expect(of("Auto", 5000)).toBe(of("Flat", 5000));
  expect(of("Auto", 50_000)).toBe(of("HNSW16,SQ7,Refine", 50_000));
});

test("refuses what it cannot be asked", () => {
  const codeOf = (spec: string, n: number, dimension: number): string => {
    try {
      estimate(spec, { n, dimension });
    } catch (error) {
      return isVicinalError(error) ? error.code : String(error);
    }
    return "";
  };
  expect(codeOf("Tree", 1, 1)).toBe("SPEC_SYNTAX");
  expect(codeOf("Flat", -1, 1)).toBe("OPTION_RANGE");
  expect(codeOf("Flat", 1, 0)).toBe("OPTION_RANGE");
});

test("stats() counts the codes that exact search makes when they are there, not before", () => {
  const index = create("Flat", { dimension: 40 });
  index.add(rows(40, "f32"));
  const before = index.stats().memory;
  expect(before.codes).toBe(0);
  expect(before.overhead).toBeGreaterThanOrEqual(0);
  index.search(index.get(0));
  const after = index.stats().memory;
  expect(after.codes).toBeGreaterThan(N * 40);
  expect(after.overhead).toBeGreaterThanOrEqual(0);
  index.close();
});
