import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  createRng,
  type Dtype,
  isVicinalError,
  type Matrix,
  matrix,
  type Scalars,
} from "../../core/index.ts";
import type { VectorsInput } from "../contract.ts";
import { halfToNumber } from "./scalars.ts";
import { firstNotFinite, isPlainQuery, readVectors, storedWidth } from "./vectors.ts";

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    return isVicinalError(error) ? error.code : `not typed: ${error}`;
  }
  return undefined;
}

function paramsOf(run: () => unknown): object {
  try {
    run();
  } catch (error) {
    if (isVicinalError(error)) return error.params;
    throw error;
  }
  return {};
}

function newDestination(dtype: Dtype, length: number): Float32Array | Uint8Array | Int8Array {
  if (dtype === "f32") return new Float32Array(length);
  return dtype === "i8" ? new Int8Array(length) : new Uint8Array(length);
}

function readAll(input: VectorsInput, dimension: number, dtype: Dtype = "f32"): number[][] {
  const reader = readVectors(input, dimension, dtype);
  const dest = newDestination(dtype, reader.rows * reader.width);
  reader.copyInto(dest, reader.width, 0, reader.rows);
  return Array.from({ length: reader.rows }, (_, r) =>
    Array.from(dest.subarray(r * reader.width, (r + 1) * reader.width)),
  );
}

/** The binary16 pattern of a small whole number, from the definition. */
function half(value: number): number {
  if (value === 0) return 0;
  const exponent = Math.floor(Math.log2(Math.abs(value)));
  return (value < 0 ? 0x8000 : 0) | ((exponent + 15) << 10) | ((Math.abs(value) / 2 ** exponent - 1) * 1024);
}

/** The same rows in every form that an input may have. */
function forms(rows: number[][], dimension: number): Record<string, VectorsInput> {
  const flat = rows.flat();
  const shared = new Float32Array(new SharedArrayBuffer(flat.length * 4));
  shared.set(flat);
  const strided = (make: (n: number) => Scalars, stride: number): Matrix<Scalars> => {
    const data = make(rows.length * stride).fill(77);
    rows.forEach((row, r) => {
      data.set(row, r * stride);
    });
    return matrix(data, dimension, rows.length, stride);
  };
  const out: Record<string, VectorsInput> = {
    float32: Float32Array.from(flat),
    float64: Float64Array.from(flat),
    int8: Int8Array.from(flat),
    halves: Uint16Array.from(flat, half),
    numbers: flat,
    shared,
    offset: Float32Array.from([5, ...flat]).subarray(1),
    matrix32: strided((n) => new Float32Array(n), dimension + 3),
    matrix64: strided((n) => new Float64Array(n), dimension),
    matrixByte: strided((n) => new Int8Array(n), dimension + 1),
    lists: rows,
    mixed: rows.map((row, r) => [row, Float32Array.from(row), Int8Array.from(row)][r % 3]!),
    generic: Int32Array.from(flat) as never,
    arrayLike: { ...flat, length: flat.length } as never,
  };
  if (flat.every((x) => x >= 0)) out["buffer"] = Buffer.from(flat);
  return out;
}

