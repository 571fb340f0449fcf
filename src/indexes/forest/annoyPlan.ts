import { SPLIT_WORDS } from "./layout.ts";
import type { Trees } from "./trees.ts";

/** A node of Annoy's file that is no item. Children are planned nodes, or the complements of rows. */
export interface PlanNode {
  /** How many rows hang on it; a root says how many items there are. */
  readonly count: number;
  /** Rows of a leaf; undefined for a split. */
  readonly rows?: Uint32Array;
  readonly children: readonly number[];
  /** The split of ours that it is, −1 for one that a leaf is too large for. */
  readonly split: number;
  readonly plane?: { readonly normal: Float32Array; readonly offset: number };
  readonly bit?: number;
}

/** What nodes a file needs: leaves of at most K rows, and splits of more; the roots once more at its end. */
export class AnnoyPlan {
  readonly nodes: PlanNode[] = [];
  readonly #trees: Trees;
  readonly #K: number;
  readonly #items: number;
  readonly #begin: Uint32Array;
  readonly #end: Uint32Array;

  constructor(trees: Trees, K: number, items: number) {
    this.#trees = trees;
    this.#K = K;
    this.#items = items;
    const { splits } = trees.counts;
    this.#begin = new Uint32Array(splits);
    this.#end = new Uint32Array(splits);
    this.#measure();
    const refs = new Map<number, number>();
    // Children have larger numbers than what they hang on: backwards, they come first.
    const roots: PlanNode[] = [];
    const rootRefs = [...trees.space.u32("roots")].map((ref) => ref | 0);
    let last = splits - 1;
    for (const root of rootRefs.reverse()) {
      if (root >= 0) {
        for (; last > root; last--) this.#planSplit(last, refs);
        last = root - 1;
      }
      roots.unshift(this.#root(root, refs));
    }
    // As in files of Annoy's: trees of one leaf are all there once more; else the last root stands before the copies.
    this.nodes.push(...(items <= K ? roots : roots.slice(-1)), ...roots);
  }

  #range(ref: number): [number, number] {
    if (ref >= 0) return [this.#begin[ref]!, this.#end[ref]!];
    const leaves = this.#trees.space.u32("leaves");
    return [leaves[~ref]!, leaves[~ref + 1]!];
  }

  #sides(split: number): [number, number] {
    const words = this.#trees.space.u32("splits");
    return [words[split * SPLIT_WORDS]! | 0, words[split * SPLIT_WORDS + 1]! | 0];
  }

  /** Items below each split. */
  #measure(): void {
    for (let split = this.#begin.length - 1; split >= 0; split--) {
      const [first, second] = this.#sides(split);
      this.#begin[split] = this.#range(first)[0];
      this.#end[split] = this.#range(second)[1];
    }
  }

  /** Plans a split that holds more rows than a leaf may. */
  #planSplit(split: number, refs: Map<number, number>): void {
    const count = this.#end[split]! - this.#begin[split]!;
    if (count > this.#K) refs.set(split, this.#splitNode(split, count, refs));
  }

  /** Where one side is empty, rows having been removed, the other stands for the split. */
  #splitNode(split: number, count: number, refs: Map<number, number>): number {
    const children = this.#sides(split).map((side) => this.#ref(side, refs));
    const full = children.filter((child) => child !== undefined) as number[];
    if (full.length === 1) return full[0]!;
    return this.#push({ count, children: full, split });
  }

  /** The planned node for a reference of ours, undefined when no rows hang on it. */
  #ref(ref: number, refs: Map<number, number>): number | undefined {
    const [begin, end] = this.#range(ref);
    if (begin === end) return undefined;
    return refs.get(ref) ?? this.#leaf(this.#trees.space.u32("items").slice(begin, end));
  }

  #push(node: PlanNode): number {
    return this.nodes.push(node) - 1;
  }

  /** A leaf, or what a leaf of more than K rows is split into. */
  #leaf(rows: Uint32Array): number {
    if (rows.length === 1) return ~rows[0]!;
    if (rows.length <= this.#K) return this.#push({ count: rows.length, rows, children: [], split: -1 });
    return this.#push(this.#divided(rows));
  }

  /** Splits rows in halves by a plane between two that are far apart, or by a bit. */
  #divided(rows: Uint32Array): PlanNode {
    const cut = this.#trees.isBits ? bitCut(this.#trees, rows) : planeCut(this.#trees, rows);
    const { first, second, ...how } = cut;
    const children = [this.#leaf(first), this.#leaf(second)];
    return { count: rows.length, children, split: -1, ...how };
  }

  #root(ref: number, refs: Map<number, number>): PlanNode {
    const [begin, end] = this.#range(ref);
    const rows = this.#trees.space.u32("items").slice(begin, end);
    const count = this.#items;
    if (count <= this.#K) return { count, rows, children: [], split: -1 };
    if (rows.length === 1) {
      // A root of many numbers and one item is a split for Annoy: beside the item stands an empty leaf.
      const empty = this.#push({ count: 0, rows: new Uint32Array(0), children: [], split: -1 });
      return { count, children: [~rows[0]!, empty], split: -1 };
    }
    let at = ref;
    for (;;) {
      if (at < 0) return { ...this.#divided(rows), count };
      const sides = this.#sides(at).filter((side) => this.#range(side)[0] < this.#range(side)[1]);
      if (sides.length === 2) break;
      at = sides[0]!;
    }
    const children = this.#sides(at).map((side) => this.#ref(side, refs)!);
    return { count, children, split: at };
  }
}

