import { type Matrix, VicinalError } from "../core/index.ts";

/** What `toJSON` of every model here starts with. */
export interface SavedModel {
  /** "vicinal/" and the kind of model. */
  readonly format: string;
  readonly version: number;
}

/** Fields of a saved model, read with checks; each throws FORMAT for what is missing or of another kind. */
export interface SavedFields {
  /** The field as it is, unchecked. */
  raw(name: string): unknown;
  /** A finite number, or of {@link low} … {@link high}. */
  number(name: string, low?: number, high?: number): number;
  whole(name: string, low: number, high?: number): number;
  /** Finite numbers; of that many where a length is given. */
  vector(name: string, length?: number): Float64Array;
  /** Rows of as many finite numbers each. */
  matrix(name: string, rows?: number, cols?: number): Matrix<Float64Array>;
  /** A block that {@link packFloats} wrote. */
  floats(name: string, rows: number, cols: number): Matrix;
  /** An object of options, not looked into. */
  options<T extends object>(name: string): Partial<T>;
  /** Refuses with FORMAT. */
  fail(rule: string, got?: string): never;
}

/** Opens what `toJSON` gave (or its text), if it is of that kind and of no later version; else FORMAT, FORMAT_VERSION. */
export function openSaved(json: unknown, kind: string, version = 1): SavedFields {
  const what = `saved ${kind}`;
  const fail = (rule: string, got?: string): never => {
    throw new VicinalError("FORMAT", got === undefined ? { what, rule } : { what, rule, got });
  };
  let object = json;
  if (typeof json === "string") {
    try {
      object = JSON.parse(json);
    } catch (cause) {
      throw new VicinalError("FORMAT", { what, rule: "it is JSON" }, { cause });
    }
  }
  if (typeof object !== "object" || object === null) return fail("it is an object", String(object));
  const fields = object as Record<string, unknown>;
  if (fields["format"] !== `vicinal/${kind}`) {
    return fail(`its format is "vicinal/${kind}"`, JSON.stringify(fields["format"] ?? null).slice(0, 60));
  }
  const found = fields["version"];
  if (typeof found !== "number" || !Number.isInteger(found) || found < 1) fail("it has a version");
  if ((found as number) > version) {
    throw new VicinalError("FORMAT_VERSION", { what, got: found as number, want: version });
  }
  return fieldsOf(fields, fail);
}

type Fail = (rule: string, got?: string) => never;

function fieldsOf(fields: Record<string, unknown>, fail: Fail): SavedFields {
  const vectorOf = (value: unknown, name: string, length?: number): Float64Array => {
    if (!Array.isArray(value)) return fail(`${name} is an array`, typeof value);
    if (length !== undefined && value.length !== length) {
      fail(`${name} has ${length} numbers`, String(value.length));
    }
    const bad = value.findIndex((x) => typeof x !== "number" || !Number.isFinite(x));
    if (bad >= 0) fail(`${name} holds finite numbers`, `${String(value[bad])} at ${bad}`);
    return Float64Array.from(value as number[]);
  };
  const number = (name: string, low = -Number.MAX_VALUE, high = Number.MAX_VALUE): number => {
    const value = fields[name];
    if (typeof value !== "number" || !(value >= low && value <= high)) {
      fail(`${name} is a number from ${low} to ${high}`, String(value));
    }
    return value as number;
  };
  return {
    fail,
    number,
    raw: (name) => fields[name],
    whole(name, low, high = Number.MAX_SAFE_INTEGER) {
      const value = number(name, low, high);
      if (!Number.isInteger(value)) fail(`${name} is a whole number`, String(value));
      return value;
    },
    vector: (name, length) => vectorOf(fields[name], name, length),
    matrix(name, rows, cols) {
      const list = fields[name];
      if (!Array.isArray(list) || list.length === 0) return fail(`${name} is an array of rows`, typeof list);
      if (rows !== undefined && list.length !== rows) fail(`${name} has ${rows} rows`, String(list.length));
      const width = cols ?? (Array.isArray(list[0]) ? list[0].length : 0);
      if (width === 0) fail(`${name} has columns`);
      const data = new Float64Array(list.length * width);
      list.forEach((row, i) => {
        data.set(vectorOf(row, `${name} row ${i}`, width), i * width);
      });
      return { data, rows: list.length, cols: width, stride: width };
    },
    floats(name, rows, cols) {
      const text = fields[name];
      if (typeof text !== "string") return fail(`${name} is text in base64`, typeof text);
      const bytes = fromBase64(text);
      if (bytes?.length !== rows * cols * 4) fail(`${name} holds ${rows} × ${cols} float32`);
      const view = new DataView(bytes!.buffer);
      const data = Float32Array.from({ length: rows * cols }, (_, i) => view.getFloat32(i * 4, true));
      const bad = data.findIndex((x) => !Number.isFinite(x));
      if (bad >= 0) fail(`${name} holds finite numbers`, `${data[bad]} at ${bad}`);
      return { data, rows, cols, stride: cols };
    },
    options<T extends object>(name: string) {
      const value = fields[name] ?? {};
      if (typeof value !== "object" || Array.isArray(value)) fail(`${name} is an object`, typeof value);
      return value as Partial<T>;
    },
  };
}

/** Rows of a matrix as plain arrays, for JSON. */
export function plainRows(m: Matrix<Float64Array> | Matrix): number[][] {
  return Array.from({ length: m.rows }, (_, i) =>
    Array.from(m.data.subarray(i * m.stride, i * m.stride + m.cols)),
  );
}

/** A float32 block as base64, little-endian, rows end to end: a third of what its digits take, and exact. */
export function packFloats({ data, rows, cols, stride }: Matrix): string {
  const view = new DataView(new ArrayBuffer(rows * cols * 4));
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) view.setFloat32((i * cols + j) * 4, data[i * stride + j]!, true);
  }
  const bytes = new Uint8Array(view.buffer);
  const parts: string[] = [];
  // A multiple of three bytes at a time, so that parts join without padding between them.
  for (let at = 0; at < bytes.length; at += 12_288) {
    parts.push(btoa(String.fromCharCode(...bytes.subarray(at, at + 12_288))));
  }
  return parts.join("");
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    const binary = atob(text);
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
    return bytes;
  } catch {
    return undefined;
  }
}

/** A learned value, or NOT_FITTED where there is none yet. */
export function fitted<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new VicinalError("NOT_FITTED", { what });
  return value;
}
