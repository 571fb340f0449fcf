import { fileSize, inflateChunks, openDataFile } from "#platform";
import { joinBytes } from "../core/bytes.ts";
import { isVicinalError, VicinalError } from "../core/index.ts";
import { badFormat, checkLimit, DATA_LIMITS, type DataLimits, FREE_BYTES, resolveLimits } from "./limits.ts";

/** Bytes to read from, in order or at any position. */
export interface ByteSource {
  /** For messages and, by its ending, for formats without a magic number. */
  readonly name: string;
  /** Bytes in all, when known. */
  readonly size?: number;
  /** The most bytes this can turn out to hold, when the exact size is not known. */
  readonly maxSize?: number;
  /** All bytes from the beginning; may be called again unless the source is a one-way stream. */
  chunks(): AsyncIterable<Uint8Array>;
  /** Bytes [offset, offset + length), fewer at the end. A stream is first read whole. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Synchronous form of read, where the bytes are at hand. */
  readSync?(into: Uint8Array, offset: number): number;
  close(): Promise<void>;
}

/** Whatever {@link toByteSource} understands: a path, bytes, a Blob, a Response, a stream. */
export type SourceInput =
  | string
  | Uint8Array
  | ArrayBuffer
  | Blob
  | Response
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>
  | ByteSource;

const CHUNK = 1 << 20;

/** A source over bytes at hand (a view; do not change them meanwhile). */
export function bytesSource(bytes: Uint8Array | ArrayBuffer, name = "bytes"): ByteSource {
  // A Node Buffer overrides slice() and often sits in a shared pool: keep a plain view of its part.
  const view =
    bytes instanceof ArrayBuffer
      ? new Uint8Array(bytes)
      : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    name,
    size: view.length,
    async *chunks() {
      for (let at = 0; at < view.length; at += CHUNK) yield view.subarray(at, at + CHUNK);
    },
    async read(offset, length) {
      return view.subarray(offset, offset + length);
    },
    readSync(into, offset) {
      const part = view.subarray(offset, offset + into.length);
      into.set(part);
      return part.length;
    },
    async close() {},
  };
}

/** A source over a file of this machine. @throws FILE */
export async function fileSource(path: string): Promise<ByteSource> {
  const file = await openDataFile(path).catch((error: unknown) => {
    throw new VicinalError("FILE", { path, why: whyNot(error) }, { cause: error });
  });
  const source: ByteSource = {
    name: path,
    size: file.size,
    async *chunks() {
      for (let at = 0; at < file.size; at += CHUNK) {
        const part = await source.read(at, CHUNK);
        if (part.length === 0) throw badFormat(path, `${file.size} bytes, as when it was opened`, at);
        yield part;
      }
    },
    async read(offset, length) {
      const part = new Uint8Array(Math.max(0, Math.min(length, file.size - offset)));
      const got = await file.read(part, offset);
      return got === part.length ? part : part.subarray(0, got);
    },
    readSync: (into, offset) => file.readSync(into, offset),
    close: () => file.close(),
  };
  return source;
}

function whyNot(error: unknown): string {
  const code = (error as { code?: string } | undefined)?.code;
  if (code === "ENOENT") return "there is no such file";
  if (code === "EACCES") return "it may not be read";
  if (code === "EISDIR") return "it is a folder";
  return error instanceof Error ? error.message : String(error);
}

function blobSource(blob: Blob, name: string): ByteSource {
  return {
    name,
    size: blob.size,
    chunks: () => streamChunks(blob.stream()),
    async read(offset, length) {
      return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
    },
    async close() {},
  };
}

async function* streamChunks(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** A source over a one-way stream; read() first holds all of it, up to `maxBytes`. */
export function streamSource(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  maxSize: number | undefined,
  close: () => Promise<void>,
  maxBytes: number = DATA_LIMITS.maxBytes,
): ByteSource {
  let started = false;
  let whole: Promise<ByteSource> | undefined;
  const start = (): AsyncIterable<Uint8Array> => {
    if (started) {
      throw new VicinalError("BAD_INPUT", {
        what: name,
        got: "a stream already read",
        rule: "a fresh stream",
      });
    }
    started = true;
    return chunks;
  };
  return {
    name,
    ...(maxSize === undefined ? {} : { maxSize }),
    chunks: () => (whole === undefined ? start() : laterChunks(whole)),
    async read(offset, length) {
      whole ??= hold(start(), name, maxBytes);
      return (await whole).read(offset, length);
    },
    close,
  };
}

async function* laterChunks(whole: Promise<ByteSource>): AsyncGenerator<Uint8Array> {
  yield* (await whole).chunks();
}

async function hold(chunks: AsyncIterable<Uint8Array>, name: string, maxBytes: number): Promise<ByteSource> {
  return bytesSource(await concatChunks(chunks, name, maxBytes), name);
}

/** All bytes of the chunks in one array of at most `maxBytes`. */
export async function concatChunks(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  maxBytes: number,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    size += chunk.length;
    checkLimit(`${name}, in bytes,`, size, maxBytes);
  }
  return joinBytes(parts);
}

