import type { Plan, StructureSearch } from "../plan.ts";
import type { WorkNeeds } from "../workbench.ts";
import { BLOCK_ROWS } from "./codec.ts";
import type { ListStore } from "./store.ts";

/** Keys among which the lists to look into are selected: twice as many, and some. */
const probeRoom = (nprobe: number): number => 2 * nprobe + 8;

/** How a search through lists runs. */
export class ListSearch implements StructureSearch {
  readonly fn = "listsQuery";
  readonly chunk = 4;
  readonly #lists: ListStore;
  readonly #scratch: (thread: number) => number;

  constructor(lists: ListStore, scratch: (thread: number) => number) {
    this.#lists = lists;
    this.#scratch = scratch;
  }

  room({ k, ef, rerank }: Plan): WorkNeeds {
    const { codec, copies } = this.#lists.parts;
    const most = Math.max(k, rerank) * copies;
    // Lists to look into, then candidates, and room to sort either.
    const candidates = codec === undefined ? 0 : 3 * most + 2 * BLOCK_ROWS;
    return {
      pool: probeRoom(ef) + Math.max(ef, candidates) + 8,
      pending: Math.max(most, BLOCK_ROWS),
      sorted: k + 1,
      code: this.#lists.room.bytes,
    };
  }

  prepare({ ef }: Plan): number {
    return this.#lists.prepare(probeRoom(ef));
  }

  scratch(t: number): number {
    return this.#scratch(t);
  }
}
