import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  encodeVectors,
  readGroundTruth,
  readVectorFile,
  WRITABLE_FORMATS,
  writeAnnBenchmarks,
  writeVectorFile,
} from "../../src/data/index.ts";
import { bytes, f32le, failure, i32le, rowsOf, u32le } from "./bytes.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vicinal-write-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const floats = { data: Float32Array.of(1.5, -2, 9, 0.1, 1e-30, 9), rows: 2, cols: 2, stride: 3 };

describe("bytes written", () => {
  test("are those of the layout descriptions, whatever the stride", () => {
    expect(encodeVectors(floats, "fvecs")).toEqual(
      bytes(i32le(2), f32le(1.5, -2), i32le(2), f32le(0.1, 1e-30)),
    );
    expect(encodeVectors(floats, "fbin")).toEqual(bytes(u32le(2, 2), f32le(1.5, -2, 0.1, 1e-30)));
    const whole = { data: Uint8Array.of(1, 255), rows: 1, cols: 2, stride: 2 };
    expect(encodeVectors(whole, "bvecs")).toEqual(bytes(i32le(2), 1, 255));
    expect(encodeVectors(whole, "ivecs")).toEqual(bytes(i32le(2), i32le(1, 255)));
    const npy = encodeVectors(whole, "npy");
    expect(npy.length % 64).toBe(2);
    expect(
      Buffer.from(npy.subarray(10, npy.length - 2))
        .toString()
        .trimEnd(),
    ).toBe("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2), }");
  });
  test("a value the format would change is refused", () => {
    for (const format of ["bvecs", "u8bin", "i8bin", "ivecs", "ibin"] as const) {
      expect(() => encodeVectors(floats, format)).toThrow(expect.objectContaining({ code: "BAD_INPUT" }));
    }
    expect(() => encodeVectors(floats, "csv", { keys: ["one"] })).toThrow(
      expect.objectContaining({ code: "BAD_INPUT" }),
    );
  });
});

describe("what was written reads back equal", () => {
  const float = fc.float({ noNaN: true });
  test.each(["npy", "fvecs", "fbin", "csv", "jsonl"] as const)("%s, any float32", async (format) => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(float, { minLength: 5, maxLength: 40 }),
        async (cols, values) => {
          const rows = Math.floor(values.length / cols);
          const data = Float32Array.from(values.slice(0, rows * cols));
          const matrix = { data, rows, cols, stride: cols };
          const table = await readVectorFile(encodeVectors(matrix, format), { name: `a.${format}` });
          expect(rowsOf(table)).toEqual(rowsOf({ data: matrix }));
        },
      ),
      { numRuns: 60, seed: 7 },
    );
  });
  test.each(WRITABLE_FORMATS)("%s, whole numbers from 0 to 127", async (format) => {
    const matrix = { data: Uint8Array.from({ length: 60 }, (_, i) => i * 2), rows: 12, cols: 5, stride: 5 };
    const path = join(folder, `a.${format}`);
    await writeVectorFile(path, matrix);
    expect(rowsOf(await readVectorFile(path))).toEqual(rowsOf({ data: matrix }));
  });
  test("keys and metadata survive csv and jsonl", async () => {
    const matrix = { data: Float32Array.of(1, 2, 3, 4), rows: 2, cols: 2, stride: 2 };
    const keys = ['a "b",\nc', 42];
    const metadata = [
      { note: "x,y", n: 1.5, ok: true },
      { note: "é", n: -2, ok: false },
    ];
    for (const name of ["a.csv", "a.jsonl"]) {
      const path = join(folder, name);
      await writeVectorFile(path, matrix, { keys, metadata });
      const table = await readVectorFile(path);
      expect(table.keys).toEqual(keys);
      expect(table.metadata?.map((m) => ({ ...m }))).toEqual(metadata);
    }
  });
  test("ann-benchmarks HDF5", async () => {
    const path = join(folder, "a.hdf5");
    const train = { data: Float32Array.of(1, 2, 3, 4), rows: 2, cols: 2, stride: 2 };
    const test_ = { data: Float32Array.of(1, 2.5), rows: 1, cols: 2, stride: 2 };
    await writeAnnBenchmarks(path, {
      train,
      test: test_,
      neighbors: Int32Array.of(0, 1),
      distances: Float32Array.of(0.5, 2.5),
      metric: "cosine",
    });
    const base = await readVectorFile(path);
    expect(rowsOf(base)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect({ ...base.attributes }).toEqual({
      type: "dense",
      distance: "angular",
      dimension: 2,
      point_type: "float",
    });
    expect(rowsOf(await readVectorFile(`${path}#test`))).toEqual([[1, 2.5]]);
    expect(await readGroundTruth(path)).toEqual({
      queries: 1,
      k: 2,
      ids: Int32Array.of(0, 1),
      distances: Float32Array.of(0.5, 2.5),
    });
  });
});

describe("replacing a file", () => {
  test("a failed write leaves the old file and nothing beside it", async () => {
    const path = join(folder, "sub.fvecs");
    await writeFile(path, "old");
    const torn = { data: Float64Array.of(1, 0.5), rows: 2, cols: 1, stride: 1 };
    expect(await failure(writeVectorFile(path, torn, { format: "ivecs" }))).toBe("BAD_INPUT");
    expect(await readFile(path, "utf8")).toBe("old");
    expect((await readdir(folder)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    expect(await failure(writeVectorFile(join(folder, "none", "a.npy"), floats))).toBe("FILE");
    expect(await failure(writeVectorFile(join(folder, "a.zzz"), floats))).toBe("FORMAT_UNKNOWN");
  });
});
