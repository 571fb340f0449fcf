import type { Fail } from "../kind.ts";
import type { AnnoyLayout } from "./annoyLayout.ts";
import { addLeaf, addSplit, emptyTopology, type Topology } from "./topology.ts";

/** Annoy's file, read and checked: which nodes are what. */
export interface AnnoyNodes {
  /** Numbers of the items that are there, ascending: the row of each is its place here. */
  readonly present: Uint32Array;
  readonly topology: Topology;
  /** Rows of the leaves, tree after tree. */
  readonly items: Uint32Array;
  /** Node of each split of the topology. */
  readonly splits: readonly number[];
}

/** No tree of more levels than this has ever been grown: a split leaves at most 99 % on one side. */
const MOST_LEVELS = 5000;
const MOST_TREES = 1000;

/**
 * Finds the trees in the bytes of Annoy's file. Nothing in it is believed: every child must be a node, every tree must
 * hold every item once. What a kind of node does not use is never looked at.
 */
export function parseAnnoy(bytes: Uint8Array, layout: AnnoyLayout, fail: Fail): AnnoyNodes {
  return new Parser(bytes, layout, fail).parse();
}

class Parser {
  readonly #view: DataView;
  readonly #layout: AnnoyLayout;
  readonly #fail: Fail;
  readonly #nodes: number;
  #items = 0;

  constructor(bytes: Uint8Array, layout: AnnoyLayout, fail: Fail) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#layout = layout;
    this.#fail = fail;
    const { nodeBytes } = layout;
    if (bytes.length === 0 || bytes.length % nodeBytes !== 0) {
      fail(
        `its size is a multiple of ${nodeBytes} bytes, as this metric and dimension say`,
        `${bytes.length}`,
      );
    }
    this.#nodes = bytes.length / nodeBytes;
  }

  /** How many items hang on a node. */
  #count(node: number): number {
    return this.#view.getInt32(node * this.#layout.nodeBytes, true);
  }

  #child(node: number, i: number): number {
    return this.#view.getInt32(node * this.#layout.nodeBytes + this.#layout.children + 4 * i, true);
  }

  parse(): AnnoyNodes {
    this.#items = this.#count(this.#nodes - 1);
    if (this.#items < 1 || this.#items >= this.#nodes) {
      this.#fail("its last node is a root over items that are there", `${this.#items} items`);
    }
    const present = this.#present();
    const roots = this.#roots();
    if (roots.length > MOST_TREES) this.#fail(`it has at most ${MOST_TREES} trees`, `${roots.length}`);
    const rowOf = new Map<number, number>();
    if (present.length < this.#items) {
      present.forEach((item, row) => {
        rowOf.set(item, row);
      });
    }
    const topology = emptyTopology();
    const items = new Uint32Array(roots.length * present.length);
    const splits: number[] = [];
    const met = new Uint8Array(this.#nodes);
    roots.forEach((root, t) => {
      const from = t * present.length;
      const walk = new Walk(this.#fail, items, from, present.length, this.#items, rowOf);
      topology.roots.push(this.#walk(root, present.length, walk, topology, splits, met));
      walk.finish();
    });
    return { present, topology, items, splits };
  }

  /** Items that were never added are zeros, down to their count. */
  #present(): Uint32Array {
    const present: number[] = [];
    for (let item = 0; item < this.#items; item++) {
      const count = this.#count(item);
      if (count !== 0 && count !== 1)
        this.#fail("its items come first, one a node", `${count} in node ${item}`);
      if (count === 1) present.push(item);
    }
    if (present.length === 0) this.#fail("it has items");
    return Uint32Array.from(present);
  }

  /** Copies of all roots end the file; before them stands what they are copies of. */
  #roots(): number[] {
    let first = this.#nodes;
    while (first > this.#items && this.#count(first - 1) === this.#items) first--;
    const all = Array.from({ length: this.#nodes - first }, (_, i) => first + i);
    const half = all.length / 2;
    // Where all trees are single leaves, all of them end the file, and their copies.
    const twice = this.#items <= this.#layout.K && Number.isInteger(half);
    if (twice && all.slice(0, half).every((root, i) => this.#same(root, all[half + i]!)))
      return all.slice(half);
    const again = all.length > 1 && this.#child(all[0]!, 0) === this.#child(all[all.length - 1]!, 0);
    return again ? all.slice(1) : all;
  }

  #same(a: number, b: number): boolean {
    for (let i = 0; i < this.#items; i++) if (this.#child(a, i) !== this.#child(b, i)) return false;
    return true;
  }

  /** Takes a tree over, first sides first; returns the reference of its root. */
  #walk(
    root: number,
    rows: number,
    walk: Walk,
    topology: Topology,
    splits: number[],
    met: Uint8Array,
  ): number {
    const nodes = [root];
    const places = [-1];
    const levels = [0];
    let rootRef = 0;
    while (nodes.length > 0) {
      const node = nodes.pop()!;
      const place = places.pop()!;
      const level = levels.pop()!;
      if (!(node >= 0 && node < this.#nodes)) this.#fail("children are nodes of the file", `${node}`);
      if (level > MOST_LEVELS) this.#fail(`trees have at most ${MOST_LEVELS} levels`);
      const begin = walk.at;
      let ref: number;
      const count = node < this.#items ? 1 : this.#count(node);
      if (count < 0 || count > this.#items) this.#fail("no node holds more than all items", `${count}`);
      if (node >= this.#items) {
        if (met[node]) this.#fail("a node hangs on one other", `${node}`);
        met[node] = 1;
      }
      if (count <= this.#layout.K || node < this.#items) {
        if (node < this.#items) walk.take(node);
        // A root says that it holds all items, also those that were never added.
        else for (let i = 0; i < Math.min(count, rows); i++) walk.take(this.#child(node, i));
        ref = addLeaf(topology, begin, walk.at);
      } else {
        ref = addSplit(topology);
        splits.push(node);
        nodes.push(this.#child(node, 1), this.#child(node, 0));
        places.push(2 * ref + 1, 2 * ref);
        levels.push(level + 1, level + 1);
      }
      if (place < 0) rootRef = ref;
      else topology.children[place] = ref;
    }
    return rootRef;
  }
}

/** Gathers the rows of one tree. */
class Walk {
  readonly #fail: Fail;
  readonly #items: Uint32Array;
  readonly #end: number;
  readonly #known: number;
  readonly #rowOf: ReadonlyMap<number, number>;
  readonly #met: Uint8Array;
  at: number;

  constructor(
    fail: Fail,
    items: Uint32Array,
    from: number,
    rows: number,
    known: number,
    rowOf: ReadonlyMap<number, number>,
  ) {
    this.#fail = fail;
    this.#items = items;
    this.at = from;
    this.#end = from + rows;
    this.#known = known;
    this.#rowOf = rowOf;
    this.#met = new Uint8Array(rows);
  }

  take(item: number): void {
    const row = this.#rowOf.size === 0 && item >= 0 && item < this.#known ? item : this.#rowOf.get(item);
    if (row === undefined) this.#fail("trees hold items that are there", `item ${item}`);
    if (this.#met[row!] === 1 || this.at === this.#end)
      this.#fail("a tree holds an item once", `item ${item}`);
    this.#met[row!] = 1;
    this.#items[this.at++] = row!;
  }

  finish(): void {
    if (this.at !== this.#end) this.#fail("every tree holds every item", `${this.#end - this.at} fewer`);
  }
}
