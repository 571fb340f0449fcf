import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import {
  halfToNumber,
  openVectorFile,
  readGroundTruth,
  readLabels,
  readVectorFile,
} from "../../src/data/index.ts";
import {
  bytes,
  f32be,
  f32le,
  f64le,
  failure,
  i32le,
  i64le,
  npy,
  rowsOf,
  u16le,
  u32be,
  u32le,
  zip,
} from "./bytes.ts";
import {
  EXPECTED,
  HDF5_GZIPPED,
  NPY_COLUMN_MAJOR,
  NPZ_DEFLATED,
  PARQUET_COLUMNS,
  PARQUET_GZIP,
  PARQUET_PLAIN,
  PARQUET_SNAPPY,
} from "./fixtures.ts";

const read = (data: Uint8Array, name: string, options = {}) => readVectorFile(data, { name, ...options });
const dict = (descr: string, shape: string, fortran = "False") =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }\n`;

describe("npy", () => {
  test.each([1, 2, 3])("version %i holds float32 rows", async (version) => {
    const table = await read(npy(dict("<f4", "(2, 3)"), f32le(1, 2, 3, 4, 5, 6), version), "a.npy");
    expect(rowsOf(table)).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(table).toMatchObject({ format: "npy", dtype: "f32", duplicates: 0 });
  });
  test("a column-major array is read by rows", async () => {
    const table = await read(npy(dict("<f4", "(2, 3)", "True"), f32le(1, 4, 2, 5, 3, 6)), "a.npy");
    expect(rowsOf(table)).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
  });
  test("NumPy's own column-major big-endian array of three axes is read by rows", async () => {
    const table = await read(NPY_COLUMN_MAJOR, "a.npy");
    expect(rowsOf(table)).toEqual([
      [0, 1, 2, 3, 4, 5],
      [6, 7, 8, 9, 10, 11],
    ]);
    expect(table.rowShape).toEqual([3, 2]);
  });
  test("big-endian numbers are swapped", async () => {
    expect(rowsOf(await read(npy(dict(">f4", "(1, 2)"), f32be(1.5, -2)), "a.npy"))).toEqual([[1.5, -2]]);
  });
  test("bytes stay bytes, halves stay halves, wide integers become exact float64", async () => {
    const u1 = await read(npy(dict("|u1", "(1, 2)"), bytes(7, 255)), "a.npy");
    expect(u1.dtype).toBe("u8");
    expect(u1.data.data).toEqual(Uint8Array.of(7, 255));
    const f2 = await read(npy(dict("<f2", "(1, 2)"), u16le(0x3c00, 0xc000)), "a.npy");
    expect(f2.dtype).toBe("f16");
    expect(Array.from(f2.data.data, halfToNumber)).toEqual([1, -2]);
    const as = await read(npy(dict("<f2", "(1, 2)"), u16le(0x3c00, 0x0001)), "a.npy", { as: "f32" });
    expect(rowsOf(as)).toEqual([[1, 2 ** -24]]);
    const i8 = await read(npy(dict("<i8", "(1, 2)"), i64le(2 ** 53 - 1, -3)), "a.npy");
    expect(i8.data.data).toEqual(Float64Array.of(2 ** 53 - 1, -3));
    expect(rowsOf(await read(npy(dict("|b1", "(1, 2)"), bytes(1, 0)), "a.npy"))).toEqual([[1, 0]]);
    expect(rowsOf(await read(npy(dict("<f8", "(1, 1)"), f64le(0.1)), "a.npy"))).toEqual([[0.1]]);
  });
  test("one axis is one row", async () => {
    expect(rowsOf(await read(npy(dict("<f4", "(3,)"), f32le(1, 2, 3)), "a.npy"))).toEqual([[1, 2, 3]]);
  });
  test("objects, records, 2^60, cut data, trailing bytes and absurd shapes are refused", async () => {
    const one = f32le(1);
    expect(await failure(read(npy(dict("|O", "(1,)"), one), "a.npy"))).toBe("UNSUPPORTED");
    expect(
      await failure(
        read(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}\n", one), "a.npy"),
      ),
    ).toBe("UNSUPPORTED");
    expect(await failure(read(npy(dict("<i8", "(1, 1)"), i64le(2 ** 60)), "a.npy"))).toBe("FORMAT");
    expect(await failure(read(npy(dict("<f4", "(2, 1)"), one), "a.npy"))).toBe("FORMAT");
    expect(await failure(read(npy(dict("<f4", "(1, 1)"), f32le(1, 2)), "a.npy"))).toBe("FORMAT");
    expect(await failure(read(npy(dict("<f4", "(4294967296, 4)"), one), "a.npy"))).toBe("FORMAT");
    expect(await failure(read(npy(dict("<f4", "(9007199254740991, 9007199254740991)"), one), "a.npy"))).toBe(
      "LIMIT",
    );
    expect(await failure(read(npy(dict("<f4", "(1, 0)"), one), "a.npy"))).toBe("FORMAT");
    expect(await failure(read(npy("{'descr': '<f4'}\n", one), "a.npy"))).toBe("FORMAT");
  });
});

describe("npz", () => {
  const a = npy(dict("<f4", "(1, 2)"), f32le(1, 2));
  const b = npy(dict("<f4", "(1, 2)"), f32le(3, 4));
  test("stored and deflated members are chosen by name", async () => {
    const archive = zip([
      { name: "a.npy", data: a },
      { name: "b.npy", data: b, deflate: true },
    ]);
    expect(rowsOf(await read(archive, "x.npz", { dataset: "a" }))).toEqual([[1, 2]]);
    expect(rowsOf(await read(archive, "x.npz", { dataset: "b" }))).toEqual([[3, 4]]);
    expect(await failure(read(archive, "x.npz", { dataset: "c" }))).toBe("BAD_INPUT");
    expect(await failure(read(archive, "x.npz"))).toBe("BAD_INPUT");
  });
  test("NumPy's own archive is read, `vectors` being preferred", async () => {
    expect(rowsOf(await read(NPZ_DEFLATED, "x.npz"))).toEqual(EXPECTED);
  });
  test("a member that unpacks to over 200 times its size is refused before it is unpacked", async () => {
    const zeros = npy(dict("|u1", "(8192, 1024)"), new Uint8Array(8 << 20));
    expect(await failure(read(zip([{ name: "a.npy", data: zeros, deflate: true }]), "x.npz"))).toBe("LIMIT");
    expect(
      (
        await read(zip([{ name: "a.npy", data: zeros, deflate: true }]), "x.npz", {
          limits: { maxRatio: 2000 },
        })
      ).data.rows,
    ).toBe(8192);
  });
  test("a member that hides its size, or fails its checksum, is refused", async () => {
    const zeros = npy(dict("|u1", "(8192, 1024)"), new Uint8Array(8 << 20));
    expect(
      await failure(read(zip([{ name: "a.npy", data: zeros, deflate: true, size: 1000 }]), "x.npz")),
    ).toBe("FORMAT");
    expect(await failure(read(zip([{ name: "a.npy", data: a, crc: 1 }]), "x.npz"))).toBe("CORRUPT");
  });
});

describe("fixed rows", () => {
  test("fvecs, bvecs and ivecs", async () => {
    expect(rowsOf(await read(bytes(i32le(2), f32le(1.5, 2), i32le(2), f32le(3, 4)), "a.fvecs"))).toEqual([
      [1.5, 2],
      [3, 4],
    ]);
    const b = await read(bytes(i32le(3), 1, 2, 255), "a.bvecs");
    expect(b.dtype).toBe("u8");
    expect(rowsOf(b)).toEqual([[1, 2, 255]]);
    expect(rowsOf(await read(bytes(i32le(2), i32le(-7, 2 ** 31 - 1)), "a.ivecs"))).toEqual([
      [-7, 2 ** 31 - 1],
    ]);
  });
  test("a row that states another dimension, a cut row, and absurd dimensions are refused", async () => {
    expect(await failure(read(bytes(i32le(1), f32le(1), i32le(2), f32le(2)), "a.fvecs"))).toBe("FORMAT");
    expect(await failure(read(bytes(i32le(2), f32le(1, 2), i32le(2), f32le(1)), "a.fvecs"))).toBe("FORMAT");
    expect(await failure(read(bytes(i32le(-1), f32le(1)), "a.fvecs"))).toBe("FORMAT");
    expect(await failure(read(bytes(i32le(2 ** 31 - 1), f32le(1)), "a.fvecs"))).toBe("LIMIT");
    expect(await failure(read(new Uint8Array(0), "a.fvecs"))).toBe("FORMAT");
  });
  test("fbin, u8bin, i8bin and ibin", async () => {
    expect(rowsOf(await read(bytes(u32le(2, 1), f32le(1, 2)), "a.fbin"))).toEqual([[1], [2]]);
    expect(rowsOf(await read(bytes(u32le(1, 2), 200, 3), "a.u8bin"))).toEqual([[200, 3]]);
    const signed = await read(bytes(u32le(1, 2), 200, 3), "a.i8bin");
    expect(signed.dtype).toBe("i8");
    expect(rowsOf(signed)).toEqual([[-56, 3]]);
    expect(rowsOf(await read(bytes(u32le(1, 1), i32le(-9)), "a.ibin"))).toEqual([[-9]]);
  });
  test("a header that does not fit the size is refused", async () => {
    expect(await failure(read(bytes(u32le(2 ** 32 - 1, 4), f32le(1)), "a.fbin"))).toBe("FORMAT");
    expect(await failure(read(bytes(u32le(1, 2 ** 32 - 1), f32le(1)), "a.fbin"))).toBe("LIMIT");
    expect(await failure(read(bytes(u32le(1, 1), f32le(1, 2)), "a.fbin"))).toBe("FORMAT");
  });
  test("MNIST's IDX, plain and gzipped, by content alone", async () => {
    const images = bytes(0, 0, 8, 3, u32be(2, 1, 2), 1, 2, 3, 255);
    for (const data of [images, new Uint8Array(gzipSync(images))]) {
      const table = await read(data, "whatever");
      expect(rowsOf(table)).toEqual([
        [1, 2],
        [3, 255],
      ]);
      expect(table).toMatchObject({ format: "idx", dtype: "u8", rowShape: [1, 2] });
    }
    expect(rowsOf(await read(bytes(0, 0, 13, 2, u32be(1, 1), f32be(0.5)), "a.idx"))).toEqual([[0.5]]);
    expect(await failure(read(bytes(0, 0, 8, 3, u32be(1, 20_000, 20_000), 1), "a.idx"))).toBe("LIMIT");
    expect(await failure(read(bytes(0, 0, 8, 2, u32be(2, 2), 1, 2, 3), "a.idx"))).toBe("FORMAT");
  });
});

describe("csv", () => {
  const text = (s: string, options = {}, name = "a.csv") =>
    read(new Uint8Array(Buffer.from(s)), name, options);
  test("a header, an id, a label and a quoted field: numbers are the vector, the rest is metadata", async () => {
    const table = await text('id,x,y,label,note\r\n7,1,2.5,3,"a ""b"", c\nd"\r\na8,-1e2,.5,4,\r\n');
    expect(rowsOf(table)).toEqual([
      [1, 2.5],
      [-100, 0.5],
    ]);
    expect(table.keys).toEqual([7, "a8"]);
    expect(table.metadata?.map((m) => ({ ...m }))).toEqual([{ label: 3, note: 'a "b", c\nd' }, { label: 4 }]);
  });
  test("without a header a first column of words is the key", async () => {
    const table = await text("the,1,2\nof,3,4\n");
    expect(table.keys).toEqual(["the", "of"]);
    expect(rowsOf(table)).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });
  test("all numbers and no header is all vector", async () => {
    expect(rowsOf(await text("1,2\n3,4"))).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });
  test("a column of JSON arrays is the vector", async () => {
    const table = await text('name,embedding\nfoo,"[1, 2]"\nbar,"[3, 4]"\n');
    expect(rowsOf(table)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(table.metadata?.map((m) => m?.["name"])).toEqual(["foo", "bar"]);
  });
  test("columns can be named; semicolons and tabs are told", async () => {
    const columns = { key: "b", vector: ["c", "a"], metadata: false };
    const table = await text("a;b;c\n1;k;3\n", { columns });
    expect(rowsOf(table)).toEqual([[3, 1]]);
    expect(table.keys).toEqual(["k"]);
    expect(table.metadata).toBeUndefined();
    expect(rowsOf(await text("a\tb\n1\t2\n", {}, "a.tsv"))).toEqual([[1, 2]]);
  });
  test("one run of counted columns is the vector, other numbers are metadata", async () => {
    const table = await text("weight,pixel1,pixel2,size2\n9,1,2,7\n");
    expect(rowsOf(table)).toEqual([[1, 2]]);
    expect({ ...table.metadata?.[0] }).toEqual({ weight: 9, size2: 7 });
  });
  test("an empty cell of the vector is NaN, a word in it an error", async () => {
    expect(rowsOf(await text("1,2\n,4\n"))).toEqual([
      [1, 2],
      [Number.NaN, 4],
    ]);
    expect(await failure(text("1,2\nx,4\n"))).toBe("FORMAT");
  });
  test("a short record, an open quote, an empty file, __proto__ and a long line are refused", async () => {
    expect(await failure(text("1,2\n3\n"))).toBe("FORMAT");
    expect(await failure(text('1,2\n3,"4\n'))).toBe("FORMAT");
    expect(await failure(text('1,2\n3,"4"5\n'))).toBe("FORMAT");
    expect(await failure(text(""))).toBe("FORMAT");
    expect(await failure(text("a,__proto__\n1,x\n"))).toBe("FORMAT");
    expect(await failure(text(`1,2\n${"9".repeat(17 << 20)},1\n`))).toBe("LIMIT");
  });
});

describe("jsonl", () => {
  const text = (s: string, options = {}) => read(new Uint8Array(Buffer.from(s)), "a.jsonl", options);
  test("objects give vectors, keys and flattened metadata", async () => {
    const table = await text(
      '\n{"id":"a","vector":[1,2],"tags":["x","y"],"at":{"city":"Oslo"},"n":null}\n{"id":5,"vector":[3,4],"metadata":{"ok":true}}\n',
    );
    expect(rowsOf(table)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(table.keys).toEqual(["a", 5]);
    expect(table.metadata?.map((m) => ({ ...m }))).toEqual([
      { tags: ["x", "y"], "at.city": "Oslo", n: null },
      { ok: true },
    ]);
  });
  test("plain arrays, null as NaN", async () => {
    expect(rowsOf(await text("[1,null]\n[3,4]"))).toEqual([
      [1, Number.NaN],
      [3, 4],
    ]);
  });
  test("metadata that only later blocks have stays with its rows", async () => {
    const table = await text('{"vector":[1]}\n{"vector":[2],"t":"b"}\n{"vector":[3]}\n', { blockRows: 1 });
    expect(table.metadata?.map((m) => m?.["t"])).toEqual([undefined, "b", undefined]);
  });
  test("unequal length, missing keys, unsafe ids, prototype fields, deep nesting and non-JSON are refused", async () => {
    expect(await failure(text("[1,2]\n[3]\n"))).toBe("FORMAT");
    expect(await failure(text('{"id":1,"vector":[1]}\n{"vector":[1]}\n'))).toBe("FORMAT");
    expect(await failure(text('{"id":9007199254740993,"vector":[1]}\n'))).toBe("FORMAT");
    expect(await failure(text('{"id":1,"vector":[1],"__proto__":{"a":1}}\n'))).toBe("FORMAT");
    expect(await failure(text("[".repeat(200_000)))).toBe("FORMAT");
    expect(await failure(text('{"vector":["1"]}\n'))).toBe("FORMAT");
    expect(await failure(text("hello\n"))).toBe("FORMAT");
  });
});

describe("word vectors", () => {
  const text = (s: string, name = "a.txt") => read(new Uint8Array(Buffer.from(s)), name);
  test("GloVe: no header, words with blanks and numbers, first of two equal words", async () => {
    const table = await text("the 1 2\n. . . 3 4\n1984 5 6\nthe 7 8\n");
    expect(table.keys).toEqual(["the", ". . .", "1984"]);
    expect(rowsOf(table)).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    expect(table.duplicates).toBe(1);
  });
  test("word2vec: header, trailing blanks, non-breaking spaces kept in words", async () => {
    const table = await text("2 2\nfoo 1 2 \na\u00a0b -3e-1 4 \n", "a.vec");
    expect(table.keys).toEqual(["foo", "a\u00a0b"]);
    expect(rowsOf(table)).toEqual([
      [1, 2],
      [Math.fround(-0.3), 4],
    ]);
  });
  test("fewer or more words than the header says, and short rows, are refused", async () => {
    expect(await failure(text("3 2\na 1 2\nb 1 2\n"))).toBe("FORMAT");
    expect(await failure(text("1 2\na 1 2\nb 1 2\n"))).toBe("FORMAT");
    expect(await failure(text("a 1 2\nb 1\n"))).toBe("FORMAT");
    expect(await failure(text("999999999999 300\na 1 2\n"))).toBe("FORMAT");
    expect(await failure(text("words only\n"))).toBe("FORMAT");
  });
  test("the binary form, with and without newlines after rows", async () => {
    const packed = bytes("3 2\n", "ab ", f32le(1, 2), "\n", "c ", f32le(10, 4), "ab ", f32le(5, 6));
    const table = await read(packed, "a.bin");
    expect(table.keys).toEqual(["ab", "c"]);
    expect(rowsOf(table)).toEqual([
      [1, 2],
      [10, 4],
    ]);
    expect(table.duplicates).toBe(1);
    expect(await failure(read(packed.subarray(0, packed.length - 1), "a.bin"))).toBe("FORMAT");
    expect(await failure(read(bytes("9999999999 2\n", "ab ", f32le(1, 2)), "a.bin"))).toBe("FORMAT");
    expect(await failure(read(f32le(1, 2, 3), "a.bin"))).toBe("FORMAT_UNKNOWN");
  });
});

describe("containers of other libraries", () => {
  test("h5py's ann-benchmarks file: train for the base, test for queries, others by name", async () => {
    const base = await read(HDF5_GZIPPED, "a.hdf5");
    expect(rowsOf(base)).toEqual(EXPECTED);
    expect({ ...base.attributes }).toEqual({ type: "dense", distance: "euclidean", dimension: 3 });
    const queries = await read(HDF5_GZIPPED, "a.hdf5", { role: "queries" });
    expect(queries.dtype).toBe("f64");
    expect(rowsOf(queries)).toEqual([EXPECTED[0]]);
    expect(rowsOf(await read(HDF5_GZIPPED, "a.hdf5", { dataset: "packed" }))).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(rowsOf(await read(HDF5_GZIPPED, "a.hdf5", { dataset: "bits" }))).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(await failure(read(HDF5_GZIPPED, "a.hdf5", { dataset: "nope" }))).toBe("BAD_INPUT");
    const truth = await readGroundTruth(HDF5_GZIPPED, { name: "a.hdf5" }).catch((e) => e);
    expect(truth).toMatchObject({
      queries: 1,
      k: 2,
      ids: Int32Array.of(0, 2),
      distances: Float32Array.of(0, 1.5),
    });
  });
  test.each([
    ["plain", PARQUET_PLAIN],
    ["snappy", PARQUET_SNAPPY],
    ["gzip", PARQUET_GZIP],
  ])("pyarrow's Parquet, %s: lists are vectors, id the key, the rest metadata", async (_name, data) => {
    const table = await read(data, "a.parquet");
    expect(table.dtype).toBe("f32");
    expect(rowsOf(table)).toEqual(EXPECTED);
    expect(table.keys).toEqual([7, 8, 9]);
    expect(table.metadata?.map((m) => m?.["title"])).toEqual(["a", "b", null]);
  });
  test("Parquet columns of doubles make up vectors where there are no lists", async () => {
    const table = await read(PARQUET_COLUMNS, "a.parquet");
    expect(rowsOf(table)).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(table.dtype).toBe("f64");
  });
});

describe("ground truth and labels", () => {
  test("ivecs, and big-ann's form with and without distances", async () => {
    const ivecs = await readGroundTruth(bytes(i32le(2), i32le(4, 9)), { name: "t.ivecs" });
    expect(ivecs).toEqual({ queries: 1, k: 2, ids: Int32Array.of(4, 9) });
    const short = await readGroundTruth(bytes(u32le(1, 2), i32le(4, -1)), { name: "t.ibin" });
    expect(short).toEqual({ queries: 1, k: 2, ids: Int32Array.of(4, -1) });
    const long = await readGroundTruth(bytes(u32le(1, 2), i32le(4, 9), f32le(0.5, 1)), { name: "t.ibin" });
    expect(long.distances).toEqual(Float32Array.of(0.5, 1));
  });
  test("a row number below -1 or a length that fits neither form is refused", async () => {
    expect(await failure(readGroundTruth(bytes(i32le(1), i32le(-2)), { name: "t.ivecs" }))).toBe("FORMAT");
    expect(await failure(readGroundTruth(bytes(u32le(1, 2), i32le(4)), { name: "t.ibin" }))).toBe("FORMAT");
    expect(await failure(readGroundTruth(bytes(1), { name: "t.foo" }))).toBe("FORMAT_UNKNOWN");
  });
  test("labels from IDX, text, csv and jsonl", async () => {
    expect(await readLabels(bytes(0, 0, 8, 1, u32be(3), 5, 0, 4), { name: "l-idx1-ubyte" })).toEqual([
      5, 0, 4,
    ]);
    expect(await readLabels(bytes("a\n007\n12\n"), { name: "l.txt" })).toEqual(["a", "007", 12]);
    expect(await readLabels(bytes("label,x\n1,2\n3,4\n"), { name: "l.csv" })).toEqual([1, 3]);
    expect(await readLabels(bytes('"a"\n5\n'), { name: "l.jsonl" })).toEqual(["a", 5]);
  });
});

describe("reading in blocks", () => {
  test("blocks of three rows, one after another, together are the file", async () => {
    const data = bytes(u32le(8, 1), f32le(0, 1, 2, 3, 4, 5, 6, 7));
    const reader = await openVectorFile(data, { name: "a.fbin", blockRows: 3 });
    expect(reader).toMatchObject({ rows: 8, dim: 1, dtype: "f32", format: "fbin" });
    const seen: [number, number[]][] = [];
    for await (const block of reader.blocks()) seen.push([block.start, Array.from(block.data)]);
    expect(seen).toEqual([
      [0, [0, 1, 2]],
      [3, [3, 4, 5]],
      [6, [6, 7]],
    ]);
    expect(await failure(reader.blocks()[Symbol.asyncIterator]().next() as Promise<unknown>)).toBe("CLOSED");
  });
  test("unknown options and unknown formats are refused", async () => {
    expect(await failure(read(bytes(1, 2, 3), "a.xyz"))).toBe("FORMAT_UNKNOWN");
    expect(await failure(read(bytes(1, 2, 3), "a.npy", { frmat: "npy" }))).toBe("OPTION_UNKNOWN");
    expect(await failure(readVectorFile("/nowhere/at/all.npy"))).toBe("FILE");
  });
});
