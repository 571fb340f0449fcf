import { fileStore as systemFiles } from "#platform";
import { joinBytes } from "../core/bytes.ts";
import { isVicinalError, VicinalError } from "../core/errors.ts";
import type { FileStore } from "../platform/files.node.ts";

/** Where an index may be opened from. A string is a path, never an address; for those pass a URL or fetch(). */
export type SnapshotInput =
  | string
  | URL
  | Uint8Array
  | ArrayBuffer
  | Blob
  | Response
  | ReadableStream<Uint8Array>;

/** Bytes from front to end. */
export interface Source {
  /** How the source is called in messages. */
  readonly label: string;
  readonly size: number | undefined;
  /** Fills `into`; answers how many bytes there were, fewer only at the end. */
  read(into: Uint8Array): Promise<number>;
  close(): Promise<void>;
}

export interface SourceOptions {
  signal?: AbortSignal | undefined;
  /** Refuse more bytes than this; default 8 GiB. */
  maxBytes?: number | undefined;
  /** @internal */
  files?: FileStore | undefined;
}

/** More than a 32-bit WebAssembly memory and its tables can need. */
export const DEFAULT_MAX_BYTES: number = 8 * 2 ** 30;

/** Opens what was given. Throws FILE, DOWNLOAD, BAD_INPUT, UNSUPPORTED, LIMIT. */
export async function openSource(input: SnapshotInput, options: SourceOptions = {}): Promise<Source> {
  const { signal } = options;
  signal?.throwIfAborted();
  if (typeof input === "string") return fileSource(input, options);
  if (input instanceof URL) return urlSource(input, options);
  if (input instanceof Uint8Array) return bytesSource(input);
  if (input instanceof ArrayBuffer) return bytesSource(viewOf(input));
  if (typeof Blob !== "undefined" && input instanceof Blob) return blobSource(input);
  if (typeof Response !== "undefined" && input instanceof Response) return responseSource(input, options);
  if (typeof ReadableStream !== "undefined" && input instanceof ReadableStream) {
    return streamSource(input, "the stream", undefined, options);
  }
  throw new VicinalError("BAD_INPUT", {
    what: "The source of an index",
    got: input === null ? "null" : typeof input,
    rule: "a path, URL, Uint8Array, ArrayBuffer, Blob, Response or ReadableStream",
  });
}

/** A detached buffer looks empty; only making a view over it tells. */
function requireAttached({ buffer }: Uint8Array): void {
  viewOf(buffer);
}

function viewOf(buffer: ArrayBufferLike): Uint8Array {
  try {
    return new Uint8Array(buffer);
  } catch (error) {
    throw new VicinalError("DETACHED_BUFFER", { what: "The source of the index" }, { cause: error });
  }
}

function bytesSource(bytes: Uint8Array, label = "the given bytes"): Source {
  requireAttached(bytes);
  let at = 0;
  return {
    label,
    size: bytes.length,
    async read(into) {
      requireAttached(bytes);
      const part = bytes.subarray(at, at + into.length);
      into.set(part);
      at += part.length;
      return part.length;
    },
    async close() {},
  };
}

function blobSource(blob: Blob): Source {
  const label = blob instanceof File && blob.name !== "" ? blob.name : "the blob";
  let at = 0;
  return {
    label,
    size: blob.size,
    async read(into) {
      const part = blob.slice(at, at + into.length);
      const bytes = await failAs(label, () => part.arrayBuffer());
      into.set(new Uint8Array(bytes));
      at += bytes.byteLength;
      return bytes.byteLength;
    },
    async close() {},
  };
}

/** The failure of a foreign call as FILE, with the cause kept. */
export async function failAs<T>(path: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (isVicinalError(error)) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new VicinalError("FILE", { path, why }, { cause: error });
  }
}

/** The file system, or UNSUPPORTED. */
export function requireFiles(given: FileStore | undefined): FileStore {
  const store = given ?? systemFiles;
  if (store === undefined) {
    throw new VicinalError("UNSUPPORTED", {
      what: "A file path in this runtime",
      rule: "pass bytes, a Blob, or what fetch() answers, and write with toBytes()",
    });
  }
  return store;
}

async function fileSource(path: string, options: SourceOptions): Promise<Source> {
  const store = requireFiles(options.files);
  return failAs(path, async () => {
    const file = await store.open(path, "r");
    try {
      const size = await file.size();
      if (size === undefined) throw new Error("it is not a regular file");
      let position = 0;
      let open = true;
      return {
        label: path,
        size,
        async read(into: Uint8Array): Promise<number> {
          let done = 0;
          while (done < into.length) {
            const part = into.subarray(done);
            const got = await failAs(path, () => file.read(part, position));
            if (got === 0) break;
            done += got;
            position += got;
          }
          return done;
        },
        async close(): Promise<void> {
          if (!open) return;
          open = false;
          await failAs(path, () => file.close());
        },
      };
    } catch (error) {
      await file.close().catch(() => {});
      throw error;
    }
  });
}

