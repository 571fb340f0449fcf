import type { Key } from "../contract.ts";
import { BLOCK_ROWS } from "./codec.ts";
import type { ListedIndex } from "./listed.ts";
import { NO_BLOCK } from "./store.ts";

type Fail = (rule: string, got?: string) => never;

/**
 * Checks lists read from a file, so that no search can leave their memory, and makes what is not in the file: every
 * block is in one list, lists are as long as counted, rows are in no more lists than they may be, numbers are finite.
 */
export function checkLists<K extends Key>(index: ListedIndex<K>, fail: Fail): void {
  const { lists, rows, space, trained } = index;
  const { codec, coarse, turn, bytes, dimension } = lists.parts;
  if (!trained) {
    if (lists.blocks > 0) fail("there are no blocks before training");
    if (!rows.hasVectors && rows.rows > 0) fail("there are vectors before training");
    return;
  }
  if (turn !== undefined) checkRows(space.f32(turn.section), turn.stride, rows.floats, "the rotation", fail);
  if (coarse !== undefined) checkRows(space.f32(coarse.section), bytes, dimension, "centroids", fail);
  checkChains(index, fail);
  coarse?.pack();
  codec?.check(fail);
  lists.findPlaces();
}

/** Finite numbers, and zeros from the dimension on. */
function checkRows(values: Float32Array, stride: number, dimension: number, what: string, fail: Fail): void {
  const step = stride / 4;
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!;
    if (i % step >= dimension ? x !== 0 : !Number.isFinite(x))
      fail(`${what} are finite numbers`, `number ${i}`);
  }
}

function checkChains<K extends Key>({ lists, rows, space }: ListedIndex<K>, fail: Fail): void {
  const heads = space.u32("listHeads");
  const tails = space.u32("listTails");
  const counts = space.u32("listCounts");
  const next = space.u32("listNext");
  const owners = space.u32("listOwners");
  const ids = space.u32("listBlocks");
  const words = lists.blockStride / 4;
  const { copies } = lists.parts;
  const seen = new Uint8Array(rows.rows);
  const lastList = new Uint32Array(rows.rows);
  let used = 0;
  let entries = 0;
  for (let l = 0; l < lists.nlist; l++) {
    const wanted = Math.ceil(counts[l]! / BLOCK_ROWS);
    if (wanted > lists.blocks) fail("lists fit their blocks", `list ${l}`);
    let block = heads[l]!;
    let last = NO_BLOCK;
    for (let i = 0; i < wanted; i++) {
      if (block >= lists.blocks || owners[block] !== l)
        fail("each block is in the list that it names", `list ${l}`);
      const n = Math.min(BLOCK_ROWS, counts[l]! - i * BLOCK_ROWS);
      for (let lane = 0; lane < n; lane++) {
        const row = ids[block * words + lane]!;
        if (row >= rows.rows || seen[row]! >= copies || (seen[row]! > 0 && lastList[row] === l))
          fail("each row is in one place of a list", `row ${row}`);
        seen[row]!++;
        lastList[row] = l;
        entries++;
      }
      used++;
      last = block;
      block = next[block]!;
    }
    if (block !== NO_BLOCK || tails[l] !== last) fail("lists end where they say", `list ${l}`);
  }
  if (used !== lists.blocks) fail("all blocks are in lists", `${used} of ${lists.blocks}`);
  if (entries > copies * rows.rows) fail("there are no more entries than rows have places");
  for (let row = 0; row < rows.rows; row++) {
    if (seen[row] === 0 && !rows.isRemoved(row)) fail("each row is in a list", `row ${row}`);
  }
}