/** A source for anything accepted as input. Strings are paths. @throws FILE, BAD_INPUT, DOWNLOAD */
export async function toByteSource(
  input: SourceInput,
  options: { name?: string; limits?: Partial<DataLimits> } = {},
): Promise<ByteSource> {
  const limits = resolveLimits(options.limits);
  if (typeof input === "string") return fileSource(input);
  if (input instanceof Uint8Array || input instanceof ArrayBuffer) return bytesSource(input, options.name);
  if (typeof Blob !== "undefined" && input instanceof Blob) {
    return blobSource(input, options.name ?? (input as Partial<File>).name ?? "blob");
  }
  if (typeof Response !== "undefined" && input instanceof Response) {
    const url = input.url || "response";
    if (!input.ok) throw new VicinalError("DOWNLOAD", { url, why: `the server answered ${input.status}` });
    const name = options.name ?? (url.split(/[?#]/)[0]!.split("/").pop() || "response");
    return streamSource(
      input.body === null ? nothing() : streamChunks(input.body),
      name,
      undefined,
      async () => {},
      limits.maxBytes,
    );
  }
  if (typeof ReadableStream !== "undefined" && input instanceof ReadableStream) {
    return streamSource(
      streamChunks(input),
      options.name ?? "stream",
      undefined,
      async () => {},
      limits.maxBytes,
    );
  }
  if (isByteSource(input)) return input;
  if (typeof input === "object" && input !== null && Symbol.asyncIterator in input) {
    return streamSource(input, options.name ?? "stream", undefined, async () => {}, limits.maxBytes);
  }
  throw new VicinalError("BAD_INPUT", {
    what: "data source",
    got: input === null ? "null" : typeof input,
    rule: "a path, bytes, a Blob, a Response, or a stream of bytes",
  });
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function isByteSource(input: unknown): input is ByteSource {
  return (
    typeof input === "object" &&
    input !== null &&
    typeof (input as ByteSource).chunks === "function" &&
    typeof (input as ByteSource).read === "function"
  );
}

/** True when the bytes start as gzip does. */
export function looksGzipped(head: Uint8Array): boolean {
  return head.length >= 3 && head[0] === 0x1f && head[1] === 0x8b && head[2] === 8;
}

/** The unpacked content of a gzip source, refused once it grows past the ratio limit. */
export function gunzipSource(packed: ByteSource, limits: DataLimits): ByteSource {
  const name = packed.name.replace(/\.gz$/i, "");
  const maxSize = packed.size === undefined ? undefined : FREE_BYTES + packed.size * limits.maxRatio;
  const unpacked = (): AsyncIterable<Uint8Array> => guardedInflate("gzip", packed, packed.chunks(), limits);
  let whole: Promise<ByteSource> | undefined;
  return {
    name,
    ...(maxSize === undefined ? {} : { maxSize }),
    chunks: () => (whole === undefined ? unpacked() : laterChunks(whole)),
    async read(offset, length) {
      whole ??= hold(unpacked(), name, limits.maxBytes);
      return (await whole).read(offset, length);
    },
    close: () => packed.close(),
  };
}

/** Inflated chunks; a damaged stream is FORMAT, a bomb LIMIT. */
export async function* guardedInflate(
  kind: "gzip" | "deflate-raw",
  source: { name: string },
  packed: AsyncIterable<Uint8Array>,
  limits: DataLimits,
): AsyncGenerator<Uint8Array> {
  let packedBytes = 0;
  let bytes = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of packed) {
      packedBytes += chunk.length;
      yield chunk;
    }
  }
  try {
    for await (const chunk of inflateChunks(kind, counted())) {
      bytes += chunk.length;
      if (bytes > FREE_BYTES && bytes > packedBytes * limits.maxRatio) {
        const got = Math.ceil(bytes / Math.max(1, packedBytes));
        throw new VicinalError("LIMIT", {
          what: `${source.name}: the ratio of unpacked to packed bytes`,
          got,
          limit: limits.maxRatio,
        });
      }
      yield chunk;
    }
  } catch (error) {
    if (isVicinalError(error) || isAbort(error)) throw error;
    throw new VicinalError(
      "FORMAT",
      { what: source.name, rule: `its ${kind} data unpack without error`, got: whyNot(error) },
      { cause: error },
    );
  }
}

function isAbort(error: unknown): boolean {
  return (
    error instanceof Error && error.name === "AbortError" && !/premature|unexpected/i.test(error.message)
  );
}

/** True when a regular file lies at that path. */
export async function fileExists(path: string): Promise<boolean> {
  return (await fileSize(path)) !== undefined;
}
