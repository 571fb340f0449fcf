// Codecs as TypeScript calls them: training, and the loops of wasm/lists/codec.ts over rows outside any index.

import { beginList, beginQuery, boundBlock, decodeLane, encodeLane, scanBlock } from "../lists/codec";
import { BLOCK_ROWS } from "./layout";

export { scoreEncode, scoreUpdate } from "./anisotropic";
export { multiply } from "./product";
export { pqRound, pqSnap, pqStart } from "./train";

/** Encodes rows first + begin … first + end, each as one lane of blocks from `blocks` on; without lists. */
export function codecEncode(work: usize, codec: usize, rows: usize, stride: usize, blocks: usize, blockBytes: usize, begin: i32, end: i32): void {
  for (let i = begin; i < end; i++) {
    const block = blocks + <usize>(i / BLOCK_ROWS) * blockBytes;
    encodeLane(codec, rows + <usize>i * stride, 0, block, i % BLOCK_ROWS, work);
  }
}

/** Decodes rows begin … end of blocks. */
export function codecDecode(work: usize, codec: usize, blocks: usize, blockBytes: usize, out: usize, stride: usize, begin: i32, end: i32): void {
  for (let i = begin; i < end; i++) {
    const block = blocks + <usize>(i / BLOCK_ROWS) * blockBytes;
    decodeLane(codec, 0, block, i % BLOCK_ROWS, out + <usize>i * stride, work);
  }
}

/** Ranks of n rows of blocks for a query, or what bounds them from below, to f32s with room for whole blocks. */
export function codecRank(table: usize, codec: usize, query: usize, blocks: usize, blockBytes: usize, n: i32, ranks: usize, bounds: i32): void {
  beginQuery(codec, query, table);
  beginList(codec, query, 0, 0, 0, table);
  for (let i = 0; i < n; i += BLOCK_ROWS) {
    const lanes = min(BLOCK_ROWS, n - i), out = ranks + (<usize>i << 2);
    if (bounds) boundBlock(codec, table, blocks, lanes, Infinity, out);
    else scanBlock(codec, table, blocks, lanes, Infinity, out);
    blocks += blockBytes;
  }
}
