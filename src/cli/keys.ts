import { readFile } from "node:fs/promises";
import { VicinalError } from "../core/index.ts";
import { ByteCursor } from "../data/cursor.ts";
import { readNpyHeader } from "../data/formats/npy.ts";
import { bytesSource } from "../data/source.ts";
import type { Key } from "../indexes/contract.ts";
import { fileProblem } from "./inputs.ts";

/**
 * Keys from a file: text with one key a line, or a .npy array of whole numbers. Text keys are numbers
 * when every line is a safe whole number as one would write it, bigints when some are larger, and
 * strings otherwise.
 *
 * @throws FILE, FORMAT, BAD_INPUT
 */
export async function readKeyFile(path: string): Promise<Key[]> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw fileProblem(path, error);
  }
  if (bytes[0] === 0x93 && bytes[1] === 0x4e) return readArray(path, bytes);
  try {
    return keysOfText(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new VicinalError(
      "FORMAT",
      { what: path, rule: "keys are UTF-8 text or a .npy array" },
      { cause: error },
    );
  }
}

const WHOLE = /^(0|-?[1-9]\d*)$/;

/** One key a line; the last line may end or not end in a line break. */
export function keysOfText(text: string): Key[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  if (!lines.every((line) => WHOLE.test(line))) return lines;
  const numbers = lines.map(Number);
  return numbers.every(Number.isSafeInteger) ? numbers : lines.map(BigInt);
}

async function readArray(path: string, bytes: Uint8Array): Promise<Key[]> {
  const cursor = new ByteCursor(bytesSource(bytes, path));
  const { element, bigEndian, shape } = await readNpyHeader(cursor);
  const read = READERS[element];
  if (read === undefined || shape.length < 1 || shape.slice(1).some((n) => n !== 1)) {
    throw new VicinalError("BAD_INPUT", {
      what: path,
      got: `an array of ${element}, shape (${shape.join(", ")})`,
      rule: "one column of whole numbers",
    });
  }
  const width = Number(element[1]);
  const data = await cursor.take(shape[0]! * width, "array data");
  await cursor.expectEnd();
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const keys = Array.from({ length: shape[0]! }, (_, i) => read(view, i * width, !bigEndian));
  const safe = keys.every((key) => Number.isSafeInteger(Number(key)));
  return safe ? keys.map(Number) : keys.map(BigInt);
}

type Read = (view: DataView, at: number, little: boolean) => number | bigint;

const READERS: Readonly<Partial<Record<string, Read>>> = {
  u1: (view, at) => view.getUint8(at),
  i1: (view, at) => view.getInt8(at),
  u2: (view, at, little) => view.getUint16(at, little),
  i2: (view, at, little) => view.getInt16(at, little),
  u4: (view, at, little) => view.getUint32(at, little),
  i4: (view, at, little) => view.getInt32(at, little),
  u8: (view, at, little) => view.getBigUint64(at, little),
  i8: (view, at, little) => view.getBigInt64(at, little),
};
