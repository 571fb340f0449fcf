import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readVectorFile, type SourceInput } from "../../src/data/index.ts";
import { bytes, f32le, failure, i32le, rowsOf, zip } from "./bytes.ts";
import { EXPECTED, HDF5_GZIPPED, NPZ_DEFLATED, PARQUET_PLAIN } from "./fixtures.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vicinal-source-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const file = bytes(i32le(2), f32le(1, 2), i32le(2), f32le(3, 4));
const rows = [
  [1, 2],
  [3, 4],
];
const plain = (data: Uint8Array) => data as Uint8Array<ArrayBuffer>;

async function* dribble(data: Uint8Array): AsyncGenerator<Uint8Array> {
  // One reused buffer, as some streams have.
  const buffer = new Uint8Array(3);
  for (let at = 0; at < data.length; at += 3) {
    const part = data.subarray(at, at + 3);
    buffer.set(part);
    yield buffer.slice(0, part.length);
  }
}

/** A view into the middle of a larger buffer, as Node's pooled Buffers are. */
function pooled(data: Uint8Array): Buffer {
  const pool = Buffer.alloc(data.length + 11, 0xee);
  pool.set(data, 5);
  return pool.subarray(5, 5 + data.length);
}

describe("the same rows come from", () => {
  const inputs: [string, (data: Uint8Array) => SourceInput][] = [
    ["bytes", (d) => d],
    ["an ArrayBuffer", (d) => plain(d).buffer.slice(d.byteOffset, d.byteOffset + d.byteLength)],
    ["a pooled Buffer", pooled],
    ["a Blob", (d) => new Blob([plain(d)])],
    ["a Response", (d) => new Response(plain(d))],
    ["a ReadableStream", (d) => new Blob([plain(d)]).stream()],
    ["an iterable of tiny chunks", dribble],
  ];
  test.each(inputs)("%s", async (_name, make) => {
    expect(rowsOf(await readVectorFile(make(file), { name: "a.fvecs" }))).toEqual(rows);
    expect(
      rowsOf(await readVectorFile(make(new Uint8Array(gzipSync(file))), { name: "a.fvecs.gz" })),
    ).toEqual(rows);
    expect(rowsOf(await readVectorFile(make(NPZ_DEFLATED), { name: "a.npz" }))).toEqual(EXPECTED);
    expect(rowsOf(await readVectorFile(make(PARQUET_PLAIN), { name: "a.parquet" }))).toEqual(EXPECTED);
    expect(rowsOf(await readVectorFile(make(HDF5_GZIPPED), { name: "a.hdf5" }))).toEqual(EXPECTED);
    const words = new Uint8Array(Buffer.from("the 1 2\nde\u0301ja\u0300 3 4\n"));
    expect((await readVectorFile(make(words), { name: "a.txt" })).keys).toEqual(["the", "de\u0301ja\u0300"]);
    const csv = new Uint8Array(Buffer.from('x,y,t\n1,2,"a\nb"\n3,4,"""q"""\n'));
    const table = await readVectorFile(make(csv), { name: "a.csv" });
    expect(rowsOf(table)).toEqual(rows);
    expect(table.metadata?.map((m) => m?.["t"])).toEqual(["a\nb", '"q"']);
  });

  test("files, and data sets of files by fragment, a `#` in a file's own name notwithstanding", async () => {
    const put = async (name: string, data: Uint8Array) => {
      await writeFile(join(folder, name), data);
      return join(folder, name);
    };
    expect(rowsOf(await readVectorFile(await put("a.fvecs", file)))).toEqual(rows);
    expect(rowsOf(await readVectorFile(await put("b#1.fvecs", file)))).toEqual(rows);
    const hdf5 = await put("c.hdf5", new Uint8Array(gunzipSync(HDF5_GZIPPED)));
    expect(rowsOf(await readVectorFile(`${hdf5}#packed`))).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    const npz = await put("d.npz", NPZ_DEFLATED);
    expect(rowsOf(await readVectorFile(`${npz}#other`))).toEqual([[0, 1, 2]]);
    expect(await failure(readVectorFile(folder))).toBe("FILE");
  });
});

describe("hostile packing", () => {
  test("a gzip bomb is refused long before it is unpacked", async () => {
    const bomb = new Uint8Array(gzipSync(new Uint8Array(256 << 20)));
    const before = process.memoryUsage().rss;
    expect(await failure(readVectorFile(bomb, { name: "a.fvecs.gz", format: "fvecs" }))).not.toBe("no error");
    expect(await failure(readVectorFile(bomb, { name: "a.jsonl.gz" }))).toBe("LIMIT");
    expect(process.memoryUsage().rss - before).toBeLessThan(128 << 20);
  });
  test("a cut or damaged gzip stream is FORMAT", async () => {
    const packed = new Uint8Array(gzipSync(file));
    expect(await failure(readVectorFile(packed.subarray(0, packed.length - 9), { name: "a.fvecs.gz" }))).toBe(
      "FORMAT",
    );
    const broken = packed.slice();
    broken[packed.length - 6]! ^= 1;
    expect(await failure(readVectorFile(broken, { name: "a.fvecs.gz" }))).toBe("FORMAT");
  });
  test("an archive directory that points outside is FORMAT", async () => {
    const archive = zip([{ name: "a.npy", data: bytes("x") }]);
    const view = new DataView(archive.buffer, archive.byteOffset);
    view.setUint32(archive.length - 6, 0xfffffff0, true);
    expect(await failure(readVectorFile(archive, { name: "a.npz" }))).toBe("FORMAT");
  });
});

describe("aborting", () => {
  test("rejects with the signal's reason", async () => {
    const reason = new Error("enough");
    const many = bytes(...Array.from({ length: 2000 }, () => bytes(i32le(1), f32le(1))));
    const abort = new AbortController();
    const job = readVectorFile(many, {
      name: "a.fvecs",
      blockRows: 10,
      signal: abort.signal,
      onProgress: ({ done }) => done > 100 && abort.abort(reason),
    });
    await expect(job).rejects.toBe(reason);
    await expect(readVectorFile(many, { name: "a.fvecs", signal: abort.signal })).rejects.toBe(reason);
  });
});
