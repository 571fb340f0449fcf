import { VicinalError } from "../core/errors.ts";
import { type RunOptions, turn } from "../core/progress.ts";
import type { FileStore } from "../platform/files.node.ts";
import { createHasher, type Hasher } from "./hasher.ts";
import { type Prefix, readHead, readPrefix } from "./header.ts";
import { align, PIECE_BYTES, PREFIX_BYTES } from "./layout.ts";
import { type Facts, requireLittleEndian, type SectionInfo, type SnapshotHeader } from "./snapshot.ts";
import { DEFAULT_MAX_BYTES, openSource, type SnapshotInput, type Source } from "./source.ts";

export interface ReadOptions extends RunOptions {
  /** Refuse files larger than this many bytes; default 8 GiB. */
  maxBytes?: number;
  /** @internal */
  files?: FileStore;
}

/** Memory to read into: a view, or a function that makes it afresh for memory that may grow meanwhile. */
export type Target = Uint8Array | (() => Uint8Array);

const FRAME_MS = 12;

/**
 * A file being read from front to end. The header is known and checked: every length in it fits the file, so
 * the caller may allocate what it says, then reads sections in the order of the table, and finishes.
 * After an error nothing read is to be trusted; close in every case.
 */
export class SnapshotReader {
  readonly header: SnapshotHeader;
  #source: Source;
  #hasher: Hasher;
  #options: ReadOptions;
  #next = 0;
  #done: number;
  #lastTurn: number = performance.now();
  #closed = false;

  /** @internal */
  constructor(header: SnapshotHeader, source: Source, hasher: Hasher, done: number, options: ReadOptions) {
    this.header = header;
    this.#source = source;
    this.#hasher = hasher;
    this.#done = done;
    this.#options = options;
  }

  /** How the file is called in messages. */
  get label(): string {
    return this.#source.label;
  }

  /** The table's line of that section, or undefined. */
  find(name: string): SectionInfo | undefined {
    return this.header.sections.find((section) => section.name === name);
  }

