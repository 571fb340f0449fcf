import type { ByteCursor } from "../cursor.ts";
import { badFormat, checkLimit, type DataLimits } from "../limits.ts";

const QUOTE = 34;
const LF = 10;
const CR = 13;

const PIECE = 1 << 20;

const FIELD_START = 0;
const PLAIN = 1;
const QUOTED = 2;
const QUOTE_SEEN = 3;

/**
 * Records of comma-separated values (RFC 4180), in batches: fields may be quoted, a quoted field may
 * hold separators, line breaks and doubled quotes; lines end in \n or \r\n; wholly blank lines are
 * skipped. @throws FORMAT for a quote out of place or left open, LIMIT for an overlong record
 */
export async function* recordBatches(
  cursor: ByteCursor,
  delimiter: number,
  limits: DataLimits,
): AsyncGenerator<string[][]> {
  const utf8 = new TextDecoder("utf-8");
  const mark = await cursor.peek(3);
  if (mark[0] === 0xef && mark[1] === 0xbb && mark[2] === 0xbf) await cursor.takeUpTo(3);

  let held: Uint8Array = new Uint8Array(0);
  let records = 0;
  const scan: Scan = { at: 0, state: FIELD_START };
  for (let ended = false; !ended; ) {
    const chunk = await cursor.takeUpTo(PIECE);
    ended = chunk.length < PIECE;
    held = join(held, chunk);
    const batch: string[][] = [];
    let at = 0;
    while (at < held.length) {
      const end = recordEnd(held, scan, delimiter, ended);
      checkLimit(
        `${cursor.name}: bytes of record ${records + 1}`,
        (end < 0 ? held.length : end) - at,
        limits.maxLineBytes,
      );
      if (end < 0) break;
      const stop = end > at && held[end - 1] === CR ? end - 1 : end;
      if (stop > at) {
        batch.push(splitRecord(held, at, stop, delimiter, utf8, `${cursor.name}: record ${records + 1}`));
        records++;
      }
      at = end + 1;
    }
    held = held.subarray(Math.min(at, held.length));
    scan.at -= at;
    if (batch.length > 0) yield batch;
  }
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

/** How far the search for a record's end has come; kept, so that no byte is looked at twice. */
interface Scan {
  at: number;
  state: number;
}

/** Where the record ends (at a line break outside quotes, or at the end), or -1 when more bytes are needed. */
function recordEnd(bytes: Uint8Array, scan: Scan, delimiter: number, ended: boolean): number {
  let { at, state } = scan;
  for (; at < bytes.length; at++) {
    const c = bytes[at]!;
    if (state === QUOTED) {
      if (c === QUOTE) state = QUOTE_SEEN;
    } else if (c === LF) {
      scan.at = at + 1;
      scan.state = FIELD_START;
      return at;
    } else if (c === QUOTE && (state === FIELD_START || state === QUOTE_SEEN)) {
      state = QUOTED;
    } else {
      state = c === delimiter ? FIELD_START : PLAIN;
    }
  }
  scan.at = at;
  scan.state = state;
  if (!ended) return -1;
  scan.at = at + 1;
  return bytes.length;
}

function splitRecord(
  bytes: Uint8Array,
  start: number,
  end: number,
  delimiter: number,
  utf8: TextDecoder,
  what: string,
): string[] {
  const fields: string[] = [];
  for (let at = start; ; ) {
    if (bytes[at] === QUOTE && at < end) {
      let close = at + 1;
      let doubled = false;
      for (;;) {
        close = bytes.indexOf(QUOTE, close);
        if (close < 0 || close >= end) throw badFormat(what, "each opened quote is closed");
        if (close + 1 >= end || bytes[close + 1] !== QUOTE) break;
        doubled = true;
        close += 2;
      }
      const text = utf8.decode(bytes.subarray(at + 1, close));
      fields.push(doubled ? text.replaceAll('""', '"') : text);
      at = close + 1;
      if (at < end && bytes[at] !== delimiter) {
        throw badFormat(what, "a separator after a quoted field", String.fromCharCode(bytes[at]!));
      }
    } else {
      let stop = bytes.indexOf(delimiter, at);
      if (stop < 0 || stop > end) stop = end;
      fields.push(utf8.decode(bytes.subarray(at, stop)));
      at = stop;
    }
    if (at >= end) return fields;
    at++;
    if (at === end) {
      fields.push("");
      return fields;
    }
  }
}
