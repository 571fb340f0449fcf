import { joinBytes } from "../core/bytes.ts";
import type { ByteCursor } from "./cursor.ts";
import { checkLimit, type DataLimits } from "./limits.ts";

/** One line without its ending: bytes [start, end) of `bytes`, which later lines may overwrite. */
export interface Line {
  bytes: Uint8Array;
  start: number;
  end: number;
  /** From 1. */
  number: number;
}

/**
 * Lines ended by \n or \r\n, read through one reused record, handed over in batches so that a line costs
 * no promise. A UTF-8 byte order mark at the beginning is dropped. @throws LIMIT for an overlong line
 */
export async function* lineBatches(cursor: ByteCursor, limits: DataLimits): AsyncGenerator<Iterable<Line>> {
  const mark = await cursor.peek(3);
  if (mark[0] === 0xef && mark[1] === 0xbb && mark[2] === 0xbf) await cursor.takeUpTo(3);
  const line: Line = { bytes: new Uint8Array(0), start: 0, end: 0, number: 0 };
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;

  function* split(chunk: Uint8Array, last: number): Generator<Line> {
    let at = 0;
    while (at <= last) {
      const stop = chunk.indexOf(10, at);
      let bytes = chunk;
      let start = at;
      let end = stop;
      if (pendingBytes > 0) {
        bytes = joinBytes([...pending, chunk.subarray(at, stop)]);
        start = 0;
        end = bytes.length;
        pending = [];
        pendingBytes = 0;
      }
      at = stop + 1;
      if (end > start && bytes[end - 1] === 13) end--;
      checkLimit(`${cursor.name}: bytes of line ${line.number + 1}`, end - start, limits.maxLineBytes);
      set(line, bytes, start, end);
      yield line;
    }
  }

  for (;;) {
    const chunk = await cursor.next();
    if (chunk === undefined) break;
    const last = chunk.lastIndexOf(10);
    if (last >= 0) yield split(chunk, last);
    const rest = chunk.subarray(last + 1);
    if (rest.length > 0) {
      // Pending pieces are copied: a source may reuse its chunk.
      pending.push(rest.slice());
      pendingBytes += rest.length;
      checkLimit(`${cursor.name}: bytes of line ${line.number + 1}`, pendingBytes, limits.maxLineBytes + 2);
    }
  }
  if (pendingBytes > 0) {
    const bytes = joinBytes(pending);
    const end = bytes[bytes.length - 1] === 13 ? bytes.length - 1 : bytes.length;
    checkLimit(`${cursor.name}: bytes of line ${line.number + 1}`, end, limits.maxLineBytes);
    set(line, bytes, 0, end);
    yield [line];
  }
}

function set(line: Line, bytes: Uint8Array, start: number, end: number): void {
  line.bytes = bytes;
  line.start = start;
  line.end = end;
  line.number++;
}

/** The first line, looked at before the others are asked for, and those others in batches. */
export async function openLines(
  cursor: ByteCursor,
  limits: DataLimits,
): Promise<{ first: Line | undefined; rest: () => AsyncGenerator<Iterable<Line>> }> {
  const batches = lineBatches(cursor, limits);
  const step = await batches.next();
  if (step.done) return { first: undefined, rest: () => batches };
  const opening = step.value[Symbol.iterator]();
  const head = opening.next();
  async function* rest(): AsyncGenerator<Iterable<Line>> {
    yield { [Symbol.iterator]: () => opening };
    yield* batches;
  }
  return { first: head.done ? undefined : head.value, rest };
}