async function urlSource(url: URL, options: SourceOptions): Promise<Source> {
  if (url.protocol === "file:") return fileSource(requireFiles(options.files).pathOf(url), options);
  let response: Response;
  try {
    response = await fetch(url, { signal: options.signal ?? null });
  } catch (error) {
    options.signal?.throwIfAborted();
    throw new VicinalError("DOWNLOAD", { url: url.href, why: (error as Error).message }, { cause: error });
  }
  return responseSource(response, options);
}

async function responseSource(response: Response, options: SourceOptions): Promise<Source> {
  const url = response.url || "the response";
  if (!response.ok) {
    await response.body?.cancel().catch(() => {});
    throw new VicinalError("DOWNLOAD", {
      url,
      why: `status ${response.status} ${response.statusText}`.trim(),
    });
  }
  if (response.body === null) return bytesSource(new Uint8Array(0), url);
  // The length announced is that of the bytes sent, which is another one when they were compressed.
  const announced =
    response.headers.get("content-encoding") === null && response.headers.get("content-length");
  const size = announced && /^\d{1,15}$/.test(announced) ? Number(announced) : undefined;
  return streamSource(response.body, url, size, options);
}

/** Bytes of a stream; when nobody says how many will come, they are gathered first, so that nothing is believed. */
async function streamSource(
  stream: ReadableStream<Uint8Array>,
  label: string,
  size: number | undefined,
  { signal, maxBytes = DEFAULT_MAX_BYTES }: SourceOptions,
): Promise<Source> {
  if (stream.locked) {
    throw new VicinalError("BAD_INPUT", {
      what: label,
      got: "locked or already read",
      rule: "an unread stream",
    });
  }
  const reader = stream.getReader();
  const onAbort = (): void => void reader.cancel(signal?.reason).catch(() => {});
  signal?.addEventListener("abort", onAbort, { once: true });
  let rest = new Uint8Array(0);
  let ended = false;

  async function more(): Promise<boolean> {
    while (!ended && rest.length === 0) {
      const { done, value } = await failAs(label, () => reader.read());
      signal?.throwIfAborted();
      if (done) ended = true;
      else if (value instanceof Uint8Array) rest = value as Uint8Array<ArrayBuffer>;
      else throw new VicinalError("BAD_INPUT", { what: label, got: typeof value, rule: "a stream of bytes" });
    }
    return rest.length > 0;
  }
  async function close(): Promise<void> {
    signal?.removeEventListener("abort", onAbort);
    if (!ended) await reader.cancel().catch(() => {});
    ended = true;
  }
  const source: Source = {
    label,
    size,
    async read(into) {
      let done = 0;
      while (done < into.length && (await more())) {
        const part = rest.subarray(0, into.length - done);
        into.set(part, done);
        rest = rest.subarray(part.length);
        done += part.length;
      }
      return done;
    },
    close,
  };
  if (size !== undefined) return source;
  try {
    const parts: Uint8Array[] = [];
    let total = 0;
    while (await more()) {
      parts.push(rest);
      total += rest.length;
      if (total > maxBytes) {
        throw new VicinalError("LIMIT", {
          what: `The size of ${label} in bytes`,
          got: total,
          limit: maxBytes,
        });
      }
      rest = new Uint8Array(0);
    }
    return bytesSource(joinBytes(parts), label);
  } finally {
    await close();
  }
}

/** All bytes of what was given, and how it is called in messages. Throws as {@link openSource}, and LIMIT. */
export async function readBytes(
  input: SnapshotInput,
  options: SourceOptions = {},
): Promise<{ bytes: Uint8Array; label: string }> {
  const source = await openSource(input, options);
  const { label, size } = source;
  try {
    const limit = options.maxBytes ?? DEFAULT_MAX_BYTES;
    if (size === undefined || size > limit) {
      throw new VicinalError("LIMIT", {
        what: `The size of ${label} in bytes`,
        got: size ?? Infinity,
        limit,
      });
    }
    const bytes = new Uint8Array(size);
    const read = await source.read(bytes);
    if (read < size) throw new VicinalError("FILE", { path: label, why: "it ends early" });
    return { bytes, label };
  } finally {
    await source.close();
  }
}
