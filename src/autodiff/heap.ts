import type { Address, Kernels } from "./kernels.ts";

/** Elements between starts of arrays: a cache line of float32. */
const ALIGN = 16;
/** Elements of a block for a step's arrays; larger arrays get a block of their own. */
const BLOCK = 1 << 20;

interface Block {
  readonly start: Address;
  readonly size: number;
}

/** A place to come back to: see {@link Heap.mark}. */
export interface Mark {
  readonly block: number;
  readonly used: number;
}

/**
 * Hands out elements of the kernels' heap: some for good (parameters), others until the end of a step, from
 * blocks that the next step uses again.
 */
export class Heap {
  readonly #kernels: Kernels;
  #end: Address;
  #blocks: Block[] = [];
  /** The block in use, and elements of it that are taken. */
  #block = 0;
  #used = 0;

  constructor(kernels: Kernels) {
    this.#kernels = kernels;
    this.#end = kernels.firstAddress;
  }

  /** Room that stays, zeroed. Throws OUT_OF_MEMORY. */
  keep(elements: number): Address {
    const address = this.#extend(elements);
    this.#kernels.fill(address, elements, 0);
    return address;
  }

  /** Room until {@link release}; holds anything. Throws OUT_OF_MEMORY. */
  take(elements: number): Address {
    const size = Math.max(ALIGN, Math.ceil(elements / ALIGN) * ALIGN);
    while (this.#block < this.#blocks.length) {
      const block = this.#blocks[this.#block]!;
      if (this.#used + size <= block.size) {
        this.#used += size;
        return block.start + this.#used - size;
      }
      this.#block++;
      this.#used = 0;
    }
    const length = Math.max(size, BLOCK);
    this.#blocks.push({ start: this.#extend(length), size: length });
    this.#used = size;
    return this.#blocks.at(-1)!.start;
  }

  mark(): Mark {
    return { block: this.#block, used: this.#used };
  }

  /** Lets go of everything taken since. */
  release(mark: Mark = { block: 0, used: 0 }): void {
    this.#block = mark.block;
    this.#used = mark.used;
  }

  /** Elements handed out or held ready. */
  get size(): number {
    return this.#end;
  }

  #extend(elements: number): Address {
    const start = this.#end;
    const end = start + Math.ceil(elements / ALIGN) * ALIGN;
    this.#kernels.reserve(end);
    this.#end = end;
    return start;
  }
}
