import { type Matrix, type RunOptions, type Scalars, VicinalError } from "../core/index.ts";
import { openVectorFile } from "../data/index.ts";
import type { Index, Key } from "../indexes/contract.ts";
import { checkFinite } from "./inputs.ts";

/** Rows added together: enough to train codes on, and for threads to share. */
const BLOCK_ROWS = 32_768;

export interface StreamedOptions extends RunOptions {
  threads: number;
  /** One for each row; default those of the file, else row numbers. */
  keys?: readonly Key[];
  /** Where the keys come from, for messages. */
  keysFrom?: string;
  /** Rows added together, default 32,768. */
  blockRows?: number;
}

/**
 * Fills an index with the vectors of a file, block by block, so that the file may be larger than memory.
 *
 * @param make an empty index for rows like these, the first ones
 * @throws FILE, FORMAT and their like, NOT_FINITE, BAD_INPUT (another number of keys than of rows)
 */
export async function buildStreamed(
  path: string,
  make: (like: Matrix<Scalars>) => Index,
  options: StreamedOptions,
): Promise<Index> {
  const { threads, signal, onProgress, keys, blockRows = BLOCK_ROWS } = options;
  const reader = await openVectorFile(path, { role: "base", blockRows });
  let index: Index | undefined;
  let rows = 0;
  try {
    if (reader.rows !== undefined) checkKeys(options, reader.rows, path);
    for await (const block of reader.blocks()) {
      signal?.throwIfAborted();
      checkFinite(block, path, rows);
      index ??= make(block);
      const end = rows + block.rows;
      if (keys !== undefined && keys.length < end) checkKeys(options, end, path);
      const from = rows;
      await index.addAsync(block, {
        ...{ threads, signal, metadata: block.metadata },
        keys: keys?.slice(from, end) ?? block.keys,
        onProgress: onProgress && ((p) => onProgress({ ...p, phase: `${p.phase}, rows from ${from} on` })),
      });
      rows = end;
      onProgress?.({ phase: "rows added", done: rows, total: reader.rows ?? rows });
    }
    checkKeys(options, rows, path);
    return index ?? make({ data: new Float32Array(0), rows: 0, cols: reader.dim, stride: reader.dim });
  } catch (error) {
    index?.close();
    throw error;
  } finally {
    await reader.close();
  }
}

function checkKeys({ keys, keysFrom }: StreamedOptions, rows: number, path: string): void {
  if (keys === undefined || keys.length === rows) return;
  const rule = `one for each row of ${path}, ${rows} or more`;
  throw new VicinalError("BAD_INPUT", { what: keysFrom ?? path, got: `${keys.length} keys`, rule });
}
