import { joinBytes } from "../../core/bytes.ts";
import { crc32 } from "../../core/crc32.ts";
import { VicinalError } from "../../core/index.ts";
import { badFormat, checkLimit, type DataLimits, FREE_BYTES } from "../limits.ts";
import { type ByteSource, guardedInflate } from "../source.ts";

/** A member of a zip archive, as its central directory describes it. */
export interface ZipEntry {
  readonly name: string;
  readonly size: number;
  readonly packedSize: number;
  readonly method: number;
  readonly flags: number;
  readonly crc: number;
  readonly offset: number;
}

const MAX_ENTRIES = 65_536;
const MAX_DIRECTORY = 64 * 1024 * 1024;

/** All members of an archive, zip64 included. @throws FORMAT, LIMIT */
export async function readZipDirectory(source: ByteSource): Promise<ZipEntry[]> {
  const size = source.size ?? (await sizeOf(source));
  const { entries, offset, bytes } = await findDirectory(source, size);
  checkLimit(`${source.name}: archive members`, entries, MAX_ENTRIES);
  checkLimit(`${source.name}: bytes of the archive directory`, bytes, MAX_DIRECTORY);
  if (offset + bytes > size || bytes < entries * 46) {
    throw badFormat(source.name, "the archive directory lies within the file", `${bytes} bytes at ${offset}`);
  }
  const directory = await source.read(offset, bytes);
  const view = new DataView(directory.buffer, directory.byteOffset, directory.length);
  const out: ZipEntry[] = [];
  let at = 0;
  for (let i = 0; i < entries; i++) {
    if (at + 46 > view.byteLength || view.getUint32(at, true) !== 0x02014b50) {
      throw badFormat(source.name, `member ${i} of the archive directory begins with PK\\x01\\x02`);
    }
    const nameBytes = view.getUint16(at + 28, true);
    const extraBytes = view.getUint16(at + 30, true);
    const end = at + 46 + nameBytes + extraBytes + view.getUint16(at + 32, true);
    if (end > view.byteLength) throw badFormat(source.name, `member ${i} lies within the archive directory`);
    const entry = {
      name: new TextDecoder().decode(directory.subarray(at + 46, at + 46 + nameBytes)),
      flags: view.getUint16(at + 8, true),
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packedSize: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
    };
    applyZip64(entry, view, at + 46 + nameBytes, extraBytes, source.name);
    if (entry.offset + 30 + entry.packedSize > size) {
      throw badFormat(
        source.name,
        `member ${entry.name} lies within the file`,
        `${entry.packedSize} bytes at ${entry.offset}`,
      );
    }
    out.push(entry);
    at = end;
  }
  return out;
}

async function sizeOf(source: ByteSource): Promise<number> {
  // A stream: read() holds it whole, and a read past the end is short.
  let size = 0;
  for (let step = 1 << 20; ; ) {
    const got = (await source.read(size, step)).length;
    size += got;
    if (got < step) return size;
  }
}

async function findDirectory(
  source: ByteSource,
  size: number,
): Promise<{ entries: number; offset: number; bytes: number }> {
  const tailAt = Math.max(0, size - 65_557);
  const tail = await source.read(tailAt, size - tailAt);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.length);
  for (let at = tail.length - 22; at >= 0; at--) {
    if (view.getUint32(at, true) !== 0x06054b50) continue;
    const found = {
      entries: view.getUint16(at + 10, true),
      bytes: view.getUint32(at + 12, true),
      offset: view.getUint32(at + 16, true),
    };
    const wide = found.entries === 0xffff || found.bytes === 0xffffffff || found.offset === 0xffffffff;
    if (!wide || at < 20 || view.getUint32(at - 20, true) !== 0x07064b50) return found;
    const wideAt = toSafe(view.getBigUint64(at - 12, true), source.name);
    const record = await source.read(wideAt, 56);
    if (record.length < 56) throw badFormat(source.name, "a zip64 directory record within the file", wideAt);
    const wideView = new DataView(record.buffer, record.byteOffset, 56);
    if (wideView.getUint32(0, true) !== 0x06064b50) {
      throw badFormat(source.name, "the zip64 directory record begins with PK\\x06\\x06");
    }
    return {
      entries: toSafe(wideView.getBigUint64(32, true), source.name),
      bytes: toSafe(wideView.getBigUint64(40, true), source.name),
      offset: toSafe(wideView.getBigUint64(48, true), source.name),
    };
  }
  throw badFormat(source.name, "a zip archive ends with its directory (PK\\x05\\x06)");
}

