import type { Space } from "../../kernels/space.ts";
import type { Tasks } from "../../kernels/task.ts";

/** Rows in a section of a space: float32, zero from the dimension to the stride. */
export interface RowsInSpace {
  readonly section: string;
  /** Bytes before the first row; default 0. */
  readonly offset?: number;
  readonly rows: number;
  /** Bytes from one row to the next, a multiple of 16. */
  readonly stride: number;
}

/** What is said while rows choose. */
export interface Report {
  readonly phase: string;
  readonly done: number;
  readonly of: number;
  readonly adds?: number;
}

const GROUP = 8;
/** Rows that are packed together; calls take multiples of it. */
const PANEL = 48;
/** Products of a call: a few milliseconds. */
const CALL_PRODUCTS = 1 << 25;
const STRUCT_BYTES = 32;

/** Word of the Centroids struct (wasm/kmeans/layout.ts). */
const LONGEST = 7;

/**
 * Centroids in the memory of a space, as rows and packed for products with many rows at once, and the choice of the nearest
 * one. Its sections begin with the name it is given.
 */
export class CentroidTable {
  readonly dimension: number;
  /** Bytes of a centroid, like those of the rows that choose. */
  readonly stride: number;
  readonly ip: boolean;
  readonly #space: Space;
  readonly #name: string;
  #k = 0;

  constructor(space: Space, name: string, shape: { dimension: number; stride: number; ip: boolean }) {
    this.#space = space;
    this.#name = name;
    this.dimension = shape.dimension;
    this.stride = shape.stride;
    this.ip = shape.ip;
    space.set({
      [`${name}Struct`]: STRUCT_BYTES,
      [`${name}Choice`]: 32,
      [`${name}Bias`]: 0,
      ...this.sizes(),
    });
  }

  get k(): number {
    return this.#k;
  }

  /** Section of the centroids as rows. */
  get section(): string {
    return `${this.#name}Rows`;
  }

  sizes(k: number = this.#k): Record<string, number> {
    const places = packedGroups(k) * GROUP;
    return {
      [`${this.#name}Rows`]: k * this.stride,
      [`${this.#name}Packed`]: places * this.dimension * 4,
      [`${this.#name}Terms`]: places * 4,
    };
  }

  /** Makes room for k centroids, whose values are the caller's to set. */
  setCount(k: number): void {
    this.#k = k;
    this.#space.set(this.sizes());
  }

  /** Says how many there will be, before sections are laid out. */
  expectCount(k: number): void {
    this.#k = k;
  }

  /** Bytes of a thread's scratch. */
  get scratchBytes(): number {
    return Math.ceil(this.#space.engine.exports.kmeansScratchBytes(this.dimension) / 64) * 64;
  }

  /** Refreshes the struct; returns its address. */
  prepare(): number {
    const s = this.#space;
    const at = s.ptr(`${this.#name}Struct`);
    const words = [s.ptr(this.section), this.stride, this.dimension, this.#k, this.ip ? 1 : 0];
    s.engine.u32.set([...words, s.ptr(`${this.#name}Packed`), s.ptr(`${this.#name}Terms`)], at >>> 2);
    return at;
  }

  /** Packs the centroids as their rows are now. */
  pack(): void {
    const { engine } = this.#space;
    const at = this.prepare();
    engine.f32[(at >>> 2) + LONGEST] = 0;
    const groups = packedGroups(this.#k);
    const chunk = Math.max(1, Math.floor((1 << 18) / this.dimension));
    for (let g = 0; g < groups; g += chunk) engine.exports.kmeansPack(0, at, g, Math.min(g + chunk, groups));
  }

  /** Fills the Choice struct for these rows; sections of what they choose have room for them. Returns its address. */
  choice(
    rows: RowsInSpace,
    sections: { chosen: string; ranks: string; order?: string; starts?: string },
  ): number {
    const s = this.#space;
    const at = s.ptr(`${this.#name}Choice`);
    const { chosen, ranks, order, starts } = sections;
    s.engine.u32.set(
      [
        s.ptr(rows.section) + (rows.offset ?? 0),
        rows.stride,
        s.ptr(chosen),
        s.ptr(ranks),
        order === undefined ? 0 : s.ptr(order),
        starts === undefined ? 0 : s.ptr(starts),
      ],
      at >>> 2,
    );
    return at;
  }

  /**
   * Each row's nearest centroid (the first of equals, by strict ranks) to section `chosen`, its strict rank to
   * `ranks`. `scratch` names a section with {@link scratchBytes} a thread. Centroids are packed.
   */
  *choose(
    rows: RowsInSpace,
    sections: { chosen: string; ranks: string },
    scratch: string,
    threads: number,
    report: Report,
  ): Tasks<void> {
    const perCall = Math.floor(CALL_PRODUCTS / (Math.max(1, this.#k) * this.dimension) / PANEL) * PANEL;
    yield {
      fn: "kmeansChoose",
      scratch: threadAddresses(this.#space.ptr(scratch), this.scratchBytes, threads),
      args: [this.prepare(), this.choice(rows, sections)],
      total: rows.rows,
      chunk: Math.max(PANEL, perCall),
      ...report,
    };
  }
}

/** Groups that are packed: a search looks at four at a time. */
const packedGroups = (k: number): number => Math.ceil(k / (4 * GROUP)) * 4;

export function threadAddresses(first: number, bytes: number, threads: number): number[] {
  return Array.from({ length: threads }, (_, t) => first + t * bytes);
}