describe("readVectors", () => {
  test("every form of the same rows gives the same rows, for every dtype that holds them", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: 0, max: 5 }),
        fc.constantFrom<Dtype>("f32", "u8", "i8", "bits"),
        fc.nat(),
        (dimension, n, dtype, seed) => {
          const rng = createRng(seed);
          const low = dtype === "i8" || dtype === "f32" ? -128 : 0;
          const high = dtype === "bits" ? 1 : 127;
          const rows = Array.from({ length: n }, () =>
            Array.from({ length: dimension }, () => low + rng.below(high - low + 1)),
          );
          const want =
            dtype === "bits"
              ? rows.map((row) =>
                  Array.from({ length: Math.ceil(dimension / 8) }, (_, b) =>
                    row.slice(b * 8, b * 8 + 8).reduce((byte, bit, j) => byte + bit * 2 ** j, 0),
                  ),
                )
              : rows;
          for (const [name, input] of Object.entries(forms(rows, dimension))) {
            if (dtype === "bits" && name === "buffer") continue; // bytes are packed rows there
            expect(readAll(input, dimension, dtype), `${name} as ${dtype}`).toEqual(want);
          }
          if (dtype === "bits") {
            const packed = Uint8Array.from(want.flat());
            const width = Math.ceil(dimension / 8);
            expect(readAll(packed, dimension, dtype)).toEqual(want);
            expect(readAll(matrix(packed, width, n), dimension, dtype)).toEqual(want);
            expect(readAll(matrix(Uint8Array.from(rows.flat()), dimension, n), dimension, dtype)).toEqual(
              want,
            );
            expect(
              readAll(
                want.map((row) => Uint8Array.from(row)),
                dimension,
                dtype,
              ),
            ).toEqual(want);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  test("copies part of the rows at a stride and leaves what lies between alone", () => {
    const rows = [
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
      [10, 11, 12],
    ];
    for (const [name, input] of Object.entries(forms(rows, 3))) {
      const dest = new Float32Array(12).fill(-1);
      readVectors(input, 3, "f32").copyInto(dest, 5, 1, 3, 1);
      expect([...dest], name).toEqual([-1, 4, 5, 6, -1, -1, 7, 8, 9, -1, -1, -1]);
    }
    const reader = readVectors(rows, 3, "f32");
    const dest = new Float32Array(6);
    for (const [stride, from, to, at] of [
      [3, 0, 3, 0],
      [2, 0, 2, 0],
      [3, 0, 2, 1],
      [3, 3, 5, 0],
      [3, 2, 1, 0],
    ]) {
      expect(codeOf(() => reader.copyInto(dest, stride!, from!, to!, at!))).toBe("BAD_INPUT");
    }
  });

  test("an empty input is no rows, one vector is one row", () => {
    for (const empty of [[], new Float32Array(0), matrix(new Float32Array(0), 4, 0), new Uint8Array(0)]) {
      expect(readVectors(empty, 4, "f32").rows).toBe(0);
    }
    expect(readVectors([1, 2, 3, 4], 4, "f32").rows).toBe(1);
    expect(readVectors([1, 2, 3, 4], 1, "f32").rows).toBe(4);
    expect(readVectors([[1], [2]], 1, "f32").rows).toBe(2);
  });

  test("hands out a float32 block for use in place, and no other", () => {
    const data = new Float32Array(12);
    expect(readVectors(data, 4, "f32").block).toEqual({ data, rows: 3, cols: 4, stride: 4 });
    expect(readVectors(matrix(data, 3, 2, 6), 3, "f32").block?.stride).toBe(6);
    expect(readVectors(data, 4, "u8").block).toBeUndefined();
    expect(readVectors(new Float64Array(4), 4, "f32").block).toBeUndefined();
    expect(readVectors([data], 12, "f32").block).toBeUndefined();
  });

  test("names the row and column of the first component that is not finite, in any form", () => {
    const rng = createRng(1, "not finite");
    for (const bad of [Number.NaN, Infinity, -Infinity, 1e39, -3.5e38]) {
      for (const [dimension, n] of [
        [1, 1],
        [7, 3],
        [300, 5],
      ] as const) {
        const at = rng.below(dimension * n);
        const place = { row: Math.floor(at / dimension), column: at % dimension };
        const flat = Array.from({ length: dimension * n }, () => rng.normal());
        flat[at] = bad;
        const rows = Array.from({ length: n }, (_, r) => flat.slice(r * dimension, (r + 1) * dimension));
        const strided = new Float64Array(n * (dimension + 2)).fill(Number.NaN);
        rows.forEach((row, r) => {
          strided.set(row, r * (dimension + 2));
        });
        const inputs: VectorsInput[] = [flat, rows, Float64Array.from(flat), Float32Array.from(flat)];
        inputs.push(rows.map((row) => Float32Array.from(row)));
        inputs.push(matrix(strided, dimension, n, dimension + 2));
        for (const input of inputs) {
          expect(codeOf(() => readVectors(input, dimension, "f32"))).toBe("NOT_FINITE");
          expect(paramsOf(() => readVectors(input, dimension, "f32", "query"))).toMatchObject({
            what: "query",
            ...place,
          });
        }
      }
    }
    for (const pattern of [0x7c00, 0xfc00, 0x7e01]) {
      const halves = Uint16Array.of(0, pattern);
      expect(paramsOf(() => readVectors(halves, 1, "f32"))).toMatchObject({ row: 1, column: 0 });
    }
  });

  test("takes the outermost float32 values, subnormals and −0 as they are", () => {
    const edge = [3.4028234663852886e38, -3.4028234663852886e38, 1.401298464324817e-45, -0, 3.4028235e38];
    for (const input of [edge, Float64Array.from(edge), Float32Array.from(edge)]) {
      expect(readAll(input, 5)[0]).toEqual([...Float32Array.from(edge)]);
    }
    expect(codeOf(() => readVectors([3.4028235677973366e38], 1, "f32"))).toBe("NOT_FINITE");
  });

  test("finds a NaN at every position of a long block, with any bits", () => {
    const data = new Float32Array(1031);
    const bits = new Uint32Array(data.buffer);
    for (let at = 0; at < data.length; at += 13) {
      for (const pattern of [0x7fc00000, 0xffc00001, 0x7f800000, 0xff800000, 0x7f800001]) {
        bits[at] = pattern;
        expect(firstNotFinite(data, "f32", 0, data.length)).toBe(at);
        expect(firstNotFinite(data, "f32", at + 1, data.length)).toBe(-1);
      }
      bits[at] = 0x7f7fffff;
      expect(firstNotFinite(data, "f32", 0, data.length)).toBe(-1);
    }
  });

  test("halves decode as IEEE 754 defines them", () => {
    const examples = { 1: 2 ** -24, 1023: 1023 * 2 ** -24, 1024: 2 ** -14, 13653: 0.333251953125 };
    for (const [bits, value] of Object.entries({
      ...examples,
      31743: 65504,
      49152: -2,
      15361: 1 + 2 ** -10,
    })) {
      expect(halfToNumber(Number(bits))).toBe(value);
      expect(readAll(Uint16Array.of(Number(bits)), 1)[0]).toEqual([value]);
    }
  });

  test("values that a byte or bit cannot hold are refused by row and column", () => {
    const cases: [VectorsInput, Dtype][] = [
      [[0, 1, 2, 256], "u8"],
      [[0, 1, 2, -1], "u8"],
      [[0, 1, 2, 0.5], "u8"],
      [Int8Array.of(0, 1, 2, -1), "u8"],
      [Uint8Array.of(0, 1, 2, 128), "i8"],
      [Float32Array.of(0, 1, 2, -129), "i8"],
      [Uint16Array.of(0, 0, 0, half(200)), "i8"],
      [
        [
          [0, 1],
          [1, 2],
        ],
        "bits",
      ],
      [matrix(Float32Array.of(0, 1, 1, -1), 2), "bits"],
      [matrix(Uint8Array.of(0, 1, 1, 7), 2), "bits"],
    ];
    for (const [input, dtype] of cases) {
      expect(codeOf(() => readVectors(input, 2, dtype))).toBe("OPTION_RANGE");
      expect(paramsOf(() => readVectors(input, 2, dtype))).toMatchObject({
        option: "vectors row 1, component 1",
      });
    }
    expect(codeOf(() => readVectors(Uint8Array.of(255, 128), 15, "bits"))).toBe("OPTION_RANGE");
    expect(codeOf(() => readVectors([Uint8Array.of(255, 128)], 15, "bits"))).toBe("OPTION_RANGE");
    expect(codeOf(() => readVectors([Number.NaN], 1, "u8"))).toBe("NOT_FINITE");
  });

  test("wrong lengths name what was given and what was wanted", () => {
    const cases: [VectorsInput, number][] = [
      [new Float32Array(5), 5],
      [[1, 2, 3, 4, 5], 5],
      [matrix(new Float32Array(6), 3), 3],
      [
        [
          [1, 2],
          [1, 2, 3],
        ],
        3,
      ],
      [[new Float32Array(2), new Float32Array(0)], 0],
      [[[1, 2], []], 0],
    ];
    for (const [input, got] of cases) {
      expect(codeOf(() => readVectors(input, 2, "f32"))).toBe("DIM_MISMATCH");
      expect(paramsOf(() => readVectors(input, 2, "f32"))).toMatchObject({ got, want: 2 });
    }
    expect(paramsOf(() => readVectors(new Uint8Array(3), 16, "bits"))).toMatchObject({ got: 24, want: 16 });
  });

  test("what holds no numbers is refused with BAD_INPUT", () => {
    const holey: unknown[][] = [
      [1, 1, 0, 1],
      [
        [0, 1],
        [0, 1],
      ],
    ];
    for (const list of holey) delete list[1];
    const bad: unknown[] = [
      null,
      undefined,
      "1,2",
      5,
      5n,
      true,
      Symbol("x"),
      () => 1,
      {},
      new Map(),
      new Date(0),
    ];
    bad.push(new BigInt64Array(2), [1n, 2n], ["1", "2"], [null, 1], [1, undefined], ...holey);
    bad.push(
      [[0, 1], null],
      [[0, 1], "ab"],
      [[0, 1], 3],
      [[1, "1"]],
      [new BigUint64Array(2)],
      [{}],
      [1, [2]],
    );
    bad.push(new DataView(new ArrayBuffer(8)), new ArrayBuffer(8), [new DataView(new ArrayBuffer(8))]);
    bad.push({ data: [0, 1], rows: 1, cols: 2, stride: 2 }, { length: -1 }, { length: 1.5 }, { length: 2 });
    for (const [rows, cols, stride] of [
      [2, 2, 2],
      [1, 2, 1],
      [-1, 2, 2],
      [1.5, 2, 2],
      [1, 2, Number.NaN],
    ]) {
      bad.push({ data: new Float32Array(3), rows, cols, stride });
    }
    bad.push({ data: new Float32Array(3), rows: 2 ** 53, cols: 2, stride: 2 });
    bad.push({ length: 2 ** 50, 0: [0, 1] });
    for (const input of bad) {
      for (const dtype of ["f32", "u8", "bits"] as const) {
        const code = codeOf(() => readVectors(input as never, 2, dtype));
        expect(code, `${typeof input} ${Object.keys(Object(input))} as ${dtype}`).toBe("BAD_INPUT");
      }
    }
  });

  test("a transferred or shrunk buffer is refused, at the check and at the copy", () => {
    const gone = new Float32Array(8);
    const late = new Float32Array(8);
    const reader = readVectors(late, 4, "f32");
    const list = readVectors([late.subarray(0, 4)], 4, "f32");
    structuredClone([gone.buffer, late.buffer], { transfer: [gone.buffer, late.buffer] });
    expect(codeOf(() => readVectors(gone, 4, "f32"))).toBe("DETACHED_BUFFER");
    expect(codeOf(() => readVectors([gone], 4, "f32"))).toBe("DETACHED_BUFFER");
    expect(codeOf(() => readVectors({ data: gone, rows: 0, cols: 4, stride: 4 }, 4, "f32"))).toBe(
      "DETACHED_BUFFER",
    );
    const dest = new Float32Array(8);
    expect(codeOf(() => reader.copyInto(dest, 4, 0, 2))).toBe("DETACHED_BUFFER");
    expect(codeOf(() => list.copyInto(dest, 4, 0, 1))).toBe("DETACHED_BUFFER");
    const Resizable = ArrayBuffer as unknown as new (
      n: number,
      o: object,
    ) => ArrayBuffer & { resize(n: number): void };
    const buffer = new Resizable(32, { maxByteLength: 64 });
    const fixed = new Float32Array(buffer, 0, 8);
    const tracking = new Float32Array(buffer);
    const shrunk = readVectors(tracking, 4, "f32");
    buffer.resize(16);
    expect(codeOf(() => readVectors(fixed, 4, "f32"))).toBe("DETACHED_BUFFER");
    expect(readVectors(tracking, 4, "f32").rows).toBe(1);
    expect(codeOf(() => shrunk.copyInto(dest, 4, 0, 2))).toBe("DETACHED_BUFFER");
  });
});

test("a plain query is a Float32Array of exactly the dimension", () => {
  expect(isPlainQuery(new Float32Array(4), 4)).toBe(true);
  for (const other of [
    new Float32Array(8),
    new Float64Array(4),
    [1, 2, 3, 4],
    null,
    matrix(new Float32Array(4), 4),
  ]) {
    expect(isPlainQuery(other, 4)).toBe(false);
  }
});

test("bits take a byte for every eight components, rounded up", () => {
  expect([1, 8, 9, 64].map((d) => storedWidth(d, "bits"))).toEqual([1, 1, 2, 8]);
  expect(storedWidth(9, "u8")).toBe(9);
});
