import { checkNames, oneOf, type RunOptions, VicinalError } from "../../core/index.ts";
import { saveBytes } from "../../persist/index.ts";
import type { Key } from "../contract.ts";
import { type AnnoyLayout, annoyLayout, type DotLayout, otherBit, THEIRS } from "./annoyLayout.ts";
import { AnnoyPlan, type PlanNode } from "./annoyPlan.ts";
import { RPForestIndex } from "./forest.ts";
import { SPLIT_WORDS } from "./layout.ts";

export interface WriteAnnoyOptions {
  /**
   * What becomes an item's number: the row's key, a whole number from 0 (the default; Annoy keeps a node for every
   * number up to the largest), or its place among the keys of the index.
   */
  ids?: "keys" | "order";
  /** Form of nodes with metric dot; default that of Annoy from 1.17.2 on. */
  dotLayout?: DotLayout;
}

/** Largest file, in bytes: what one buffer holds everywhere. */
const MOST_BYTES = 2 ** 32 - 2 ** 16;

/**
 * The index as a file that Annoy loads, with the same vectors and trees: `angular` for cosine (unit vectors),
 * `euclidean` for l2 and l2sq, `manhattan` for l1, `dot` for ip, `hamming`. What Annoy takes for a leaf is one here too:
 * subtrees of at most K rows become leaves (K is the dimension + 2, or a little more), and larger leaves are split. Rows
 * added or removed since the trees were grown make it grow trees of its own first.
 *
 * @throws VicinalError UNSUPPORTED (keys that are no item numbers), EMPTY_INDEX, LIMIT
 */
export function writeAnnoy<K extends Key>(
  index: RPForestIndex<K>,
  options: WriteAnnoyOptions = {},
): Uint8Array {
  checkNames(options, ["ids", "dotLayout"]);
  const { ids = "keys", dotLayout = "current" } = options;
  oneOf("ids", ids, ["keys", "order"]);
  oneOf("dotLayout", dotLayout, ["current", "older"]);
  index.requireIdle();
  if (index.size === 0) throw new VicinalError("EMPTY_INDEX", { what: "A file of Annoy's" });
  const layout = annoyLayout(THEIRS[index.rows.options.metric]!, index.dimension, dotLayout);
  const upToDate = index.covered === index.rows.rows && index.rows.removed === 0;
  const whole = upToDate ? index : regrown(index);
  try {
    const numbers =
      ids === "keys" ? keyNumbers(index) : Uint32Array.from({ length: index.size }, (_, i) => i);
    return encode(whole as unknown as RPForestIndex, layout, numbers);
  } finally {
    if (whole !== index) whole.close();
  }
}

