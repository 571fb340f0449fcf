import { matrix } from "../../src/core/index.ts";

/** Components of the vectors here. */
export const D = 4;

// biome-ignore lint/suspicious/noExplicitAny: what a caller without types could pass
export type Anything = any;

export function detached(): Float32Array {
  const data = new Float32Array(D);
  structuredClone(data.buffer, { transfer: [data.buffer] });
  return data;
}

/** A view over a buffer that was cut shorter than the view begins. */
function shrunk(): Float32Array {
  const buffer = new (ArrayBuffer as Anything)(64, { maxByteLength: 128 });
  const view = new Float32Array(buffer, 32, D);
  buffer.resize(16);
  return view;
}

const holey = (): number[] => {
  const out = [1, 2, 3, 4];
  delete out[2];
  return out;
};

/** What is no vector of four finite float32 numbers, with the codes it may be refused with. */
export const BAD_VECTORS: Readonly<Record<string, [value: () => Anything, ...codes: string[]]>> = {
  NaN: [() => [1, 2, Number.NaN, 4], "NOT_FINITE"],
  "NaN in float32": [() => Float32Array.of(1, Number.NaN, 3, 4), "NOT_FINITE"],
  Infinity: [() => Float32Array.of(1, 2, 3, Infinity), "NOT_FINITE"],
  "−Infinity": [() => Float64Array.of(-Infinity, 2, 3, 4), "NOT_FINITE"],
  "infinite half": [() => Uint16Array.of(0, 0x7c00, 0, 0), "NOT_FINITE"],
  "NaN half": [() => Uint16Array.of(0, 0x7e01, 0, 0), "NOT_FINITE"],
  "too large for float32": [() => Float64Array.of(1, 2, 3, 1e39), "NOT_FINITE"],
  "too large for float32, in an array": [() => [1, -1e300, 3, 4], "NOT_FINITE"],
  "too short": [() => [1, 2, 3], "DIM_MISMATCH"],
  "not a multiple": [() => new Float32Array(D + 1), "DIM_MISMATCH"],
  "second row too short": [
    () => [
      [1, 2, 3, 4],
      [1, 2, 3],
    ],
    "DIM_MISMATCH",
  ],
  holey: [holey, "NOT_FINITE", "BAD_INPUT"],
  "array with a hole for a row": [() => Object.assign([], { 0: [1, 2, 3, 4], 2: [1, 2, 3, 4] }), "BAD_INPUT"],
  strings: [() => ["1", "2", "3", "4"], "BAD_INPUT", "NOT_FINITE"],
  "one string": [() => "1234", "BAD_INPUT"],
  number: [() => 7, "BAD_INPUT"],
  bigints: [() => [1n, 2n, 3n, 4n], "BAD_INPUT", "NOT_FINITE"],
  BigInt64Array: [() => new BigInt64Array(D), "BAD_INPUT"],
  null: [() => null, "BAD_INPUT"],
  undefined: [() => undefined, "BAD_INPUT"],
  "an object": [() => ({}), "BAD_INPUT"],
  "a symbol": [() => Symbol("v"), "BAD_INPUT"],
  "a function": [() => () => [1, 2, 3, 4], "BAD_INPUT"],
  "a DataView": [() => new DataView(new ArrayBuffer(16)), "BAD_INPUT"],
  "an ArrayBuffer": [() => new ArrayBuffer(16), "BAD_INPUT"],
  "a Map": [() => new Map([[0, [1, 2, 3, 4]]]), "BAD_INPUT"],
  "nulls in a row": [() => [1, null, 3, 4], "BAD_INPUT", "NOT_FINITE"],
  "rows of objects": [() => [{}, {}], "BAD_INPUT", "DIM_MISMATCH"],
  "nested too deep": [() => [[[1, 2, 3, 4]]], "BAD_INPUT", "DIM_MISMATCH", "NOT_FINITE"],
  detached: [detached, "DETACHED_BUFFER"],
  // Optimized code of some engines still sees the old length, and then no components.
  "a row detached": [() => [[1, 2, 3, 4], detached()], "DETACHED_BUFFER", "DIM_MISMATCH", "NOT_FINITE"],
  "a shrunk buffer": [shrunk, "DETACHED_BUFFER"],
  "matrix of other columns": [() => matrix(new Float32Array(15), 5, 3), "DIM_MISMATCH"],
  "matrix larger than its data": [
    () => ({ data: new Float32Array(8), rows: 3, cols: 4, stride: 4 }),
    "BAD_INPUT",
  ],
  "matrix of negative rows": [
    () => ({ data: new Float32Array(8), rows: -1, cols: 4, stride: 4 }),
    "BAD_INPUT",
  ],
  "matrix of NaN rows": [
    () => ({ data: new Float32Array(8), rows: Number.NaN, cols: 4, stride: 4 }),
    "BAD_INPUT",
  ],
  "matrix with stride below its columns": [
    () => ({ data: new Float32Array(8), rows: 2, cols: 4, stride: 2 }),
    "BAD_INPUT",
  ],
  "matrix without data": [() => ({ data: null, rows: 2, cols: 4, stride: 4 }), "BAD_INPUT"],
};

/** Options that no search can take. */
export const BAD_SEARCHES: Readonly<Record<string, [options: Anything, ...codes: string[]]>> = {
  "k 0": [{ k: 0 }, "BAD_K"],
  "k −1": [{ k: -1 }, "BAD_K"],
  "k 1.5": [{ k: 1.5 }, "BAD_K"],
  "k NaN": [{ k: Number.NaN }, "BAD_K"],
  "k Infinity": [{ k: Infinity }, "BAD_K"],
  "k 2³¹": [{ k: 2 ** 31 }, "BAD_K"],
  "k '5'": [{ k: "5" }, "BAD_K"],
  "k null": [{ k: null }, "BAD_K"],
  "k 5n": [{ k: 5n }, "BAD_K"],
  "unknown option": [{ K: 5 }, "OPTION_UNKNOWN"],
  "option of other libraries": [{ hashTables: 5 }, "OPTION_UNKNOWN"],
  "maxDistance NaN": [{ maxDistance: Number.NaN }, "OPTION_RANGE"],
  "maxDistance '1'": [{ maxDistance: "1" }, "OPTION_RANGE"],
  "exact 'yes'": [{ exact: "yes" }, "OPTION_RANGE"],
  "filter 7": [{ filter: 7 }, "BAD_INPUT"],
  "filter null": [{ filter: null }, "BAD_INPUT"],
  "filter string": [{ filter: "a" }, "BAD_INPUT"],
  "filter array": [{ filter: [1, 2] }, "BAD_INPUT"],
  "filter Map": [{ filter: new Map() }, "BAD_INPUT"],
  "filter Float32Array": [{ filter: new Float32Array(1) }, "BAD_INPUT"],
  "filter with unknown operator": [{ filter: { a: { $near: 1 } } }, "BAD_INPUT", "OPTION_UNKNOWN"],
  "filter on __proto__": [{ filter: JSON.parse('{"__proto__": 1}') }, "BAD_INPUT"],
  "filter that answers promises": [{ filter: async () => true }, "BAD_INPUT"],
  "filter mask by hand": [{ filter: { bits: new Uint8Array(1), matches: 1, version: 0 } }, "BAD_INPUT"],
  "options null": [null, "BAD_INPUT"],
  "options 5": [5, "BAD_INPUT"],
};
