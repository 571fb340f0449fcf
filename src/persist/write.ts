import { VicinalError } from "../core/errors.ts";
import { type Job, type RunOptions, runAsync, runSync, turn } from "../core/progress.ts";
import type { FileStore, OpenFile } from "../platform/files.node.ts";
import { type Layout, layoutJob, layoutPieces } from "./layout.ts";
import type { Snapshot } from "./snapshot.ts";
import { failAs, requireFiles } from "./source.ts";

export interface WriteOptions extends RunOptions {
  /** @internal */
  files?: FileStore;
}

const FRAME_MS = 12;

/** The bytes of the file. Throws BAD_INPUT for what cannot be saved. */
export function encodeSnapshot(snapshot: Snapshot, options: RunOptions = {}): Uint8Array {
  return runSync(encodeJob(snapshot), options);
}

function* encodeJob(snapshot: Snapshot): Job<Uint8Array> {
  const layout = yield* layoutJob(snapshot);
  const bytes = new Uint8Array(layout.fileBytes);
  let at = 0;
  for (const piece of layoutPieces(layout)) {
    bytes.set(piece, at);
    at += piece.length;
    yield { phase: "write", done: at, total: layout.fileBytes };
  }
  return bytes;
}

async function writePieces(
  layout: Layout,
  write: (piece: Uint8Array) => Promise<void>,
  { signal, onProgress }: RunOptions,
): Promise<void> {
  let done = 0;
  let lastTurn = performance.now();
  for (const piece of layoutPieces(layout)) {
    signal?.throwIfAborted();
    await write(piece);
    done += piece.length;
    onProgress?.({ phase: "write", done, total: layout.fileBytes });
    if (performance.now() - lastTurn < FRAME_MS) continue;
    await turn();
    lastTurn = performance.now();
  }
}

/**
 * Writes the file, replacing what is at the path in one step, see {@link replaceFile}. The snapshot must not change
 * until this resolves.
 *
 * @throws VicinalError FILE (with the system's error as cause), BAD_INPUT, UNSUPPORTED; the abort's reason
 */
export async function saveSnapshot(
  snapshot: Snapshot,
  path: string | URL,
  options: WriteOptions = {},
): Promise<void> {
  requireFiles(options.files);
  const layout = await runAsync(layoutJob(snapshot), options);
  await replaceFile(path, (write) => writePieces(layout, write, options), options);
}

/** Writes bytes to a file, see {@link replaceFile}. */
export async function saveBytes(
  bytes: Uint8Array,
  path: string | URL,
  options: WriteOptions = {},
): Promise<void> {
  await replaceFile(path, (write) => write(bytes), options);
}

/**
 * Replaces what is at the path in one step: the bytes go to a temporary file in the same folder, are flushed to the
 * disk, and take the old name. Whatever fails before that leaves the old file as it was and no temporary one.
 *
 * @throws VicinalError FILE (with the system's error as cause), UNSUPPORTED; the abort's reason
 */
async function replaceFile(
  path: string | URL,
  writeAll: (write: (piece: Uint8Array) => Promise<void>) => Promise<void>,
  options: WriteOptions,
): Promise<void> {
  const store = requireFiles(options.files);
  const given = path instanceof URL ? store.pathOf(path) : path;
  // Through a symbolic link the file it points at is replaced, not the link.
  const old = await failAs(given, () => store.resolve(given));
  const target = old?.path ?? given;
  const temporary = store.temporaryName(target);
  const file = await failAs(given, () => store.open(temporary, "wx", old?.mode));
  let open = true;
  try {
    await writeAll((piece) => writeFully(file, piece, given));
    await failAs(given, () => file.sync());
    open = false;
    await failAs(given, () => file.close());
    options.signal?.throwIfAborted();
    await failAs(given, () => store.rename(temporary, target));
  } catch (error) {
    if (open) await file.close().catch(() => {});
    await store.remove(temporary).catch(() => {});
    throw error;
  }
  await failAs(given, () => store.syncDirectoryOf(target));
}

async function writeFully(file: OpenFile, piece: Uint8Array, path: string): Promise<void> {
  for (let done = 0; done < piece.length; ) {
    const part = piece.subarray(done);
    const took = await failAs(path, () => file.write(part));
    if (took === 0) throw new VicinalError("FILE", { path, why: "the disk takes no more bytes" });
    done += took;
  }
}

/** Writes the file's bytes to a stream and closes it; on failure the stream is aborted. */
export async function writeSnapshot(
  snapshot: Snapshot,
  stream: WritableStream<Uint8Array>,
  options: RunOptions = {},
): Promise<void> {
  const writer = stream.getWriter();
  try {
    const layout = await runAsync(layoutJob(snapshot), options);
    await writePieces(
      layout,
      async (piece) => {
        await failAs("the stream", () => writer.ready);
        // A stream may keep what it is given, and none accepts shared memory: it gets a copy.
        await failAs("the stream", () => writer.write(piece.slice()));
      },
      options,
    );
    await failAs("the stream", () => writer.close());
  } catch (error) {
    await writer.abort(error).catch(() => {});
    throw error;
  } finally {
    writer.releaseLock();
  }
}
