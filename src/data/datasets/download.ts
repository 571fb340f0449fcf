import { type AppendFile, fileSize, openAppendFile, removeDataFile, renameDataFile, sha256 } from "#platform";
import { isVicinalError, type RunOptions, VicinalError } from "../../core/index.ts";
import { checkLimit, resolveLimits } from "../limits.ts";
import { type ByteSource, fileSource, gunzipSource, looksGzipped } from "../source.ts";

export interface DownloadOptions extends RunOptions {
  /** SHA-256 of the file; without it (and `unpackedSha256`) a broken download starts over. */
  sha256?: string;
  /** SHA-256 of the gunzipped content. */
  unpackedSha256?: string;
  /** Tries in all; each goes on where the last one stopped. */
  attempts?: number;
  maxBytes?: number;
}

/**
 * Fetches a URL into a file. Bytes gather in `path.part`, which a later call continues with a range
 * request when a checksum is known to catch a mixture; the checked file is then renamed into place.
 *
 * @returns bytes that came over the network
 * @throws DOWNLOAD, CHECKSUM, LIMIT; aborting rejects with `signal.reason` and keeps the part
 */
export async function downloadFile(
  url: string,
  path: string,
  options: DownloadOptions = {},
): Promise<number> {
  const { attempts = 3, signal } = options;
  const part = `${path}.part`;
  const checked = options.sha256 !== undefined || options.unpackedSha256 !== undefined;
  if (!checked) await removeDataFile(part);
  let received = 0;
  for (let attempt = 1; ; attempt++) {
    try {
      received += await transfer(url, part, options);
      break;
    } catch (error) {
      signal?.throwIfAborted();
      const final = isVicinalError(error) && (error.code !== "DOWNLOAD" || !isCut(error));
      if (final || attempt >= attempts) throw error;
      if (!checked) await removeDataFile(part);
      await new Promise((resolve) => setTimeout(resolve, 200 * attempt));
    }
  }
  await verify(part, options);
  await renameDataFile(part, path);
  return received;
}

/** Failures that another try may get past. */
const cuts = new WeakSet<Error>();

function isCut(error: Error): boolean {
  return cuts.has(error);
}

function failure(url: string, why: string, cause?: unknown, cut = false): VicinalError<"DOWNLOAD"> {
  const error = new VicinalError("DOWNLOAD", { url, why }, { cause });
  if (cut) cuts.add(error);
  return error;
}

async function transfer(url: string, part: string, options: DownloadOptions): Promise<number> {
  const { signal, onProgress, maxBytes = resolveLimits().maxBytes } = options;
  const have = (await fileSize(part)) ?? 0;
  let response: Response;
  try {
    response = await fetch(url, {
      signal: signal ?? null,
      // A range of a compressed transfer would count other bytes than those kept.
      headers: { "accept-encoding": "identity", ...(have > 0 ? { range: `bytes=${have}-` } : {}) },
    });
  } catch (error) {
    throw failure(url, unreachable(url, error), error, true);
  }
  try {
    if (response.status === 416 && have > 0) {
      // Nothing after what is here: either it is complete, or it is of another file; the checksum tells.
      if (totalOf(response) === have) return 0;
      await removeDataFile(part);
      throw failure(url, "the part fetched before does not fit the file", undefined, true);
    }
    if (!response.ok) {
      throw failure(
        url,
        `the server answered ${response.status} ${response.statusText}`.trim(),
        undefined,
        response.status >= 500,
      );
    }
    const resumed = response.status === 206;
    const start = resumed ? have : 0;
    if (resumed && !response.headers.get("content-range")?.startsWith(`bytes ${have}-`)) {
      throw failure(url, "the server answered with another range than asked for");
    }
    const length = Number(response.headers.get("content-length") ?? Number.NaN);
    const total = Number.isFinite(length) ? start + length : undefined;
    checkLimit(`download ${url}, in bytes,`, total ?? 0, maxBytes);
    const file = await openAppendFile(part, !resumed);
    try {
      return await receive(url, response, file, start, total, maxBytes, onProgress);
    } finally {
      await file.close();
    }
  } finally {
    // Ends the connection when the body was not read to its end.
    if (!response.bodyUsed) await response.body?.cancel();
  }
}

async function receive(
  url: string,
  response: Response,
  file: AppendFile,
  start: number,
  total: number | undefined,
  maxBytes: number,
  onProgress: RunOptions["onProgress"],
): Promise<number> {
  const reader = (response.body ?? new ReadableStream<Uint8Array>({ start: (c) => c.close() })).getReader();
  const phase = `download ${url.split("/").pop()}`;
  let done = start;
  for (;;) {
    let step: Awaited<ReturnType<typeof reader.read>>;
    try {
      step = await reader.read();
    } catch (error) {
      throw failure(
        url,
        `the connection broke after ${done} bytes; run it again to go on from there`,
        error,
        true,
      );
    }
    if (step.done) break;
    await file.write(step.value);
    done += step.value.length;
    checkLimit(`download ${url}, in bytes,`, done, maxBytes);
    onProgress?.({ phase, done, total: total ?? done });
  }
  if (total !== undefined && done !== total) {
    throw failure(url, `the connection ended after ${done} of ${total} bytes`, undefined, true);
  }
  return done - start;
}

function totalOf(response: Response): number {
  return Number(/\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.[1] ?? Number.NaN);
}

function unreachable(url: string, error: unknown): string {
  const cause = (error as { cause?: { code?: string; message?: string } }).cause;
  const detail = cause?.code ?? cause?.message ?? (error instanceof Error ? error.message : String(error));
  return `${new URL(url).host} cannot be reached (${detail}); this machine may be offline`;
}

async function verify(part: string, options: DownloadOptions): Promise<void> {
  const wrong = await checksumProblem(part, options);
  if (wrong === undefined) return;
  await removeDataFile(part);
  throw new VicinalError("CHECKSUM", { what: part, ...wrong });
}

/** What is wrong with a file's checksum, or undefined when it is right (or none is known). */
export async function checksumProblem(
  path: string,
  { sha256: packed, unpackedSha256: unpacked }: { sha256?: string; unpackedSha256?: string },
): Promise<{ got: string; want: string } | undefined> {
  if (packed !== undefined) {
    const got = await hashOf(path, false);
    if (got !== packed) return { got, want: packed };
  }
  if (unpacked !== undefined) {
    const got = await hashOf(path, true);
    if (got !== unpacked) return { got, want: unpacked };
  }
  return undefined;
}

async function hashOf(path: string, unpack: boolean): Promise<string> {
  const raw = await fileSource(path);
  try {
    const gzipped = unpack && looksGzipped(await raw.read(0, 3));
    const source: ByteSource = gzipped ? gunzipSource(raw, resolveLimits()) : raw;
    const hash = sha256();
    for await (const chunk of source.chunks()) hash.update(chunk);
    return hash.hex();
  } catch (error) {
    if (isVicinalError(error, "FORMAT") || isVicinalError(error, "LIMIT")) return "none (it does not unpack)";
    throw error;
  } finally {
    await raw.close();
  }
}
