import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mutate } from "../../test/data/mutate.ts";
import { createRng, isVicinalError } from "../core/index.ts";
import { readSafetensors, type TensorData, writeSafetensors } from "./safetensors.ts";

const golden = new Uint8Array(
  readFileSync(new URL("../../test/golden/weights.safetensors-0.8.0.safetensors", import.meta.url)),
);
const ramp = [0, 1, 2, 3, 4, 5];

/** A file with this header and so many bytes after it. */
function file(header: unknown, bytes: number, stated?: bigint): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const out = new Uint8Array(8 + text.length + bytes);
  new DataView(out.buffer).setBigUint64(0, stated ?? BigInt(text.length), true);
  out.set(text, 8);
  return out;
}

function codeOf(bytes: Uint8Array): string {
  try {
    for (const tensor of readSafetensors(bytes).tensors.values()) tensor.values();
    return "read";
  } catch (error) {
    if (isVicinalError(error)) return error.code;
    throw error;
  }
}

describe("a file by the format's own library", () => {
  const { tensors, metadata } = readSafetensors(golden);
  const values = (name: string): number[] => [...tensors.get(name)!.values()];

  test("is read alike as a Buffer that shares memory with others", () => {
    const shared = Buffer.concat([new Uint8Array(24), golden]).subarray(24);
    for (const [name, tensor] of readSafetensors(shared).tensors) {
      expect(tensor.values(), name).toEqual(tensors.get(name)!.values());
    }
  });

  test("is read: every type, a number without axes, an empty tensor, odd names", () => {
    expect(metadata).toEqual({ made: "by formula" });
    expect(tensors.size).toBe(17);
    expect(values("f32")).toEqual(ramp.map((i) => i / 8 - 0.25));
    expect(values("f64")).toEqual(ramp.map((i) => i / 7));
    expect(values("i64")).toEqual(ramp.map((i) => (i - 3) * 1e12));
    expect(values("u64")).toEqual(ramp);
    expect(values("i32")).toEqual(ramp.map((i) => (i - 3) * 5e8));
    expect(values("u32")).toEqual(ramp.map((i) => i * 8e8));
    expect(values("i16")).toEqual(ramp.map((i) => (i - 3) * 10_000));
    expect(values("u16")).toEqual(ramp.map((i) => i * 13_000));
    expect(values("i8")).toEqual(ramp.map((i) => (i - 3) * 40));
    expect(values("u8")).toEqual(ramp.map((i) => i * 50));
    expect(values("bool")).toEqual([1, 0, 1, 0, 1, 0]);
    expect(tensors.get("number")!.shape).toEqual([]);
    expect(values("number")).toEqual([2.5]);
    expect(tensors.get("empty")!.shape).toEqual([0, 4]);
    expect([values("10"), values("9"), values('odd "name" é')]).toEqual([[10], [9], [1]]);
  });

  test("halves are read to the bit: subnormal, largest, signed zero, infinity", () => {
    const halves = values("f16");
    expect(halves.slice(0, 6)).toEqual([0, -0, 1, -2.5, 65504, 2 ** -24]);
    expect(halves[6]).toBe(168 * 2 ** -24);
    expect(halves.slice(7)).toEqual([Number.POSITIVE_INFINITY, 1365 * 2 ** -12]);
  });

  test("is written again byte for byte", () => {
    const again = [...tensors].map(([name, { dtype, shape, bytes }]): [string, TensorData] => {
      const copy = bytes.slice().buffer;
      const size = bytes.length / shape.reduce((a, b) => a * b, 1) || 4;
      const data = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: BigUint64Array }[size]!;
      return [name, { dtype, shape, data: new data(copy) }];
    });
    expect(writeSafetensors(Object.fromEntries(again), { made: "by formula" })).toEqual(golden);
  });
});

