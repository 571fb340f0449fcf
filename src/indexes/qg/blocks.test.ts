import { describe, expect, test } from "vitest";
import { createRng, type Metric } from "../../core/index.ts";
import { FlatIndex } from "../flat.ts";
import { open } from "../open.ts";
import { QgIndex } from "./qg.ts";

const D = 70;
const N = 400;
const ROUNDS = 4;

function rowsOf(n: number, seed: number): Float32Array[] {
  const rng = createRng(seed, "rows");
  return Array.from({ length: n }, () => Float32Array.from({ length: D }, (_, j) => rng.normal() + 0.1 * j));
}

/** The Hadamard transform by its definition, each sixteen components read as a transposed square. */
function hadamard(x: number[]): number[] {
  const n = x.length;
  const sums = x.map((_, i) => {
    let sum = 0;
    for (let j = 0; j < n; j++) {
      let odd = 0;
      for (let both = i & j; both !== 0; both &= both - 1) odd ^= 1;
      sum += odd === 1 ? -x[j]! : x[j]!;
    }
    return sum / Math.sqrt(n);
  });
  return sums.map((_, i) => sums[(i & ~15) + ((i & 3) << 2) + ((i >> 2) & 3)]!);
}

/** The rotation of wasm/qg/rotate.ts in float64. */
function rotated(code: ArrayLike<number>, turned: number, signs: Float32Array): number[] {
  const window = 2 ** Math.floor(Math.log2(turned));
  let x = Array.from({ length: turned }, (_, j) => (j < D ? code[j]! : 0));
  for (let round = 0; round < ROUNDS; round++) {
    x = x.map((v, j) => v * signs[round * turned + j]!);
    const from = round % 2 === 1 ? turned - window : 0;
    x.splice(from, window, ...hadamard(x.slice(from, from + window)));
  }
  return x;
}

function made(metric: Metric): QgIndex {
  const index = new QgIndex({ dimension: D, metric, M: 16, efConstruction: 40 });
  index.add(rowsOf(N, 1));
  return index;
}

/** What a row's block says of its links. */
function blockOf(index: QgIndex, row: number) {
  const { blocks, space, graph } = index;
  const at = space.ptr("blocks") + row * blocks.blockBytes;
  const links = graph.options.capacity;
  const { u8, u32, f32 } = space.engine;
  return Array.from({ length: u32[at / 4]! }, (_, i) => {
    const entry = at + 16 + links * 4 + i * (8 + blocks.turned / 8);
    const [factors, code] = [entry / 4, entry + 8];
    return {
      id: u32[at / 4 + 4 + i]!,
      start: f32[factors]!,
      factor: f32[factors + 1]!,
      signs: Array.from({ length: blocks.turned }, (_, j) =>
        (u8[code + (j >> 3)]! >> (j & 7)) & 1 ? 1 : -1,
      ),
    };
  });
}

const codeOf = (index: QgIndex, row: number): number[] => [
  ...index.space.u8("codes").subarray(row * index.rows.codeBytes, (row + 1) * index.rows.codeBytes),
];
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((s, x, j) => s + x * b[j]!, 0);
const minus = (a: readonly number[], b: readonly number[]): number[] => a.map((x, j) => x - b[j]!);

describe("blocks of a quantized graph", () => {
  test.each(["l2", "ip"] as const)("are those of the definition in float64 (%s)", (metric) => {
    const index = made(metric);
    const { turned } = index.blocks;
    const signs = index.space.f32("signs");
    expect(turned).toBe(128);
    for (const row of [0, 7, 150, N - 1]) {
      const c = codeOf(index, row);
      for (const { id, start, factor, signs: b } of blockOf(index, row)) {
        const x = codeOf(index, id);
        const difference = minus(x, c);
        const r = rotated(difference, turned, signs);
        r.forEach((v, j) => {
          if (Math.abs(v) > 1e-3) expect(Math.sign(v)).toBe(b[j]);
        });
        const inFirst = difference.slice(0, D);
        const f = dot(inFirst, inFirst) / r.reduce((s, v) => s + Math.abs(v), 0);
        // Under inner product component D is 0 in every query.
        const known = 2 * c[D]! * difference[D]!;
        const want = dot(difference, difference) + known + 2 * f * dot(rotated(c, turned, signs), b);
        expect(Math.abs(factor + 2 * f)).toBeLessThan(1e-4 * f);
        expect(Math.abs(start - want)).toBeLessThan(1e-3 * (Math.abs(want) + 100));
      }
    }
  });

  test("estimate distances without bias, as closely as a bit a component can", () => {
    const index = made("l2");
    const { turned } = index.blocks;
    const signs = index.space.f32("signs");
    const errors: number[] = [];
    for (let row = 0; row < N; row += 20) {
      const c = codeOf(index, row);
      const q = codeOf(index, (row + 131) % N);
      const turnedQuery = rotated(q, turned, signs);
      const base = dot(minus(q, c), minus(q, c));
      for (const { id, start, factor, signs: b } of blockOf(index, row)) {
        const x = codeOf(index, id);
        const truth = dot(minus(q, x), minus(q, x));
        errors.push((base + start + factor * dot(turnedQuery, b) - truth) / truth);
      }
    }
    const mean = errors.reduce((s, e) => s + e, 0) / errors.length;
    const deviation = Math.sqrt(errors.reduce((s, e) => s + (e - mean) ** 2, 0) / errors.length);
    expect(Math.abs(mean)).toBeLessThan(0.03);
    // 2 · √(π/2 − 1) / √128, times the lengths of the two sides over the distance, which are about equal here.
    expect(deviation).toBeLessThan(0.2);
  });

  test("follow the graph through small blocks of rows, removal and files", async () => {
    const index = made("l2");
    const later = rowsOf(40, 2);
    for (const row of later) index.add([row]);
    index.remove([3, 5, 8, 13, 21]);
    const lists = (held: QgIndex): void => {
      const links0 = held.space.u32("links0");
      const { words0 } = held.graph;
      for (let row = 0; row < held.rows.rows; row++) {
        const n = links0[row * words0]! & 0xffff;
        const want = [...links0.subarray(row * words0 + 1, row * words0 + 1 + n)];
        expect(blockOf(held, row).map(({ id }) => id)).toEqual(want);
      }
    };
    lists(index);
    const again = (await open(index.toBytes())) as unknown as QgIndex;
    lists(again);
    index.compact();
    lists(index);
    expect(index.health().ok).toBe(true);
  });

  test("lead to the nearest rows", () => {
    const index = made("l2");
    const flat = new FlatIndex({ dimension: D });
    flat.add(rowsOf(N, 1));
    let found = 0;
    for (const query of rowsOf(40, 3)) {
      const truth = new Set(flat.search(query, { k: 5 }).keys());
      found += index
        .search(query, { k: 5, efSearch: 40 })
        .keys()
        .filter((key) => truth.has(key)).length;
    }
    expect(found / 200).toBeGreaterThan(0.9);
  });
});
