import { VicinalError } from "../core/errors.ts";
import type { Job } from "../core/progress.ts";
import { canonicalJson } from "./canonical.ts";
import { createHasher, type Hasher } from "./hasher.ts";
import {
  ELEMENT_BYTES,
  isName,
  requireLittleEndian,
  type Section,
  type Snapshot,
  sectionBytes,
} from "./snapshot.ts";

/** First bytes of every file: no text (0x8A), and line ends as PNG has them, which a text-mode copy changes. */
export const MAGIC: Uint8Array = Uint8Array.of(0x8a, 0x56, 0x49, 0x43, 0x0d, 0x0a, 0x1a, 0x0a);
export const FORMAT_VERSION = 1;
/** Magic, version, header length, file length, checksum. */
export const PREFIX_BYTES = 32;
export const CHECKSUM_AT = 24;
export const ALIGNMENT = 64;
export const MAX_HEADER_BYTES: number = 16 * 1024 * 1024;
export const MAX_SECTIONS = 1000;
/** Bytes handled between two reports of progress. */
export const PIECE_BYTES: number = 4 * 1024 * 1024;

/** The next multiple of 64. */
export function align(position: number): number {
  return Math.ceil(position / ALIGNMENT) * ALIGNMENT;
}

/** A file about to be written: everything before the sections, and the sections that follow. */
export interface Layout {
  readonly head: Uint8Array;
  readonly sections: readonly { readonly section: Section; readonly byteLength: number }[];
  readonly fileBytes: number;
}

/** XXH64 over the head, leaving out the checksum's own eight bytes. */
export function headChecksum(head: Uint8Array, hasher: Hasher): string {
  hasher.update(head.subarray(0, CHECKSUM_AT));
  hasher.update(head.subarray(PREFIX_BYTES));
  return hasher.digest();
}

function refuse(what: string, got: string, rule: string): never {
  throw new VicinalError("BAD_INPUT", { what, got, rule });
}

function checkSnapshot({ kind, sections }: Snapshot): void {
  const nameRule = "1 to 63 letters, digits, dots, dashes or underscores, a letter or digit first";
  if (!isName(kind)) refuse("The kind of a snapshot", JSON.stringify(kind) ?? "missing", nameRule);
  if (sections.length > MAX_SECTIONS) {
    refuse("The number of sections", String(sections.length), `at most ${MAX_SECTIONS}`);
  }
  const seen = new Set<string>();
  for (const section of sections) {
    const { name, dtype } = section;
    if (!isName(name)) refuse("A section's name", JSON.stringify(name) ?? "missing", nameRule);
    if (seen.has(name)) refuse(`Section "${name}"`, "given twice", "given once");
    seen.add(name);
    if (!Object.hasOwn(ELEMENT_BYTES, dtype)) {
      refuse(
        `The type of section "${name}"`,
        String(dtype),
        `one of ${Object.keys(ELEMENT_BYTES).join(", ")}`,
      );
    }
    const bytes = sectionBytes(section).length;
    if (bytes % ELEMENT_BYTES[dtype] !== 0) {
      refuse(`Section "${name}"`, `${bytes} bytes`, `a whole number of ${dtype} elements`);
    }
  }
}

/** Hashes the sections and lays the file out. The same snapshot always gives the same bytes. */
export function* layoutJob(snapshot: Snapshot): Job<Layout> {
  requireLittleEndian();
  checkSnapshot(snapshot);
  const sizes = snapshot.sections.map((section) => sectionBytes(section).length);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const hasher = createHasher();
  try {
    let done = 0;
    let offset = 0;
    const table = [];
    for (const [i, section] of snapshot.sections.entries()) {
      const byteLength = sizes[i]!;
      for (let at = 0; at < byteLength; at += PIECE_BYTES) {
        const piece = currentBytes(section, byteLength).subarray(at, at + PIECE_BYTES);
        hasher.update(piece);
        done += piece.length;
        yield { phase: "checksum", done, total };
      }
      const { name, dtype } = section;
      table.push({ name, dtype, offset, byteLength, checksum: hasher.digest() });
      offset += align(byteLength);
    }
    const head = encodeHead(snapshot, table, offset, hasher);
    const sections = snapshot.sections.map((section, i) => ({ section, byteLength: sizes[i]! }));
    return { head, sections, fileBytes: head.length + offset };
  } finally {
    hasher.dispose();
  }
}

function encodeHead(
  snapshot: Snapshot,
  table: readonly object[],
  dataBytes: number,
  hasher: Hasher,
): Uint8Array {
  let text: string;
  try {
    text = canonicalJson({ kind: snapshot.kind, facts: snapshot.facts, sections: table });
  } catch (error) {
    throw new VicinalError(
      "BAD_INPUT",
      {
        what: "The facts of a snapshot",
        got: (error as Error).message,
        rule: "plain JSON with finite numbers",
      },
      { cause: error },
    );
  }
  const json = new TextEncoder().encode(text);
  if (json.length > MAX_HEADER_BYTES) {
    throw new VicinalError("LIMIT", {
      what: "The header's size in bytes",
      got: json.length,
      limit: MAX_HEADER_BYTES,
    });
  }
  const head = new Uint8Array(align(PREFIX_BYTES + json.length));
  const view = new DataView(head.buffer);
  head.set(MAGIC);
  view.setUint32(8, FORMAT_VERSION, true);
  view.setUint32(12, json.length, true);
  view.setBigUint64(16, BigInt(head.length + dataBytes), true);
  head.set(json, PREFIX_BYTES);
  view.setBigUint64(CHECKSUM_AT, BigInt(`0x${headChecksum(head, hasher)}`), true);
  return head;
}

function currentBytes(section: Section, byteLength: number): Uint8Array {
  const bytes = sectionBytes(section);
  if (bytes.length !== byteLength) {
    throw new VicinalError("BUSY", { what: `Section "${section.name}" changed its size` });
  }
  return bytes;
}

/** The file's bytes in order, as views that hold until the next is asked for. */
export function* layoutPieces({ head, sections }: Layout): Generator<Uint8Array, void> {
  yield head;
  const zeros = new Uint8Array(ALIGNMENT);
  for (const { section, byteLength } of sections) {
    for (let at = 0; at < byteLength; at += PIECE_BYTES) {
      yield currentBytes(section, byteLength).subarray(at, at + PIECE_BYTES);
    }
    const padding = align(byteLength) - byteLength;
    if (padding > 0) yield zeros.subarray(0, padding);
  }
}