/** Writes {@link writeAnnoy}'s bytes to a file, replacing it atomically. */
export async function saveAnnoy<K extends Key>(
  index: RPForestIndex<K>,
  path: string | URL,
  options: WriteAnnoyOptions & RunOptions = {},
): Promise<void> {
  const { signal, onProgress, ...own } = options;
  signal?.throwIfAborted();
  await saveBytes(writeAnnoy(index, own), path, {
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
}

/** The live rows, in order of their slots, with trees over all of them. */
function regrown<K extends Key>(index: RPForestIndex<K>): RPForestIndex<K> {
  const { rows, options } = index;
  const again = new RPForestIndex<K>({ ...options });
  again.growAlways();
  const live: (Float32Array | Uint8Array | Int8Array)[] = [];
  for (let slot = 0; slot < rows.rows; slot++) if (!rows.isRemoved(slot)) live.push(rows.vector(slot));
  again.add(live);
  return again;
}

/** Item numbers of the live rows, in order of their slots. */
function keyNumbers<K extends Key>(index: RPForestIndex<K>): Uint32Array {
  const { rows, keyTable } = index;
  const numbers = new Uint32Array(rows.live);
  let row = 0;
  for (let slot = 0; slot < rows.rows; slot++) {
    if (rows.isRemoved(slot)) continue;
    const key = keyTable.keyOf(slot);
    if (typeof key !== "number" || key < 0 || key >= 0x7fffffff) {
      throw new VicinalError("UNSUPPORTED", {
        what: `Key ${String(key)} in a file of Annoy's`,
        rule: 'its items are numbered from 0; pass { ids: "order" } to number them by their place',
      });
    }
    numbers[row++] = key;
  }
  return numbers;
}

function encode(index: RPForestIndex, layout: AnnoyLayout, numbers: Uint32Array): Uint8Array {
  const items = numbers.reduce((most, number) => Math.max(most, number), 0) + 1;
  const plan = new AnnoyPlan(index.trees, layout.K, items);
  const total = items + plan.nodes.length;
  const size = total * layout.nodeBytes;
  if (size > MOST_BYTES || total >= 0x7fffffff) {
    throw new VicinalError("LIMIT", {
      what: "The size of a file of Annoy's in bytes",
      got: size,
      limit: MOST_BYTES,
    });
  }
  const bytes = new Uint8Array(size);
  const writer = new NodeWriter(index, layout, bytes, numbers, items);
  numbers.forEach((number, row) => {
    writer.item(number, row);
  });
  plan.nodes.forEach((node, i) => {
    writer.node(items + i, node);
  });
  return bytes;
}

class NodeWriter {
  readonly #index: RPForestIndex;
  readonly #layout: AnnoyLayout;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #numbers: Uint32Array;
  readonly #items: number;

  constructor(
    index: RPForestIndex,
    layout: AnnoyLayout,
    bytes: Uint8Array,
    numbers: Uint32Array,
    items: number,
  ) {
    this.#index = index;
    this.#layout = layout;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
    this.#numbers = numbers;
    this.#items = items;
  }

  item(number: number, row: number): void {
    const { nodeBytes, vector, norm, factor, built } = this.#layout;
    const { rows, space } = this.#index;
    const at = number * nodeBytes;
    this.#view.setInt32(at, 1, true);
    if (this.#index.trees.isBits) {
      const width = Math.ceil(this.#index.dimension / 8);
      const from = space.ptr("vectors") + row * rows.rowBytes;
      this.#bytes.set(space.engine.u8.subarray(from, from + width), at + vector);
      return;
    }
    const from = (space.ptr("vectors") + row * rows.rowBytes) >>> 2;
    const x = space.engine.f32.subarray(from, from + rows.floats);
    let sum = 0;
    for (let j = 0; j < x.length; j++) sum += x[j]! * x[j]!;
    this.#floats(at + vector, x.subarray(0, this.#index.dimension));
    // Under inner product the component that was added is part of the norm, and makes it the same for all.
    if (factor !== undefined) this.#view.setFloat32(at + factor, x[x.length - 1]!, true);
    if (norm !== undefined) this.#view.setFloat32(at + norm, sum, true);
    if (built !== undefined) this.#view.setUint8(at + built, 1);
  }

  node(number: number, node: PlanNode): void {
    const { nodeBytes, children } = this.#layout;
    const at = number * nodeBytes;
    this.#view.setInt32(at, node.count, true);
    if (node.rows !== undefined) {
      node.rows.forEach((row, i) => {
        this.#view.setInt32(at + children + 4 * i, this.#numbers[row]!, true);
      });
      return;
    }
    node.children.forEach((child, side) => {
      const ref = child < 0 ? this.#numbers[~child]! : this.#items + child;
      this.#view.setInt32(at + children + 4 * side, ref, true);
    });
    if (node.split >= 0) this.#split(at, node.split);
    else if (node.plane !== undefined) this.#plane(at, node.plane.normal, node.plane.offset);
    else if (node.bit !== undefined)
      this.#view.setBigUint64(at + this.#layout.vector, BigInt(otherBit(node.bit)), true);
  }

  /** A split of the index's own. */
  #split(at: number, split: number): void {
    const { space, trees, rows } = this.#index;
    const words = space.u32("splits");
    const threshold = words[split * SPLIT_WORDS + 2]! | 0;
    if (trees.isBits) {
      const bit = BigInt(threshold < 0 ? 0 : otherBit(threshold));
      this.#view.setBigUint64(at + this.#layout.vector, bit, true);
      return;
    }
    const factor = space.f32("splits")[split * SPLIT_WORDS + 3]! / trees.step;
    const offsets = space.f32("planeOffsets");
    const plane = new Int8Array(
      space.engine.u8.buffer,
      space.ptr("planes") + split * trees.planeBytes,
      rows.floats,
    );
    const normal = new Float32Array(rows.floats);
    let through = trees.step * threshold;
    for (let j = 0; j < normal.length; j++) {
      normal[j] = plane[j]! * factor;
      through -= plane[j]! * offsets[j]!;
    }
    this.#plane(at, normal, factor * through);
  }

  #plane(at: number, normal: Float32Array, through: number): void {
    const { vector, factor, offset } = this.#layout;
    this.#floats(at + vector, normal.subarray(0, this.#index.dimension));
    if (factor !== undefined) this.#view.setFloat32(at + factor, normal[normal.length - 1]!, true);
    if (offset !== undefined) this.#view.setFloat32(at + offset, through, true);
  }

  #floats(at: number, values: Float32Array): void {
    for (let j = 0; j < values.length; j++) this.#view.setFloat32(at + 4 * j, values[j]!, true);
  }
}
