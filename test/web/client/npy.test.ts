import { describe, expect, test } from "vitest";
import { matrix } from "../../../src/core/index.ts";
import { encodeVectors } from "../../../src/data/index.ts";
import { readNpy } from "../../../web/src/client/npy.ts";

function file(rows: Float32Array | Uint8Array, columns: number): ArrayBuffer {
  const bytes = encodeVectors(matrix(rows as Float32Array, columns), "npy");
  return bytes.slice().buffer;
}

describe("matrices from the server", () => {
  test("float32 and bytes come back as the library wrote them", () => {
    const floats = Float32Array.from([1.5, -2, 3e-20, 4, 5, 6]);
    expect(readNpy(file(floats, 3))).toEqual({ data: floats, rows: 2, columns: 3 });
    const bytes = Uint8Array.from([0, 255, 7, 8]);
    expect(readNpy(file(bytes, 1))).toEqual({ data: bytes, rows: 4, columns: 1 });
  });

  test("floats behind a header of odd length are read all the same", () => {
    const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }\n";
    const out = new Uint8Array(10 + header.length + 8);
    out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]);
    out.set(new TextEncoder().encode(header), 10);
    out.set(new Uint8Array(Float32Array.of(0.25, -8).buffer), 10 + header.length);
    expect((10 + header.length) % 4).not.toBe(0);
    expect([...readNpy(out.buffer).data]).toEqual([0.25, -8]);
  });

  test("what is cut off, of another type, or no such file is refused with FORMAT", () => {
    const whole = file(Float32Array.of(1, 2, 3, 4), 2);
    const text = new TextEncoder().encode("<!doctype html><title>Not found</title>").slice().buffer;
    const halves = new Uint8Array(whole.slice());
    halves.set(new TextEncoder().encode("<f2"), new TextDecoder("latin1").decode(halves).indexOf("<f4"));
    for (const bytes of [whole.slice(0, -1), whole.slice(0, 40), new ArrayBuffer(3), text, halves.buffer]) {
      expect(() => readNpy(bytes)).toThrow(expect.objectContaining({ code: "FORMAT" }));
    }
  });
});