describe("safetensors", () => {
  test("what was written is read again, bits and all", () => {
    const tensor = fc.oneof(
      fc.float32Array({ maxLength: 12 }),
      fc.float64Array({ maxLength: 12 }),
      fc.int32Array({ maxLength: 12 }),
      fc.uint8Array({ maxLength: 12 }),
    );
    const names = fc.string({ minLength: 1, maxLength: 8 }).filter((s) => s !== "__metadata__");
    fc.assert(
      fc.property(fc.dictionary(names, tensor), fc.dictionary(names, fc.string()), (given, metadata) => {
        const tensors = Object.fromEntries(
          Object.entries(given).map(([name, data]) => [name, { shape: [data.length], data }]),
        );
        const back = readSafetensors(writeSafetensors(tensors, metadata));
        expect(back.metadata).toEqual({ ...metadata });
        expect([...back.tensors.keys()].toSorted()).toEqual(Object.keys(given).toSorted());
        for (const [name, data] of Object.entries(given)) {
          expect([...back.tensors.get(name)!.values()]).toEqual([...data]);
        }
      }),
    );
  });

  test("bfloat16 is the upper half of float32", () => {
    const data = Uint16Array.of(0x3f80, 0xc049, 0x7f80);
    const { tensors } = readSafetensors(writeSafetensors({ x: { shape: [3], data, dtype: "BF16" } }));
    expect([...tensors.get("x")!.values()]).toEqual([1, -3.140625, Number.POSITIVE_INFINITY]);
  });

  const entry = (from: number, to: number, extra: object = {}): object => ({
    dtype: "U8",
    shape: [to - from],
    data_offsets: [from, to],
    ...extra,
  });
  const bad: Record<string, Uint8Array> = {
    "shorter than its length field": new Uint8Array(7),
    "a header past the end": file({}, 0, 1000n),
    "a header that is no JSON": file("{x}", 0),
    "a header that is an array": file("[]", 0),
    "a header with space before": file(" {}", 0),
    "a tensor past the end": file({ a: entry(0, 9) }, 8),
    "bytes that belong to no tensor at the end": file({ a: entry(0, 4) }, 8),
    "a gap between tensors": file({ a: entry(0, 2), b: entry(4, 8) }, 8),
    "tensors that overlap": file({ a: entry(0, 6), b: entry(4, 8) }, 8),
    "two tensors in one place": file({ a: entry(0, 8), b: entry(0, 8) }, 8),
    "offsets in reverse": file({ a: entry(0, 0, { data_offsets: [8, 0] }) }, 8),
    "offsets that are no whole numbers": file({ a: entry(0, 8, { data_offsets: [0, 8.5] }) }, 8),
    "negative offsets": file({ a: entry(0, 8, { data_offsets: [-8, 0] }) }, 8),
    "a shape larger than its bytes": file({ a: entry(0, 8, { shape: [9] }) }, 8),
    "a shape whose product overflows": file({ a: entry(0, 8, { shape: [2 ** 31, 2 ** 31, 2 ** 31] }) }, 8),
    "a negative extent": file({ a: entry(0, 8, { shape: [-2, -4] }) }, 8),
    "an unknown type": file({ a: entry(0, 8, { dtype: "F80" }) }, 8),
    "a type by the name of a method": file({ a: entry(0, 8, { dtype: "toString" }) }, 8),
    "a tensor that is null": file({ a: null }, 0),
    "metadata that is no text": file({ __metadata__: { a: 1 } }, 0),
    "a whole number beyond 2^53": file({ a: entry(0, 8, { dtype: "U64", shape: [1] }) }, 8).fill(255, -8),
  };
  test.each(Object.entries(bad))("%s is refused", (_, bytes) => {
    expect(codeOf(bytes)).toBe("FORMAT");
  });

  test("a header of a size beyond the limit is refused before anything is read", () => {
    expect(codeOf(file({}, 0, 0xffffffffffffffffn))).toBe("LIMIT");
  });

  test("a tensor named __proto__ is a tensor", () => {
    const { tensors } = readSafetensors(
      file('{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1),
    );
    expect([...tensors.keys()]).toEqual(["__proto__"]);
  });

  test("mutants are read or refused by code", () => {
    const rng = createRng(8, "safetensors");
    const codes = new Set(Array.from({ length: 1500 }, () => codeOf(mutate(golden, rng))));
    expect(codes).toContain("FORMAT");
    expect([...codes].filter((code) => !["FORMAT", "LIMIT", "UNSUPPORTED", "read"].includes(code))).toEqual(
      [],
    );
  });

  test("values that are not as many as the shape says are not written", () => {
    expect(() => writeSafetensors({ a: { shape: [2], data: new Float32Array(3) } })).toThrow(
      /3 values for shape/,
    );
    expect(() => writeSafetensors({ a: { shape: [3], data: new Float32Array(3), dtype: "F16" } })).toThrow(
      /F16/,
    );
  });
});
