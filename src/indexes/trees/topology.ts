import type { RowStore } from "../rows.ts";
import { scanScorer } from "../scorers.ts";
import type { Space } from "../space.ts";
import { SCAN_SCORERS } from "../structs.ts";
import type { Tasks } from "../task.ts";
import type { Workbench } from "../workbench.ts";

/** How rows are split: at the middle of their widest side, or into halves along it. */
export const SPLITS = ["midpoint", "median"] as const;
export type Split = (typeof SPLITS)[number];

/** u32 words of a node (wasm/trees/layout.ts): four children, four begins, four ends. */
export const NODE_WORDS = 12;
export const NO_NODE = 0xffff_ffff;

const BUILD_BYTES = 64;
const PIECE_WORDS = 4;
/** About so many ranges are made into subtrees on their own, by any thread. */
const PIECES = 64;
/** Fewer rows than this in a range are not worth a piece. */
const PIECE_ROWS = 1024;

/** A range of positions, and what stands for it: nodes above the pieces, a piece's number, or nothing: a leaf. */
interface Range {
  readonly begin: number;
  readonly end: number;
  readonly below: readonly Range[] | number | undefined;
}

/**
 * Who is below what in an exact tree of nodes with up to four children: section "treeNodes", parents before children,
 * positions in order. Rows are split in WebAssembly, subtrees by any number of threads with one outcome.
 */
export class TreeTopology {
  readonly #space: Space;
  readonly #rows: RowStore;
  readonly #bench: Workbench;
  #count = 0;

  constructor(space: Space, rows: RowStore, bench: Workbench) {
    this.#space = space;
    this.#rows = rows;
    this.#bench = bench;
    space.set({ treeBuild: BUILD_BYTES, treeNodes: 0, treePerm: 0, treePieces: 0, treeRough: 0 });
  }

  /** Nodes. */
  get count(): number {
    return this.#count;
  }

  /** Bytes of section "treeNodes". */
  get bytes(): number {
    return this.#count * NODE_WORDS * 4;
  }

  /** The nodes' words. */
  get words(): Uint32Array {
    return this.#space.u32("treeNodes").subarray(0, this.#count * NODE_WORDS);
  }

  /** Says how many nodes there will be in section "treeNodes". */
  expect(count: number): void {
    this.#count = count;
  }