function toSafe(value: bigint, name: string): number {
  const plain = Number(value);
  if (!Number.isSafeInteger(plain)) throw badFormat(name, "sizes within 2^53", value);
  return plain;
}

function applyZip64(
  entry: { size: number; packedSize: number; offset: number },
  view: DataView,
  start: number,
  bytes: number,
  name: string,
): void {
  const end = start + bytes;
  for (let at = start; at + 4 <= end; ) {
    const kind = view.getUint16(at, true);
    const stop = at + 4 + view.getUint16(at + 2, true);
    if (stop > end) throw badFormat(name, "extra fields of a member lie within the archive directory");
    if (kind === 1) {
      let field = at + 4;
      for (const key of ["size", "packedSize", "offset"] as const) {
        if (entry[key] !== 0xffffffff) continue;
        if (field + 8 > stop) throw badFormat(name, `zip64 field ${key} of a member`);
        entry[key] = toSafe(view.getBigUint64(field, true), name);
        field += 8;
      }
    }
    at = stop;
  }
}

/** One member as a source of its unpacked bytes; size and CRC-32 are verified at its end. */
export function zipEntrySource(archive: ByteSource, entry: ZipEntry, limits: DataLimits): ByteSource {
  const name = `${archive.name}#${entry.name}`;
  if (entry.flags & 1) {
    throw new VicinalError("UNSUPPORTED", { what: `${name}: an encrypted member`, rule: "unpack it first" });
  }
  if (entry.method !== 0 && entry.method !== 8) {
    throw new VicinalError("UNSUPPORTED", {
      what: `${name}: zip method ${entry.method}`,
      rule: "members are stored or deflated; save it again with numpy.savez_compressed",
    });
  }
  if (entry.size > FREE_BYTES && entry.size > entry.packedSize * limits.maxRatio) {
    const got = Math.ceil(entry.size / Math.max(1, entry.packedSize));
    throw new VicinalError("LIMIT", {
      what: `${name}: the ratio of unpacked to packed bytes`,
      got,
      limit: limits.maxRatio,
    });
  }
  if (entry.method === 0 && entry.size !== entry.packedSize) {
    throw badFormat(name, `a stored member of ${entry.packedSize} bytes`, entry.size);
  }
  const source: ByteSource = {
    name,
    size: entry.size,
    async *chunks() {
      let crc = 0;
      let size = 0;
      for await (const chunk of memberBytes(archive, entry, name, limits)) {
        crc = crc32(chunk, crc);
        size += chunk.length;
        if (size > entry.size) break;
        yield chunk;
      }
      if (size !== entry.size) throw badFormat(name, `${entry.size} bytes when unpacked`, size);
      if (crc !== entry.crc) throw new VicinalError("CORRUPT", { what: archive.name, section: entry.name });
    },
    async read(offset, length) {
      const parts: Uint8Array[] = [];
      let at = 0;
      for await (const chunk of source.chunks()) {
        const from = Math.max(0, offset - at);
        const to = Math.min(chunk.length, offset + length - at);
        if (from < to) parts.push(chunk.subarray(from, to));
        at += chunk.length;
      }
      return joinBytes(parts);
    },
    close: () => archive.close(),
  };
  return source;
}

async function* memberBytes(
  archive: ByteSource,
  entry: ZipEntry,
  name: string,
  limits: DataLimits,
): AsyncGenerator<Uint8Array> {
  const head = await archive.read(entry.offset, 30);
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  if (head.length < 30 || view.getUint32(0, true) !== 0x04034b50) {
    throw badFormat(name, "the member begins with PK\\x03\\x04");
  }
  const start = entry.offset + 30 + view.getUint16(26, true) + view.getUint16(28, true);
  async function* packed(): AsyncGenerator<Uint8Array> {
    const step = 1 << 20;
    for (let done = 0; done < entry.packedSize; ) {
      const part = await archive.read(start + done, Math.min(step, entry.packedSize - done));
      if (part.length === 0) throw badFormat(name, `${entry.packedSize} packed bytes`, done);
      done += part.length;
      yield part;
    }
  }
  if (entry.method === 0) yield* packed();
  else yield* guardedInflate("deflate-raw", { name }, packed(), limits);
}
