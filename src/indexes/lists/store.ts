import type { Space } from "../../kernels/space.ts";
import type { CentroidTable } from "../../quantize/kmeans/centroids.ts";
import type { SavedSection } from "../snapshot.ts";
import { BLOCK_ROWS, type ListCodec } from "./codec.ts";

export const NO_BLOCK = 0xffff_ffff;
/** Bytes of row numbers before the codes of a block. */
const BLOCK_IDS = BLOCK_ROWS * 4;
const LISTS_BYTES = 80;
const CODING_BYTES = 16;

/** Lanes of a block that have got rows, to be coded. */
interface Part {
  readonly block: number;
  readonly first: number;
  last: number;
}

/** What the lists are made of, beside their rows. */
export interface ListsParts {
  readonly codec: ListCodec | undefined;
  /** Undefined for one list without a centroid. */
  readonly coarse: CentroidTable | undefined;
  /** Bytes of a row as it is coded, and its dimensions. */
  readonly bytes: number;
  readonly dimension: number;
  /** Section of a rotation of rows, and bytes of one of its rows. */
  readonly turn: { readonly section: string; readonly stride: number } | undefined;
  readonly ip: boolean;
  /** Keep where each row stands: codes alone must find a row's code. */
  readonly places: boolean;
  /** Lists that each row is in: one, or two where rows are spilled. */
  readonly copies: number;
}

/**
 * Lists of rows in linear memory, in chained blocks of 32 (wasm/lists/layout.ts). A list's blocks lie one after the other
 * when it was filled at once; rows added later go into its last block or into new ones behind all others.
 */
export class ListStore {
  readonly parts: ListsParts;
  #nlist: number;
  readonly blockStride: number;
  readonly #space: Space;
  #blocks = 0;
  #probeRoom = 0;

  constructor(space: Space, nlist: number, parts: ListsParts) {
    this.#space = space;
    this.parts = parts;
    this.#nlist = nlist;
    this.blockStride = BLOCK_IDS + (parts.codec?.blockBytes ?? 0);
    space.set({ listStruct: LISTS_BYTES, listCoding: CODING_BYTES, listParts: 0 });
    space.set(this.sizes(0));
  }

  get nlist(): number {
    return this.#nlist;
  }

  /** Says how many lists there will be; they are laid out when they are next cleared or restored. */
  resize(nlist: number): void {
    this.#nlist = nlist;
  }

  get blocks(): number {
    return this.#blocks;
  }

  /** Bytes of the sections; those that grow with blocks have room for the blocks there are. */
  sizes(rows: number): Record<string, number> {
    const { nlist } = this;
    return {
      listHeads: nlist * 4,
      listTails: nlist * 4,
      listCounts: nlist * 4,
      listNext: this.#blocks * 4,
      listOwners: this.#blocks * 4,
      listBlocks: this.#blocks * this.blockStride,
      listPlaces: this.parts.places ? rows * 4 : 0,
    };
  }

  /** What belongs in a file; the rest follows from it. */
  get saved(): readonly SavedSection[] {
    return [
      ["listHeads", "u32"],
      ["listTails", "u32"],
      ["listCounts", "u32"],
      ["listNext", "u32"],
      ["listOwners", "u32"],
      ["listBlocks", "u32"],
    ];
  }

  expectBlocks(blocks: number): void {
    this.#blocks = blocks;
  }

  /** Empties all lists. */
  clear(rows: number): void {
    this.#blocks = 0;
    this.#space.set(this.sizes(rows));
    this.#space.u32("listHeads").fill(NO_BLOCK);
    this.#space.u32("listTails").fill(NO_BLOCK);
    this.#space.u32("listCounts").fill(0);
    if (this.parts.places) this.#space.u32("listPlaces").fill(NO_BLOCK);
  }