interface Cut {
  readonly first: Uint32Array;
  readonly second: Uint32Array;
  readonly plane?: { readonly normal: Float32Array; readonly offset: number };
  readonly bit?: number;
}

const halves = (rows: Uint32Array): Cut => ({
  first: rows.slice(0, rows.length >> 1),
  second: rows.slice(rows.length >> 1),
});

/** By the direction from the first row to the farthest from it, at the middle row, or through the origin. */
function planeCut({ space, rows: store, splitKind }: Trees, rows: Uint32Array): Cut {
  const data = space.f32("vectors");
  const stride = store.rowBytes / 4;
  const component = (row: number, j: number): number => data[row * stride + j]!;
  const from = rows[0]!;
  let far = from;
  let most = 0;
  for (const row of rows) {
    let sum = 0;
    for (let j = 0; j < store.floats; j++) sum += (component(row, j) - component(from, j)) ** 2;
    if (sum > most) {
      most = sum;
      far = row;
    }
  }
  if (most === 0) return halves(rows);
  const normal = Float32Array.from(
    { length: store.floats },
    (_, j) => (component(far, j) - component(from, j)) / Math.sqrt(most),
  );
  const heights = Array.from(rows, (row) => {
    let sum = 0;
    for (let j = 0; j < store.floats; j++) sum += component(row, j) * normal[j]!;
    return { row, height: sum };
  }).sort((a, b) => a.height - b.height || a.row - b.row);
  const central = splitKind === 1;
  const positive = heights.findIndex(({ height }) => height > 0);
  const middle = central ? positive : heights.length >> 1;
  if (middle <= 0 || middle * 20 < heights.length || (heights.length - middle) * 20 < heights.length) {
    return halves(rows);
  }
  const offset = central ? 0 : -(heights[middle - 1]!.height + heights[middle]!.height) / 2;
  const sorted = Uint32Array.from(heights, ({ row }) => row);
  return { first: sorted.slice(0, middle), second: sorted.slice(middle), plane: { normal, offset } };
}

/** By the bit that splits most evenly. */
function bitCut({ space, rows: store }: Trees, rows: Uint32Array): Cut {
  const data = space.u8("vectors");
  const has = (row: number, bit: number): boolean =>
    ((data[row * store.rowBytes + (bit >> 3)]! >> (bit & 7)) & 1) === 1;
  let best = -1;
  let evenness = 0;
  for (let bit = 0; bit < store.options.dimension; bit++) {
    let ones = 0;
    for (const row of rows) ones += has(row, bit) ? 1 : 0;
    const even = Math.min(ones, rows.length - ones);
    if (even > evenness) {
      evenness = even;
      best = bit;
    }
  }
  if (best < 0) return halves(rows);
  return {
    first: rows.filter((row) => !has(row, best)),
    second: rows.filter((row) => has(row, best)),
    bit: best,
  };
}