  /**
   * Tasks that make the tree of rows 0 … end. Rows stay where they are: section "treePerm" says which slot belongs at
   * which position.
   */
  *build(end: number, threads: number, leafSize: number, split: Split): Tasks<void> {
    const space = this.#space;
    const least = Math.max(1, leafSize >> 2);
    this.#bench.ensure(threads, { code: 2 * this.#rows.rowBytes });
    space.set({ treePerm: end * 4, treeRough: 0 });
    const perm = space.u32("treePerm");
    for (let i = 0; i < end; i++) perm[i] = i;
    const writeBuild = (): number => this.#writeBuild(leafSize, least, split);

    const pieces: [begin: number, end: number][] = [];
    const root = this.#plan(
      writeBuild(),
      0,
      end,
      Math.max(PIECE_ROWS, leafSize, Math.ceil(end / PIECES)),
      pieces,
    );
    // A node has two leaves below it or is one of rows that are all the same: no more nodes than leaves.
    const most = pieces.map(([from, to]) => Math.ceil((to - from) / least) + 1);
    space.set({
      treePieces: pieces.length * PIECE_WORDS * 4,
      treeRough: most.reduce((sum, nodes) => sum + nodes, 0) * NODE_WORDS * 4,
    });
    let firstNode = 0;
    pieces.forEach(([from, to], i) => {
      space.u32("treePieces").set([from, to, firstNode, 0], i * PIECE_WORDS);
      firstNode += most[i]!;
    });
    const args = [writeBuild()];
    const scratch = Array.from({ length: threads }, (_, t) => this.scratch(t));
    yield {
      fn: "growPieces",
      scratch,
      args,
      total: pieces.length,
      chunk: 1,
      phase: "split",
      done: 0,
      of: end,
      adds: end,
    };
    this.#assemble(root);
    space.set({ treePieces: 0, treeRough: 0 });
  }

  /** Splits a range until its parts are pieces. */
  #plan(
    build: number,
    begin: number,
    end: number,
    most: number,
    pieces: [number, number][],
    depth = 0,
  ): Range {
    if (end - begin <= most) {
      pieces.push([begin, end]);
      return { begin, end, below: pieces.length - 1 };
    }
    const { exports } = this.#space.engine;
    const scratch = this.scratch(0);
    const halves = (from: number, to: number, at: number): [number, number][] => {
      const middle = exports.splitRange(scratch, build, from, to, at) >>> 0;
      const parts: [number, number][] = [
        [from, middle],
        [middle, to],
      ];
      return middle === from ? [[from, to]] : parts;
    };
    const two = halves(begin, end, depth);
    if (two.length === 1) return { begin, end, below: [{ begin, end, below: undefined }] };
    const four = two.flatMap(([from, to]) =>
      to - from <= most ? [[from, to] as const] : halves(from, to, depth + 1),
    );
    return {
      begin,
      end,
      below: four.map(([from, to]) => this.#plan(build, from, to, most, pieces, depth + 2)),
    };
  }

  #writeBuild(leafSize: number, least: number, split: Split): number {
    const space = this.#space;
    const { rowBytes } = this.#rows;
    const ptr = space.ptr("treeBuild");
    const w = space.engine.u32;
    const at = ptr >>> 2;
    w[at] = space.ptr("vectors");
    w[at + 1] = rowBytes;
    w[at + 2] = rowBytes;
    w[at + 3] = space.ptr("treePerm");
    w[at + 4] = space.ptr("treeRough");
    w[at + 5] = space.ptr("treePieces");
    w[at + 6] = leafSize;
    w[at + 7] = least;
    w[at + 8] = SPLITS.indexOf(split);
    return ptr;
  }

  /** Prepares thread t's scratch: candidates are ranked as by a scan. */
  scratch(t: number): number {
    const { name, fields } = scanScorer(this.#space, this.#rows);
    return this.#bench.prepare(t, SCAN_SCORERS[name], fields);
  }

  /** Puts the nodes above the pieces and those of the pieces into one list. */
  #assemble(root: Range): void {
    const space = this.#space;
    const pieces = space.u32("treePieces").slice();
    let inner = 0;
    const countInner = ({ below }: Range): void => {
      if (typeof below !== "object") return;
      inner++;
      below.forEach(countInner);
    };
    countInner(root);
    let count = inner;
    for (let i = 0; i < pieces.length; i += PIECE_WORDS) count += pieces[i + 3]!;
    this.#count = count;
    space.set({ treeNodes: this.bytes });
    const to = space.u32("treeNodes");
    const rough = space.u32("treeRough");
    let next = 0;
    const place = ({ end, below }: Range): number => {
      if (below === undefined) return NO_NODE;
      if (typeof below === "number") {
        const [, , from, nodes] = pieces.subarray(below * PIECE_WORDS, (below + 1) * PIECE_WORDS);
        const first = next;
        next += nodes!;
        to.set(rough.subarray(from! * NODE_WORDS, (from! + nodes!) * NODE_WORDS), first * NODE_WORDS);
        for (let node = first; node < next; node++) {
          for (let at = node * NODE_WORDS; at < node * NODE_WORDS + 4; at++) {
            if (to[at] !== NO_NODE) to[at] = to[at]! - from! + first;
          }
        }
        return first;
      }
      const node = next++;
      for (let c = 0; c < 4; c++) {
        const child = below[c];
        setChild(
          to,
          node,
          c,
          child === undefined ? NO_NODE : place(child),
          child?.begin ?? end,
          child?.end ?? end,
        );
      }
      return node;
    };
    place(root);
  }

  /**
   * Takes positions out: position p becomes before[p], the number of positions kept before it. Nodes and children that
   * held nothing else are gone.
   */
  compress(before: Uint32Array): void {
    const from = this.words.slice();
    const to = this.#space.u32("treeNodes");
    let next = 0;
    const copy = (node: number): number => {
      const at = next++;
      let c = 0;
      let last = 0;
      const kept: [child: number, begin: number, end: number][] = [];
      for (let i = 0; i < 4; i++) {
        const [child, begin, end] = childOf(from, node, i);
        last = before[end]!;
        if (before[begin]! < last) kept.push([child, before[begin]!, last]);
      }
      for (const [child, begin, end] of kept) {
        setChild(to, at, c++, child === NO_NODE ? NO_NODE : copy(child), begin, end);
      }
      for (; c < 4; c++) setChild(to, at, c, NO_NODE, last, last);
      return at;
    };
    if (this.#count > 0) copy(0);
    this.#count = next;
    this.#space.set({ treeNodes: this.bytes });
  }

  /** Levels of nodes. */
  depth(): number {
    const { words } = this;
    const depths = new Uint32Array(this.#count).fill(1);
    for (let node = this.#count - 1; node >= 0; node--) {
      for (let c = 0; c < 4; c++) {
        const child = words[node * NODE_WORDS + c]!;
        if (child !== NO_NODE) depths[node] = Math.max(depths[node]!, 1 + depths[child]!);
      }
    }
    return depths[0] ?? 0;
  }

  /** Checks nodes from a file, so that every search ends within them and sees each of `covered` rows once. */
  check(covered: number, most: number, fail: (rule: string, got?: string) => never): void {
    const { words } = this;
    const ends = new Int32Array(this.#count).fill(-1);
    const begins = new Int32Array(this.#count).fill(-1);
    const levels = new Uint8Array(this.#count);
    if (this.#count === 0) fail("a tree has nodes");
    [begins[0], ends[0]] = [0, covered];
    for (let node = 0; node < this.#count; node++) {
      if (begins[node]! < 0) fail("each node of the tree is below another", `node ${node}`);
      let at = begins[node]!;
      for (let c = 0; c < 4; c++) {
        const [child, begin, end] = childOf(words, node, c);
        if (begin !== at || end < begin || end > ends[node]!)
          fail("children of a tree share their parent's rows", `node ${node}`);
        at = end;
        if (child === NO_NODE) continue;
        if (child <= node || child >= this.#count || begins[child] !== -1 || begin === end) {
          fail("each node of a tree is below one before it", `node ${node}`);
        }
        [begins[child], ends[child]] = [begin, end];
        levels[child] = levels[node]! + 1;
        if (levels[child]! >= most) fail(`a tree has at most ${most} levels`);
      }
      if (at !== ends[node]!) fail("children of a tree share their parent's rows", `node ${node}`);
    }
  }
}

/** Child c of a node: its node, or NO_NODE, and its range. */
export function childOf(
  words: Uint32Array,
  node: number,
  c: number,
): [child: number, begin: number, end: number] {
  const at = node * NODE_WORDS + c;
  return [words[at]!, words[at + 4]!, words[at + 8]!];
}

function setChild(
  words: Uint32Array,
  node: number,
  c: number,
  child: number,
  begin: number,
  end: number,
): void {
  const at = node * NODE_WORDS + c;
  words[at] = child;
  words[at + 4] = begin;
  words[at + 8] = end;
}