  /**
   * Puts rows at the ends of their lists: `order` names them list by list, those of list l from starts[l] to starts[l + 1].
   * Returns how many parts of blocks are to be coded (see {@link coding}).
   */
  append(order: Uint32Array, starts: Uint32Array): number {
    const space = this.#space;
    const counts = space.u32("listCounts");
    let more = 0;
    for (let l = 0; l < this.nlist; l++) {
      const count = starts[l + 1]! - starts[l]!;
      if (count === 0) continue;
      more += Math.ceil((counts[l]! + count) / BLOCK_ROWS) - Math.ceil(counts[l]! / BLOCK_ROWS);
    }
    this.#reserve(this.#blocks + more);
    const parts: Part[] = [];
    for (let l = 0; l < this.nlist; l++) this.#appendTo(l, order.subarray(starts[l], starts[l + 1]), parts);
    if (this.parts.codec === undefined) return 0;
    space.atLeast("listParts", parts.length * 12);
    const words = space.u32("listParts");
    parts.forEach(({ block, first, last }, i) => {
      words.set([block, first, last], 3 * i);
    });
    return parts.length;
  }

  #appendTo(list: number, rows: Uint32Array, parts: Part[]): void {
    if (rows.length === 0) return;
    const space = this.#space;
    const heads = space.u32("listHeads");
    const tails = space.u32("listTails");
    const counts = space.u32("listCounts");
    const next = space.u32("listNext");
    const blocks = space.u32("listBlocks");
    const places = this.parts.places ? space.u32("listPlaces") : undefined;
    let part: Part | undefined;
    for (const row of rows) {
      const lane = counts[list]! % BLOCK_ROWS;
      if (lane === 0) {
        const block = this.#blocks++;
        next[block] = NO_BLOCK;
        space.u32("listOwners")[block] = list;
        if (counts[list] === 0) heads[list] = block;
        else next[tails[list]!] = block;
        tails[list] = block;
        part = undefined;
      }
      const block = tails[list]!;
      blocks[(block * this.blockStride) / 4 + lane] = row;
      if (places !== undefined) places[row] = block * BLOCK_ROWS + lane;
      counts[list]!++;
      if (part === undefined) {
        part = { block, first: lane, last: lane + 1 };
        parts.push(part);
      } else part.last = lane + 1;
    }
  }

  /** Makes room for so many blocks: exactly at first, by a quarter more when lists grow. */
  #reserve(blocks: number): void {
    const space = this.#space;
    if (space.bytes("listNext") >= blocks * 4) return;
    const room = this.#blocks === 0 ? blocks : Math.max(blocks, Math.ceil(this.#blocks * 1.25) + 8);
    space.set({ listNext: room * 4, listOwners: room * 4, listBlocks: room * this.blockStride });
  }

  /** Gives back room for blocks that are not there. */
  trim(): void {
    this.#space.set({
      listNext: this.#blocks * 4,
      listOwners: this.#blocks * 4,
      listBlocks: this.#blocks * this.blockStride,
    });
  }

  /** Bytes that a thread needs while it codes. */
  get workBytes(): number {
    return Math.ceil((this.parts.bytes + (this.parts.codec?.workBytes ?? 0)) / 64) * 64;
  }

  /** Says where the rows are that are to be coded: row 0, which need not exist, and bytes between. Returns the address. */
  coding(row0: number, stride: number): number {
    const at = this.#space.ptr("listCoding");
    this.#space.engine.u32.set([row0, stride, this.#space.ptr("listParts")], at >>> 2);
    return at;
  }

  /** Where a thread's room is, from the start of its code area, and how long that is. */
  get room(): { turnedAt: number; coarseAt: number; ranksAt: number; bytes: number } {
    const { codec, coarse, bytes } = this.parts;
    const turnedAt = codec?.tableBytes ?? 0;
    const coarseAt = turnedAt + bytes + 16;
    const ranksAt = coarseAt + (coarse === undefined ? 0 : Math.ceil(this.nlist / 32) * 32 * 4);
    return { turnedAt, coarseAt, ranksAt, bytes: ranksAt + 160 };
  }

  /** Refreshes the struct; returns its address. Room for probes stays that of the last search unless it is given. */
  prepare(probeRoom: number = this.#probeRoom): number {
    this.#probeRoom = probeRoom;
    const s = this.#space;
    const { codec, coarse, bytes, dimension, turn } = this.parts;
    const at = s.ptr("listStruct");
    const { turnedAt, coarseAt, ranksAt } = this.room;
    const words = [
      this.nlist,
      coarse?.prepare() ?? 0,
      s.ptr("listHeads"),
      s.ptr("listCounts"),
      s.ptr("listNext"),
      s.ptr("listOwners"),
      s.ptr("listBlocks"),
      this.blockStride,
      codec?.prepare() ?? 0,
      codec?.residual ? 1 : 0,
      codec?.bounded ? 1 : 0,
      dimension,
      bytes,
      turn === undefined ? 0 : s.ptr(turn.section),
      turn?.stride ?? 0,
      turnedAt,
      coarseAt,
      ranksAt,
      probeRoom,
      this.parts.copies,
    ];
    s.engine.u32.set(words, at >>> 2);
    return at;
  }

  /** The rows of a list, in order. */
  *rowsOf(list: number): Generator<{ row: number; place: number }> {
    const heads = this.#space.u32("listHeads");
    let left = this.#space.u32("listCounts")[list]!;
    for (let block = heads[list]!; left > 0; left -= BLOCK_ROWS) {
      const ids = this.#space.u32("listBlocks");
      const at = (block * this.blockStride) / 4;
      for (let lane = 0; lane < Math.min(left, BLOCK_ROWS); lane++) {
        yield { row: ids[at + lane]!, place: block * BLOCK_ROWS + lane };
      }
      block = this.#space.u32("listNext")[block]!;
    }
  }

  /**
   * Gives rows their new numbers; those that get `kept` or more are taken out. The lists are laid out anew, each in one
   * stretch.
   */
  renumber(newSlotOfOld: Uint32Array, kept: number): void {
    const space = this.#space;
    const counts = space.u32("listCounts").slice();
    const starts = new Uint32Array(this.nlist + 1);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const order = new Uint32Array(total);
    const from = new Uint32Array(total);
    let n = 0;
    for (let l = 0; l < this.nlist; l++) {
      for (const { row, place } of this.rowsOf(l)) {
        if (newSlotOfOld[row]! >= kept) continue;
        order[n] = newSlotOfOld[row]!;
        from[n++] = place;
      }
      starts[l + 1] = n;
    }
    const { codec } = this.parts;
    if (codec !== undefined) {
      const old = space.u8("listBlocks").slice(0, this.#blocks * this.blockStride);
      space.set({ listOld: old.length });
      space.u8("listOld").set(old);
    }
    this.clear(kept);
    this.append(order.subarray(0, n), starts);
    if (codec !== undefined) this.#copyCodes(from, n);
    space.set({ listOld: 0, listParts: 0 });
  }

  #copyCodes(from: Uint32Array, n: number): void {
    const space = this.#space;
    const blocks = space.u8("listBlocks");
    for (let block = 0; block < this.#blocks; block++) {
      blocks.fill(0, block * this.blockStride + BLOCK_IDS, (block + 1) * this.blockStride);
    }
    const at = this.prepare(0);
    const { exports } = space.engine;
    let i = 0;
    for (let l = 0; l < this.nlist; l++) {
      for (const { place } of this.rowsOf(l)) exports.listsCopy(at, space.ptr("listOld"), from[i++]!, place);
    }
    if (i !== n) throw new RangeError("lists hold what was put into them");
  }

  /** The row that the code of a slot stands for. */
  decode(slot: number): Float32Array {
    const space = this.#space;
    const place = space.u32("listPlaces")[slot]!;
    space.atLeast("listDecoded", this.workBytes + 64);
    const out = space.ptr("listDecoded");
    space.engine.exports.listsDecode(this.prepare(), place, out);
    return space.f32("listDecoded").slice(0, this.parts.dimension);
  }

  /** Notes again where each row stands, after the lists were read from a file. */
  findPlaces(): void {
    if (!this.parts.places) return;
    const places = this.#space.u32("listPlaces");
    places.fill(NO_BLOCK);
    for (let l = 0; l < this.nlist; l++) for (const { row, place } of this.rowsOf(l)) places[row] = place;
  }
}
