import type { MessagePort } from "node:worker_threads";
import { VicinalError } from "../../core/index.ts";
import type { Key, Metadata } from "../../indexes/index.ts";
import type { Block, Cell, StoredRows } from "./cell.ts";
import type { Run } from "./host.ts";

/** Bytes of a block: little enough to copy between two searches. */
const BLOCK_BYTES = 1 << 20;

type Parcel = { readonly block: Block } | { readonly end: true } | { readonly failed: string };

/** Sends an index's rows to another thread, which gets the arrays themselves. */
export async function sendRows(cell: Cell, port: MessagePort): Promise<void> {
  const post = (parcel: Parcel, transfer: ArrayBuffer[] = []): void => port.postMessage(parcel, transfer);
  try {
    await cell.exportRows(BLOCK_BYTES, async (block) => post({ block }, [block.rows.buffer as ArrayBuffer]));
    post({ end: true });
  } catch (error) {
    post({ failed: error instanceof Error ? error.message : String(error) });
    throw error;
  } finally {
    port.close();
  }
}

export interface Received {
  readonly rows: StoredRows;
  readonly ids: Key[] | undefined;
  readonly metadata: (Metadata | undefined)[] | undefined;
}

/** All rows that come through a port, end to end. */
export async function receiveRows(
  port: MessagePort,
  { signal, onProgress }: Pick<Run, "signal" | "onProgress">,
): Promise<Received> {
  const blocks: Block[] = [];
  let rows = 0;
  try {
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      port.on("close", () => reject(new VicinalError("CLOSED", { what: "The collection" })));
      port.on("message", (parcel: Parcel) => {
        if ("failed" in parcel) reject(new VicinalError("BUSY", { what: parcel.failed }));
        else if ("end" in parcel) resolve();
        else {
          blocks.push(parcel.block);
          rows += parcel.block.count;
          onProgress({ phase: "copy", done: rows, total: 0 });
        }
      });
    });
  } finally {
    port.close();
  }
  return join(blocks, rows);
}

function join(blocks: Block[], count: number): Received {
  const first = blocks[0]?.rows;
  const width = first === undefined ? 0 : first.length / blocks[0]!.count;
  const rows = new ((first ?? new Float32Array(0)).constructor as Float32ArrayConstructor)(count * width);
  const ids: Key[] = [];
  const metadata: (Metadata | undefined)[] = [];
  let at = 0;
  // From the end of a reversed list, so that each block is let go once it is copied.
  blocks.reverse();
  for (let block = blocks.pop(); block !== undefined; block = blocks.pop()) {
    rows.set(block.rows, at);
    at += block.rows.length;
    for (const id of block.ids ?? []) ids.push(id);
    for (const record of block.metadata ?? []) metadata.push(record);
  }
  return {
    rows,
    ids: ids.length === 0 ? undefined : ids,
    metadata: metadata.length === 0 ? undefined : metadata,
  };
}
