import { createHash } from "node:crypto";
import { closeSync, fsyncSync, openSync, readSync } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, relative, sep } from "node:path";
import { pipeline, Readable } from "node:stream";
import * as zlib from "node:zlib";

/** A file open for reading at any position. */
export interface DataFile {
  readonly size: number;
  /** Fills `into` from `position`; answers how many bytes there were. */
  read(into: Uint8Array, position: number): Promise<number>;
  readSync(into: Uint8Array, position: number): number;
  close(): Promise<void>;
}

export const hasFiles = true;

export async function openDataFile(path: string): Promise<DataFile> {
  const handle = await open(path, "r");
  try {
    const info = await handle.stat();
    if (!info.isFile()) throw new Error("it is not a regular file");
    const fd = handle.fd;
    return {
      size: info.size,
      async read(into, position) {
        let done = 0;
        while (done < into.length) {
          const { bytesRead } = await handle.read(into, done, into.length - done, position + done);
          if (bytesRead === 0) break;
          done += bytesRead;
        }
        return done;
      },
      readSync(into, position) {
        let done = 0;
        while (done < into.length) {
          const got = readSync(fd, into, done, into.length - done, position + done);
          if (got === 0) break;
          done += got;
        }
        return done;
      },
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Size of a regular file, or undefined when there is none at that path. */
export async function fileSize(path: string): Promise<number | undefined> {
  try {
    const info = await stat(path);
    return info.isFile() ? info.size : undefined;
  } catch {
    return undefined;
  }
}

/** The optional picture decoder, which is native: kept out of what is bundled for browsers. */
export async function importSharp(): Promise<typeof import("sharp").default> {
  return (await import("sharp")).default;
}

/** Names of the regular files in a folder and those below it, relative to it, with forward slashes. */
export async function filesBelow(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)).split(sep).join("/"));
}

/** Unpacked bytes of a gzip (all members) or raw deflate stream; the source's own errors pass through. */
export async function* inflateChunks(
  kind: "gzip" | "deflate-raw",
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const unpacker =
    kind === "gzip"
      ? zlib.createGunzip({ chunkSize: 1 << 18 })
      : zlib.createInflateRaw({ chunkSize: 1 << 18 });
  const input = Readable.from(chunks, { objectMode: false, highWaterMark: 1 << 20 });
  // The callback only keeps a failure from being reported as unhandled; iteration below rethrows it.
  pipeline(input, unpacker, () => {});
  try {
    for await (const chunk of unpacker as AsyncIterable<Buffer>) {
      yield new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    }
  } finally {
    input.destroy();
    unpacker.destroy();
  }
}

/** Writes the chunks to a temporary name beside `path`, syncs, and renames it into place. */
export async function replaceDataFile(
  path: string,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const temporary = `${path}.${process.pid}-${createHash("sha256").update(path).digest("hex").slice(0, 8)}.tmp`;
  try {
    const handle = await open(temporary, "w");
    try {
      for await (const chunk of chunks) {
        let done = 0;
        while (done < chunk.length) done += (await handle.write(chunk, done)).bytesWritten;
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
    syncDirectory(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function syncDirectory(path: string): void {
  try {
    const fd = openSync(path, "r");
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch {
    // Windows and some network file systems cannot sync a directory; the rename itself stands.
  }
}

/** A file that grows at its end, as a download does. */
export interface AppendFile {
  readonly size: number;
  write(chunk: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

export async function openAppendFile(path: string, fresh: boolean): Promise<AppendFile> {
  await mkdir(dirname(path), { recursive: true });
  const handle = await open(path, fresh ? "w" : "a");
  const { size } = await handle.stat();
  return {
    size,
    async write(chunk) {
      let done = 0;
      while (done < chunk.length) done += (await handle.write(chunk, done)).bytesWritten;
    },
    async close() {
      await handle.sync();
      await handle.close();
    },
  };
}

export async function renameDataFile(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await rename(from, to);
}

export async function removeDataFile(path: string): Promise<void> {
  await rm(path, { force: true });
}

/** Incremental SHA-256. */
export function sha256(): { update(bytes: Uint8Array): void; hex(): string } {
  const hash = createHash("sha256");
  return {
    update: (bytes) => void hash.update(bytes),
    hex: () => hash.digest("hex"),
  };
}

/** Where data sets are looked for when no folder is named, in order. */
export function dataFolders(): { given: string | undefined; local: string; cache: string } {
  const env = process.env;
  const home = homedir();
  const cache =
    process.platform === "win32"
      ? (env["LOCALAPPDATA"] ?? join(home, "AppData", "Local"))
      : process.platform === "darwin"
        ? join(home, "Library", "Caches")
        : (env["XDG_CACHE_HOME"] ?? join(home, ".cache"));
  return { given: env["VICINAL_DATA"] || undefined, local: "data", cache: join(cache, "vicinal", "data") };
}

export function joinPath(...parts: string[]): string {
  return join(...parts);
}

/** Synchronous unpackers this runtime has, by Parquet's name; `limit` caps the output. */
export function blockCodecs(): Record<string, (input: Uint8Array, limit: number) => Uint8Array> {
  const plain = (bytes: Buffer): Uint8Array =>
    new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const codecs: Record<string, (input: Uint8Array, limit: number) => Uint8Array> = {
    GZIP: (input, limit) => plain(zlib.gunzipSync(input, { maxOutputLength: Math.max(1, limit) })),
    BROTLI: (input, limit) =>
      plain(zlib.brotliDecompressSync(input, { maxOutputLength: Math.max(1, limit) })),
  };
  const zstd = (
    zlib as unknown as { zstdDecompressSync?: (b: Uint8Array, o: { maxOutputLength: number }) => Buffer }
  ).zstdDecompressSync;
  if (zstd !== undefined) {
    codecs["ZSTD"] = (input, limit) => plain(zstd(input, { maxOutputLength: Math.max(1, limit) }));
  }
  return codecs;
}
