import type { Found } from "./lazyNeighbors.ts";

/** A binary heap of rows, nearest first; ties by slot. */
export class DistanceHeap {
  #distances: number[] = [];
  #slots: number[] = [];

  get size(): number {
    return this.#slots.length;
  }

  push(distance: number, slot: number): void {
    let i = this.#slots.length;
    this.#distances.push(distance);
    this.#slots.push(slot);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!this.#before(i, parent)) break;
      this.#swap(i, parent);
      i = parent;
    }
  }

  /** Takes the nearest out; the heap is not empty. */
  pop(): Found {
    const top = { distance: this.#distances[0]!, slot: this.#slots[0]! };
    const distance = this.#distances.pop()!;
    const slot = this.#slots.pop()!;
    const n = this.#slots.length;
    if (n > 0) {
      this.#distances[0] = distance;
      this.#slots[0] = slot;
      let i = 0;
      for (;;) {
        let least = i;
        for (const child of [2 * i + 1, 2 * i + 2]) {
          if (child < n && this.#before(child, least)) least = child;
        }
        if (least === i) break;
        this.#swap(i, least);
        i = least;
      }
    }
    return top;
  }

  #before(i: number, j: number): boolean {
    const difference = this.#distances[i]! - this.#distances[j]!;
    return difference < 0 || (difference === 0 && this.#slots[i]! < this.#slots[j]!);
  }

  #swap(i: number, j: number): void {
    [this.#distances[i], this.#distances[j]] = [this.#distances[j]!, this.#distances[i]!];
    [this.#slots[i], this.#slots[j]] = [this.#slots[j]!, this.#slots[i]!];
  }
}
