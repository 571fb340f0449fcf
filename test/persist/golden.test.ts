import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { encodeSnapshot, loadSnapshot } from "../../src/persist/index.ts";
import { xxh64Hex } from "./xxh64.ts";

const golden = new URL("../golden/container-v1.vic", import.meta.url);

test("the golden file of format 1 is read, and written again byte for byte", async () => {
  const { kind, facts, sections } = await loadSnapshot(golden);
  expect(kind).toBe("golden");
  expect(facts).toEqual({
    dimension: 3,
    metric: "l2",
    note: "größer als ½",
    options: { M: 16, rate: 0.25 },
    seed: 7,
  });
  const buffer = (name: string): ArrayBuffer => sections.get(name)!.buffer as ArrayBuffer;
  expect([...new Float32Array(buffer("vectors"))]).toEqual([1, -2, 0.5, 3, 4, -0.25]);
  expect(buffer("empty").byteLength).toBe(0);
  expect([...new BigUint64Array(buffer("ids"))]).toEqual([0n, 2n ** 53n + 1n, 2n ** 64n - 1n]);
  expect(new TextDecoder().decode(sections.get("text"))).toBe("α\nβ");
  const again = encodeSnapshot({
    kind,
    facts,
    sections: [
      { name: "vectors", dtype: "f32", data: sections.get("vectors")! },
      { name: "empty", dtype: "u32", data: sections.get("empty")! },
      { name: "ids", dtype: "u64", data: sections.get("ids")! },
      { name: "text", dtype: "utf8", data: sections.get("text")! },
    ],
  });
  expect(Buffer.compare(again, await readFile(golden))).toBe(0);
});

test("the golden file is what docs/file-format.md says, read by that description alone", async () => {
  const file = await readFile(golden);
  expect(file.subarray(0, 8).toString("hex")).toBe("8a5649430d0a1a0a");
  expect(file.readUInt32LE(8)).toBe(1);
  const jsonBytes = file.readUInt32LE(12);
  expect(file.readBigUInt64LE(16)).toBe(BigInt(file.length));
  const dataStart = Math.ceil((32 + jsonBytes) / 64) * 64;
  const covered = Buffer.concat([file.subarray(0, 24), file.subarray(32, dataStart)]);
  expect(file.readBigUInt64LE(24).toString(16).padStart(16, "0")).toBe(xxh64Hex(covered));
  const header = JSON.parse(file.subarray(32, 32 + jsonBytes).toString("utf8"));
  expect(Object.keys(header)).toEqual(["facts", "kind", "sections"]);
  let next = 0;
  const ranges: [number, number][] = [[32 + jsonBytes, dataStart]];
  for (const { offset, byteLength, checksum } of header.sections) {
    expect(offset).toBe(next);
    const start = dataStart + offset;
    expect(xxh64Hex(file.subarray(start, start + byteLength))).toBe(checksum);
    next = Math.ceil((offset + byteLength) / 64) * 64;
    ranges.push([start + byteLength, dataStart + next]);
  }
  expect(dataStart + next).toBe(file.length);
  for (const [from, to] of ranges) expect(file.subarray(from, to).every((byte) => byte === 0)).toBe(true);
});
