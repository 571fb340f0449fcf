import type { SavedSection } from "../snapshot.ts";
import type { Tasks } from "../task.ts";

/** Rows whose codes lie together; every count of codes is in blocks of this many. */
export const BLOCK_ROWS = 32;

/** Rows that codes are trained on: a sample, turned if the index turns its rows. */
export interface CodeSample {
  readonly rows: number;
  /** Bytes from one row to the next: a multiple of 16, zero beyond the dimension. */
  readonly stride: number;
  /** Name of the section with the rows, float32. */
  readonly vectors: string;
  /** Name of the section with what is left of them after their centroids; `vectors` itself where codes are not residual. */
  readonly residuals: string;
  /** Name of the section with the centroids, like rows; empty where there is one list without a centroid. */
  readonly centroids: string;
  readonly nlist: number;
  /** Name of the section with each row's list, u32; empty where there is one list without a centroid. */
  readonly lists: string;
  readonly threads: number;
}

/**
 * How rows in lists are coded. The loops are in wasm/lists/codec.ts, by `kind`; this side trains, lays out and saves. All
 * that a codec knows stands in sections of the space whose names begin with "code"; they may move whenever one grows.
 */
export interface ListCodec {
  /** Canonical word of the specification, such as `PQ16x4fs`. */
  readonly word: string;
  /** The case of the switches in wasm/lists/codec.ts. */
  readonly kind: number;
  /** Bytes of the codes of a block of {@link BLOCK_ROWS} rows; a multiple of 16. */
  readonly blockBytes: number;
  /** Codes are of row − centroid, or otherwise depend on the list they stand in. */
  readonly residual: boolean;
  /** Scans can say what no row's true rank can be below, so that only rows which may be answers are compared themselves. */
  readonly bounded: boolean;
  /** Rows it takes to train. */
  readonly leastRows: number;
  /** Bytes that a thread needs for the tables of a query, a multiple of 16. */
  readonly tableBytes: number;
  /** Bytes that a thread needs while it encodes or decodes rows, a multiple of 16. */
  readonly workBytes: number;
  /** Bytes of its own sections, right for its options and number of lists before and after training. */
  sizes(): Record<string, number>;
  /** Those of its sections that belong in a file, in order; all it needs to go on must be in them. */
  readonly saved: readonly SavedSection[];
  /** Tasks that learn from the sample; the outcome must not depend on the number of threads. */
  train(sample: CodeSample): Tasks<void>;
  /** Refreshes the codec's struct, a subclass of Codec in wasm/lists/codec.ts; returns its address. */
  prepare(): number;
  /** Checks sections read from a file, so that no search can leave its memory or find numbers that are none. */
  check(fail: (rule: string, got?: string) => never): void;
}

/** Learns a rotation of rows that suits codes of m parts (OPQ), before anything else is trained. */
export type TurnTrainer = (
  sample: Pick<CodeSample, "rows" | "stride" | "vectors" | "threads">,
  options: { readonly m: number; readonly from: number; readonly to: number; readonly seed: number },
  /** Section for the rotation: `to` rows of `stride` bytes like those of the sample; component j is the product with row j. */
  into: string,
) => Tasks<void>;
