import { createRng } from "../core/index.ts";
import { pad16, type Space } from "../kernels/space.ts";
import type { Task, Tasks } from "../kernels/task.ts";

/** Rounds of k-means, from the first centroids on. */
export const ROUNDS = 20;
const TRAIN_ROWS = 1 << 14;
/** Products of one call: a few milliseconds. */
const CALL_PRODUCTS = 1 << 26;
const LEAST_TRAIN_ROWS = 1 << 12;
const STRUCT_BYTES = 64;

/** m parts of d components, ksub centroids each. */
export interface BookShape {
  readonly d: number;
  readonly m: number;
  readonly ksub: number;
}

/** Bytes of one part's codebook: half the squared norms of the centroids, then their components. */
export const bookBytes = ({ d, m, ksub }: BookShape): number => (1 + Math.ceil(d / m)) * ksub * 4;

/** Trains the codebooks of product quantization: k-means in each part, parts shared out among threads. */
export class BookTrainer {
  readonly #space: Space;
  readonly #shape: BookShape;
  readonly #sample: { readonly section: string; readonly rows: number; readonly stride: number };
  readonly #books: { readonly section: string; readonly at: number };
  readonly #threads: number;
  readonly #step: number;
  readonly #scratchBytes: number;

  constructor(
    space: Space,
    shape: BookShape,
    sample: { readonly section: string; readonly rows: number; readonly stride: number },
    books: { readonly section: string; readonly at: number },
    threads: number,
  ) {
    const { d, m, ksub } = shape;
    const widest = Math.ceil(d / m);
    const most = Math.max(
      LEAST_TRAIN_ROWS,
      Math.min(TRAIN_ROWS, Math.floor(CALL_PRODUCTS / (ksub * widest))),
    );
    this.#space = space;
    this.#shape = shape;
    this.#sample = sample;
    this.#books = books;
    this.#threads = threads;
    this.#step = Math.ceil(sample.rows / most);
    this.#scratchBytes = pad16(ksub * (8 * widest + 4));
    space.set({ codeTrain: STRUCT_BYTES + ksub * 4 + threads * this.#scratchBytes });
  }

  /** Rows that the centroids begin as, spread over the sample; of a sample smaller than the book, some twice. */
  pickFirst(seed: number): void {
    const { ksub } = this.#shape;
    const count = Math.ceil(this.#sample.rows / this.#step);
    const rng = createRng(seed, "pq");
    const first = this.#space.u32("codeTrain").subarray(STRUCT_BYTES >>> 2);
    for (let k = 0; k < ksub; k++) {
      const from = Math.floor((k * count) / ksub);
      const to = Math.max(from + 1, Math.floor(((k + 1) * count) / ksub));
      first[k] = Math.min(count - 1, from + rng.below(to - from));
    }
  }

  /** So many rounds; where they are to `start`, after one that makes the rows picked the centroids. */
  *rounds(rounds: number, start: boolean): Tasks<void> {
    const { m } = this.#shape;
    const first = start ? 0 : 1;
    for (let round = first; round <= rounds; round++) {
      yield {
        ...this.#task(round === 0 ? "pqStart" : "pqRound", this.#step),
        total: m,
        chunk: 1,
        phase: "codebooks",
        done: (round - first) * m,
        of: (rounds + 1 - first) * m,
      };
    }
  }

  /** Replaces all rows of the sample by what their codes stand for. */
  *snap(): Tasks<void> {
    const { rows } = this.#sample;
    yield { ...this.#task("pqSnap", 1), total: rows, chunk: 256, phase: "codebooks", done: 0, of: rows };
  }

  /** Gives the room back. */
  release(): void {
    this.#space.set({ codeTrain: 0 });
  }

  #task(fn: "pqStart" | "pqRound" | "pqSnap", step: number): Pick<Task, "fn" | "scratch" | "args"> {
    const space = this.#space;
    const { d, m, ksub } = this.#shape;
    const { section, rows, stride } = this.#sample;
    const ptr = space.ptr("codeTrain");
    const w = space.engine.u32;
    const at = ptr >>> 2;
    w[at] = d;
    w[at + 1] = m;
    w[at + 2] = ksub;
    w[at + 3] = space.ptr(this.#books.section) + this.#books.at;
    w[at + 4] = bookBytes(this.#shape);
    w[at + 5] = space.ptr(section);
    w[at + 6] = stride * step;
    w[at + 7] = Math.ceil(rows / step);
    w[at + 8] = ptr + STRUCT_BYTES;
    const scratch = ptr + STRUCT_BYTES + ksub * 4;
    return {
      fn,
      scratch: Array.from({ length: this.#threads }, (_, t) => scratch + t * this.#scratchBytes),
      args: [ptr],
    };
  }
}