  /**
   * Reads one section into memory of exactly its size, checking it as it comes. Sections before it that were
   * not asked for are checked on the way. Throws CORRUPT, FORMAT, FILE, BAD_INPUT, or the abort's reason.
   */
  async read(name: string, into: Target): Promise<void> {
    this.#checkOpen();
    const index = this.header.sections.findIndex((section) => section.name === name);
    if (index < this.#next) {
      throw new VicinalError("BAD_INPUT", {
        what: `Section "${name}" of ${this.label}`,
        got: index < 0 ? "not in the file" : "already passed",
        rule: "one of those still ahead; sections are read in file order",
      });
    }
    while (this.#next < index) await this.#section(this.header.sections[this.#next]!, undefined);
    await this.#section(this.header.sections[index]!, into);
  }

  /** Checks the sections not yet read, and that nothing follows them; then closes. */
  async finish(): Promise<void> {
    this.#checkOpen();
    while (this.#next < this.header.sections.length) {
      await this.#section(this.header.sections[this.#next]!, undefined);
    }
    if ((await this.#source.read(new Uint8Array(1))) !== 0) {
      throw new VicinalError("FORMAT", {
        what: this.label,
        rule: `nothing follows the ${this.header.fileBytes} bytes its header speaks of`,
      });
    }
    await this.close();
  }

  /** Lets go of the source; may be called more than once. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#hasher.dispose();
    await this.#source.close();
  }

  #checkOpen(): void {
    if (this.#closed) throw new VicinalError("CLOSED", { what: "The reader" });
  }

  async #section(info: SectionInfo, into: Target | undefined): Promise<void> {
    const { name, byteLength, checksum } = info;
    const scratch = into === undefined ? new Uint8Array(Math.min(byteLength, PIECE_BYTES)) : undefined;
    this.#next++;
    for (let at = 0; at < byteLength; at += PIECE_BYTES) {
      const length = Math.min(PIECE_BYTES, byteLength - at);
      const piece = scratch?.subarray(0, length) ?? targetPiece(into!, info, at, length);
      await this.#fill(piece);
      this.#hasher.update(scratch === undefined ? targetPiece(into!, info, at, length) : piece);
    }
    if (this.#hasher.digest() !== checksum) {
      throw new VicinalError("CORRUPT", { what: this.label, section: name });
    }
    const padding = new Uint8Array(align(byteLength) - byteLength);
    await this.#fill(padding);
    if (padding.some((byte) => byte !== 0)) {
      throw new VicinalError("FORMAT", { what: this.label, rule: `section "${name}" is padded with zeros` });
    }
  }

  /** Fills the piece from the source, reports, and lets events run when a while has passed. */
  async #fill(piece: Uint8Array): Promise<void> {
    const { signal, onProgress } = this.#options;
    signal?.throwIfAborted();
    if (piece.length === 0) return;
    const got = await this.#source.read(piece);
    this.#done += got;
    if (got < piece.length) throw cutShort(this.label, this.header.fileBytes, this.#done);
    onProgress?.({ phase: "read", done: this.#done, total: this.header.fileBytes });
    if (performance.now() - this.#lastTurn < FRAME_MS) return;
    await turn();
    this.#lastTurn = performance.now();
  }
}

function targetPiece(into: Target, info: SectionInfo, at: number, length: number): Uint8Array {
  const target = typeof into === "function" ? into() : into;
  if (target.length !== info.byteLength) {
    throw new VicinalError("BAD_INPUT", {
      what: `The memory for section "${info.name}"`,
      got: `${target.length} bytes`,
      rule: `${info.byteLength} bytes, as the section table says`,
    });
  }
  return target.subarray(at, at + length);
}

function cutShort(what: string, want: number, got: number): VicinalError<"FORMAT"> {
  return new VicinalError("FORMAT", { what, rule: `it is ${want} bytes long`, got: `the end after ${got}` });
}

/**
 * Opens a file and reads its header. Nothing the file says is believed before it is checked, and nothing is
 * allocated beyond the header (16 MiB at most).
 *
 * @throws VicinalError FORMAT_UNKNOWN, FORMAT_VERSION, FORMAT, CORRUPT, LIMIT, FILE, DOWNLOAD, UNSUPPORTED
 */
export async function openSnapshot(input: SnapshotInput, options: ReadOptions = {}): Promise<SnapshotReader> {
  requireLittleEndian();
  const source = await openSource(input, options);
  let hasher: Hasher | undefined;
  try {
    const start = new Uint8Array(PREFIX_BYTES);
    const got = await source.read(start);
    const prefix: Prefix = readPrefix(start.subarray(0, got), source.label, source.size);
    const limit = options.maxBytes ?? DEFAULT_MAX_BYTES;
    if (prefix.fileBytes > limit) {
      const what = `The size of ${source.label} in bytes`;
      throw new VicinalError("LIMIT", { what, got: prefix.fileBytes, limit });
    }
    const head = new Uint8Array(align(PREFIX_BYTES + prefix.jsonBytes));
    head.set(start);
    const rest = await source.read(head.subarray(PREFIX_BYTES));
    const done = PREFIX_BYTES + rest;
    if (done < head.length) throw cutShort(source.label, prefix.fileBytes, done);
    options.signal?.throwIfAborted();
    hasher = createHasher();
    const header = readHead(head, prefix, source.label, hasher);
    return new SnapshotReader(header, source, hasher, done, options);
  } catch (error) {
    hasher?.dispose();
    await source.close().catch(() => {});
    throw error;
  }
}

/** A whole file in memory of its own. */
export interface LoadedSnapshot {
  readonly kind: string;
  readonly facts: Facts;
  /** Section bytes by name, each starting at its own buffer's front, so that any typed array fits over it. */
  readonly sections: ReadonlyMap<string, Uint8Array>;
}

/** Reads and checks a whole file. Throws as {@link openSnapshot} and {@link SnapshotReader.read} do. */
export async function loadSnapshot(input: SnapshotInput, options: ReadOptions = {}): Promise<LoadedSnapshot> {
  const reader = await openSnapshot(input, options);
  try {
    const sections = new Map<string, Uint8Array>();
    for (const { name, byteLength } of reader.header.sections) {
      const bytes = new Uint8Array(byteLength);
      await reader.read(name, bytes);
      sections.set(name, bytes);
    }
    await reader.finish();
    return { kind: reader.header.kind, facts: reader.header.facts, sections };
  } finally {
    await reader.close();
  }
}
