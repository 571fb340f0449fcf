import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { createRng, isVicinalError } from "../../src/core/index.ts";
import { encodeVectors, readVectorFile } from "../../src/data/index.ts";
import { bytes, f32le, npy, u32be, zip } from "./bytes.ts";
import {
  HDF5_GZIPPED,
  NPY_COLUMN_MAJOR,
  NPZ_DEFLATED,
  PARQUET_GZIP,
  PARQUET_PLAIN,
  PARQUET_SNAPPY,
} from "./fixtures.ts";
import { mutate } from "./mutate.ts";

const CASES = Number(process.env["VICINAL_FUZZ"] ?? 500);
const matrix = { data: Float32Array.from({ length: 40 }, (_, i) => i / 7), rows: 10, cols: 4, stride: 4 };
const whole = { ...matrix, data: Uint8Array.from({ length: 40 }, (_, i) => i * 5) };
const text = (s: string) => new Uint8Array(Buffer.from(s));

/** Sound files of every format; mutants of these are fed back. */
const SEEDS: Record<string, Uint8Array[]> = {
  "a.npy": [encodeVectors(matrix, "npy"), NPY_COLUMN_MAJOR],
  "a.npz": [NPZ_DEFLATED, zip([{ name: "a.npy", data: encodeVectors(matrix, "npy") }])],
  "a.fvecs": [encodeVectors(matrix, "fvecs")],
  "a.bvecs": [encodeVectors(whole, "bvecs")],
  "a.ivecs": [encodeVectors(whole, "ivecs")],
  "a.fbin": [encodeVectors(matrix, "fbin")],
  "a.u8bin": [encodeVectors(whole, "u8bin")],
  "a.i8bin": [encodeVectors({ ...matrix, data: new Int8Array(40) }, "i8bin")],
  "a.ibin": [encodeVectors(whole, "ibin")],
  "a.idx": [bytes(0, 0, 8, 3, u32be(2, 2, 2), 1, 2, 3, 4, 5, 6, 7, 8)],
  "a.idx.gz": [new Uint8Array(gzipSync(bytes(0, 0, 8, 3, u32be(2, 2, 2), 1, 2, 3, 4, 5, 6, 7, 8)))],
  "a.csv": [
    encodeVectors(matrix, "csv", { keys: Array.from({ length: 10 }, (_, i) => `k,"${i}`) }),
    text('id,x,note\n1,2,"a\nb"\n2,3,"c ""d"""\n'),
  ],
  "a.jsonl": [
    encodeVectors(matrix, "jsonl"),
    text('{"id":1,"vector":[1,2],"m":{"a":[1]}}\n{"id":"b","vector":[3,4]}\n'),
  ],
  "a.txt": [text("the 1 2\nof 3 4e-3\n. . 5 6\n"), text("2 2\na 1 2\nb 3 4\n")],
  "a.bin": [bytes("2 2\n", "ab ", f32le(1, 2), "\n", "c ", f32le(10, 4))],
  "a.hdf5": [new Uint8Array(gunzipSync(HDF5_GZIPPED))],
  "a.parquet": [PARQUET_PLAIN, PARQUET_SNAPPY, PARQUET_GZIP],
  "header.npy": [npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }\n", f32le(1, 2, 3, 4))],
};

describe("damaged files give data or a typed error", () => {
  test.each(Object.keys(SEEDS))(`%s, ${CASES} mutants`, async (name) => {
    const rng = createRng(20261121, `fuzz ${name}`);
    let refused = 0;
    const before = process.memoryUsage().rss;
    for (let i = 0; i < CASES; i++) {
      const seeds = SEEDS[name]!;
      const input = mutate(seeds[i % seeds.length]!, rng);
      try {
        const table = await readVectorFile(input, { name });
        const { rows, cols, data } = table.data;
        expect(data.length).toBe(rows * cols);
        expect(table.keys?.length ?? rows).toBe(rows);
        expect(table.metadata?.length ?? rows).toBe(rows);
      } catch (error) {
        if (!isVicinalError(error))
          throw new Error(`mutant ${i} of ${name}: ${String(error)}`, { cause: error });
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(0);
    expect(process.memoryUsage().rss - before).toBeLessThan(512 * 1024 * 1024);
  });

  test("an HDF5 text heap whose object claims an absurd size costs the texts, not the rows", async () => {
    const sound = new Uint8Array(gunzipSync(HDF5_GZIPPED));
    const heap = Buffer.from(sound).indexOf("GCOL");
    const damaged = sound.slice();
    // Size of the heap's second object; the C library walks such a heap for ever.
    damaged.fill(0x80, heap + 16 + 24 + 8, heap + 16 + 24 + 16);
    const table = await readVectorFile(damaged, { name: "a.hdf5" });
    expect(table.data.rows).toBe(3);
    expect({ ...table.attributes }).toEqual({ dimension: 3 });
    const whole = await readVectorFile(sound, { name: "a.hdf5" });
    expect(whole.attributes?.["distance"]).toBe("euclidean");
  });

  test("every truncation of a small file of fixed layout is refused", async () => {
    for (const name of ["a.npy", "a.fvecs", "a.fbin", "a.idx", "a.bin", "a.npz"]) {
      const [seed] = SEEDS[name]!;
      for (let length = 0; length < seed!.length; length++) {
        // A cut between rows leaves a sound, shorter .fvecs.
        if (name === "a.fvecs" && length > 0 && length % 20 === 0) continue;
        const error = await readVectorFile(seed!.subarray(0, length), { name }).catch((e: unknown) => e);
        if (!isVicinalError(error)) throw new Error(`${name} cut to ${length} bytes was accepted`);
      }
    }
  });
});
