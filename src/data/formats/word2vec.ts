import type { ByteCursor } from "../cursor.ts";
import { decodeElements } from "../elements.ts";
import { badFormat } from "../limits.ts";
import {
  checkShape,
  type FormatContext,
  type OpenedFormat,
  rowsPerBlock,
  type VectorBlock,
} from "../table.ts";
import { MAX_WORD } from "./words.ts";

const HEADER = /^(\d{1,15}) (\d{1,15})\s*\n/;

/** True when the bytes begin with word2vec's line `count dimension`. */
export function looksLikeWord2vec(head: Uint8Array): boolean {
  return HEADER.test(String.fromCharCode(...head.subarray(0, 40)));
}

/**
 * word2vec's binary form: a line `count dimension`, then for each word its bytes, a space, and d
 * little-endian float32, with or without a newline after them. Invalid UTF-8 becomes U+FFFD; of equal
 * words the first counts.
 */
export async function openWord2vec(cursor: ByteCursor, context: FormatContext): Promise<OpenedFormat> {
  const head = await cursor.peek(40);
  const match = HEADER.exec(String.fromCharCode(...head));
  if (match === null) throw badFormat(cursor.name, "a first line of word count and dimension");
  const rows = Number(match[1]);
  const dim = Number(match[2]);
  checkShape(cursor.name, rows, dim, context.limits);
  await cursor.take(match[0].length, "first line");
  if (rows * (4 * dim + 1) > cursor.mostRemaining) {
    throw badFormat(
      cursor.name,
      `${rows} words of ${dim} numbers, as its first line says`,
      `at most ${cursor.mostRemaining} bytes`,
    );
  }
  const opened: OpenedFormat = {
    format: "word2vec",
    dtype: "f32",
    dim,
    rows,
    duplicates: 0,
    blocks: () => blocks(opened, cursor, context, rows),
  };
  return opened;
}

async function* blocks(
  opened: OpenedFormat,
  cursor: ByteCursor,
  context: FormatContext,
  words: number,
): AsyncGenerator<VectorBlock> {
  const { dim } = opened;
  const rowBytes = 4 * dim;
  const step = rowsPerBlock(context, rowBytes);
  const utf8 = new TextDecoder("utf-8");
  const seen = new Set<string>();
  let packed = new Uint8Array(step * rowBytes);
  let keys: string[] = [];
  let start = 0;
  let held: Uint8Array = new Uint8Array(0);
  let at = 0;
  for (let word = 0; word < words; ) {
    // The longest row there can be, so that one refill is always enough.
    const wanted = MAX_WORD + 2 + rowBytes;
    if (held.length - at < wanted) {
      const more = await cursor.takeUpTo(Math.max(wanted, 1 << 20));
      const joined = new Uint8Array(held.length - at + more.length);
      joined.set(held.subarray(at));
      joined.set(more, held.length - at);
      held = joined;
      at = 0;
    }
    if (held[at] === 10) at++;
    const space = held.indexOf(32, at);
    if (space < 0 || space - at > MAX_WORD) {
      throw badFormat(cursor.name, `word ${word} ends in a space within ${MAX_WORD} bytes`);
    }
    if (held.length - space - 1 < rowBytes) {
      throw badFormat(
        cursor.name,
        `${words} words of ${dim} numbers, as its first line says`,
        `the end within word ${word}`,
      );
    }
    const key = utf8.decode(held.subarray(at, space));
    at = space + 1 + rowBytes;
    word++;
    if (seen.has(key)) {
      opened.duplicates!++;
    } else {
      seen.add(key);
      packed.set(held.subarray(space + 1, at), keys.length * rowBytes);
      keys.push(key);
    }
    if (keys.length === step || (word === words && keys.length > 0)) {
      const rows = keys.length;
      const data = decodeElements(packed.subarray(0, rows * rowBytes), "f4", false, cursor.name);
      yield { data, rows, cols: dim, stride: dim, start, keys };
      start += rows;
      keys = [];
      packed = new Uint8Array(step * rowBytes);
    }
  }
  if (held[at] === 10) at++;
  if (at < held.length) throw badFormat(cursor.name, `it ends after word ${words}`, "more bytes");
  await cursor.expectEnd();
}
