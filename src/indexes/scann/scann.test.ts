import { describe, expect, test } from "vitest";
import { createRng, type Metric } from "../../core/index.ts";
import { ScannIndex, type ScannOptions } from "./scann.ts";

const D = 10;

function points(n: number, seed = 1): Float32Array[] {
  const rng = createRng(seed, "points");
  return Array.from({ length: n }, () => Float32Array.from({ length: D }, () => rng.normal()));
}

function make(n: number, options: Partial<ScannOptions> = {}): ScannIndex {
  const index = new ScannIndex({ dimension: D, ...options });
  index.add(points(n));
  return index;
}

/** The lists that each row is in. */
function listsOf(index: ScannIndex): number[][] {
  const out: number[][] = Array.from({ length: index.rows.rows }, () => []);
  for (let l = 0; l < index.lists.nlist; l++) for (const { row } of index.lists.rowsOf(l)) out[row]!.push(l);
  return out;
}

function centroids(index: ScannIndex): number[][] {
  const { section, stride } = index.lists.parts.coarse!;
  const values = index.space.f32(section);
  return Array.from({ length: index.lists.nlist }, (_, l) =>
    Array.from(values.subarray((l * stride) / 4, (l * stride) / 4 + D)),
  );
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let j = 0; j < D; j++) sum += a[j]! * b[j]!;
  return sum;
};
const minus = (a: ArrayLike<number>, b: ArrayLike<number>): number[] =>
  Array.from({ length: D }, (_, j) => a[j]! - b[j]!);

describe.each(["l2", "cosine", "ip"] as const)("SOAR, %s", (metric: Metric) => {
  test.each([0, 1, 3])("puts each row into the two lists of the definition (lambda %d)", (lambda) => {
    const index = make(300, { metric, nlist: 12, soar: true, lambda });
    const all = centroids(index);
    const stored = points(300).map((_, slot) => index.rows.vector(slot));
    const chosen = listsOf(index);
    const x0 = index.space.f32("vectors");
    const step = index.rows.rowBytes / 4;
    stored.forEach((_, slot) => {
      // As it is compared: of unit length for cosine.
      const x = x0.subarray(slot * step, slot * step + D);
      const rank = (c: number[]): number => (metric === "ip" ? -dot(x, c) : dot(minus(x, c), minus(x, c)));
      expect(chosen[slot]).toHaveLength(2);
      const ranks = all.map(rank);
      const nearest = ranks.indexOf(Math.min(...ranks));
      expect(chosen[slot]).toContain(nearest);
      const second = chosen[slot]!.find((l) => l !== nearest)!;
      const r = minus(x, all[nearest]!);
      const losses = all.map((c, l) => {
        const other = minus(x, c);
        return l === nearest ? Infinity : dot(other, other) + (lambda * dot(other, r) ** 2) / dot(r, r);
      });
      expect(losses[second]).toBeLessThanOrEqual(Math.min(...losses) * (1 + 1e-4));
    });
  });

  test("answers no row twice, whatever is looked into", () => {
    const index = make(400, { metric, nlist: 10, soar: true });
    for (const query of points(20, 2)) {
      for (const nprobe of [1, 2, 5]) {
        for (const rerank of [1, 10, 60]) {
          const keys = index.search(query, { k: 10, nprobe, rerank }).keys();
          expect(new Set(keys).size).toBe(10);
        }
      }
    }
  });
});

test("one list has no second one to offer", () => {
  const index = make(100, { nlist: 1, soar: true });
  expect(listsOf(index).every((lists) => lists.length === 1)).toBe(true);
});

test("without nlist there are about as many lists as the square root of the rows, again when they have doubled", () => {
  const index = new ScannIndex({ dimension: D });
  const rows = points(1000);
  index.add(rows.slice(0, 100));
  expect(index.lists.nlist).toBe(10);
  index.add(rows.slice(100, 150));
  expect(index.lists.nlist).toBe(10);
  index.add(rows.slice(150, 400));
  expect(index.lists.nlist).toBe(20);
  index.add(rows.slice(400));
  expect(index.lists.nlist).toBe(32);
  expect(index.stats().details.nprobe).toBe(6);
});

test("threads make the lists, codebooks and codes that one makes", async () => {
  const bytes: Uint8Array[] = [];
  for (const threads of [1, 2]) {
    const index = new ScannIndex({ dimension: D, metric: "cosine", soar: true, threshold: 0.6 });
    await index.addAsync(points(500), { threads });
    bytes.push(index.toBytes());
    index.close();
  }
  expect(Buffer.compare(bytes[0]!, bytes[1]!)).toBe(0);
});

test.each([
  [{ threshold: 1 }, "threshold"],
  [{ threshold: Number.NaN }, "threshold"],
  [{ lambda: -1 }, "lambda"],
  [{ nlist: 0 }, "nlist"],
])("options outside their limits are refused: %o", (options, name) => {
  expect(() => new ScannIndex({ dimension: D, ...options })).toThrow(name);
});
