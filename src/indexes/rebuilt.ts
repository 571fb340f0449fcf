import type { Key } from "./contract.ts";
import { liveFirst, type NewOrder } from "./rowIndex.ts";
import type { Tasks } from "./task.ts";
import { VectorIndex } from "./vectorIndex.ts";

/** Fewer rows than this are scanned: a structure over them would cost more than it saves. */
const LEAST_ROWS = 64;
/** Rows outside the structure, as a share of those inside, at which it is made anew. */
const TAIL_SHARE = 0.25;
const TAIL_LEAST = 256;

/**
 * An index whose structure is made for all rows at once. Rows added later wait behind it, in a tail that every
 * search scans, until there are enough of them for the structure to be made anew: adding costs as much as building
 * times a logarithm, whatever the size of the blocks.
 */
export abstract class RebuiltIndex<K extends Key = Key> extends VectorIndex<K> {
  #covered = 0;

  /** Rows 0 … covered are in the structure, the others in the tail; 0 while there is no structure. @internal */
  get covered(): number {
    return this.#covered;
  }

  /** Tasks that make the structure for rows 0 … end, replacing the one there is. */
  protected abstract rebuild(end: number, threads: number): Tasks<void>;
  /** Takes removed rows out of the structure and gives the others their new slots. */
  protected abstract renumberStructure(order: NewOrder): void;
  /** Rows from which a structure is made; fewer are scanned. */
  protected get leastRows(): number {
    return LEAST_ROWS;
  }

  protected *link(_first: number, end: number, threads: number): Tasks<void> {
    const tail = end - this.#covered;
    const due =
      this.#covered === 0 ? end >= this.leastRows : tail > Math.max(TAIL_LEAST, this.#covered * TAIL_SHARE);
    if (!due) return;
    // Until the new structure is whole, and for ever if it is abandoned, all rows are tail.
    this.#covered = 0;
    yield* this.rebuild(end, threads);
    this.#covered = end;
  }

  protected renumber(): NewOrder {
    const order = liveFirst(this.rows);
    let covered = 0;
    for (let slot = 0; slot < this.#covered; slot++) if (!this.rows.isRemoved(slot)) covered++;
    if (this.#covered > 0) this.renumberStructure(order);
    this.#covered = covered;
    return order;
  }

  protected orderAfterAdding(_first: number, _end: number): NewOrder | undefined {
    return undefined;
  }

  /** Says how many rows a structure read from a file holds. @internal */
  restoreCovered(covered: number): void {
    this.#covered = covered;
  }
}
