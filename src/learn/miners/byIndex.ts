import {
  createRng,
  type Metric,
  matrix,
  type RunOptions,
  resolveOptions,
  VicinalError,
  wholeNumber,
} from "../../core/index.ts";
import { create, type Index } from "../../indexes/index.ts";
import { type BatchLabels, codesOf, type Triplets } from "../losses/tuples.ts";
import { batchRows, type Embeddings } from "./distances.ts";

export interface MinedByIndexOptions extends RunOptions {
  /** Specification of the index to build, default `HNSW16`; `Flat` is exact. */
  spec?: string;
  /** Default l2. */
  metric?: Metric;
  /** An index that holds the embeddings under their row numbers, instead of a new one. */
  index?: Index<number>;
  /** Neighbours looked at for each anchor, default 20: where none is of another class, the anchor gives nothing. */
  k?: number;
  /** Nearest negatives taken for each anchor, at most; default 1. */
  negatives?: number;
  /** Nearest rows of other classes to pass over first, as they may be wrongly labelled; default 0. */
  skip?: number;
  /** Rows to be anchors; default all. */
  anchors?: ArrayLike<number>;
  /** Whole number, default 1: draws the positive of each triplet. */
  seed?: number;
  /** Worker threads, default 1. */
  threads?: number;
}

const DEFAULTS: MinedByIndexOptions &
  Required<Pick<MinedByIndexOptions, "spec" | "metric" | "k" | "negatives" | "skip" | "seed" | "threads">> = {
  spec: "HNSW16",
  metric: "l2",
  index: undefined as never,
  k: 20,
  negatives: 1,
  skip: 0,
  anchors: undefined as never,
  seed: 1,
  threads: 1,
  signal: undefined as never,
  onProgress: undefined as never,
};

const BATCH = 256;

/**
 * Hard negatives of a whole set, not only of a batch: an index over all current embeddings tells each anchor's nearest
 * rows of other classes; the positive is drawn among its class. Mine anew every few epochs, as embeddings move.
 *
 * @param embeddings shape n × d, all rows of the set
 * @returns triplets of row numbers of the set
 * @throws VicinalError BAD_INPUT, NOT_FINITE, OPTION_UNKNOWN, OPTION_RANGE
 * @remarks one build of the index and one search for k neighbours an anchor
 */
export async function minedByIndex(
  embeddings: Embeddings,
  labels: BatchLabels,
  given: MinedByIndexOptions = {},
): Promise<Triplets> {
  const options = resolveOptions(DEFAULTS, given);
  const { skip, threads, signal, onProgress } = options;
  const most = wholeNumber("negatives", options.negatives, 1, 0x7fffffff);
  wholeNumber("skip", skip, 0, 0x7fffffff);
  wholeNumber("seed", options.seed, 0, Number.MAX_SAFE_INTEGER);
  if (options.index !== undefined && typeof options.index?.searchAsync !== "function") {
    throw new VicinalError("OPTION_RANGE", {
      option: "index",
      got: options.index,
      rule: "an index of these rows",
    });
  }
  const { data, rows, cols } = batchRows(embeddings);
  const codes = codesOf(labels, rows);
  const members = classMembers(codes);
  const anchors = Array.from(options.anchors ?? codes.keys(), (row) =>
    wholeNumber("anchor", row, 0, rows - 1),
  );
  const all = matrix(Float32Array.from(data), Math.max(1, cols), rows);
  const index = options.index ?? (await built(all, options));
  const rng = createRng(options.seed, "positives of mined triplets");
  const triplets: number[] = [];
  try {
    const k = Math.min(rows, wholeNumber("k", options.k, 1, 0x7fffffff) + 1);
    for (let from = 0; from < anchors.length && rows > 1; from += BATCH) {
      onProgress?.({ phase: "mine", done: from, total: anchors.length });
      const some = anchors.slice(from, from + BATCH);
      const queries = new Float32Array(some.length * cols);
      for (const [i, a] of some.entries()) queries.set(all.data.subarray(a * cols, (a + 1) * cols), i * cols);
      const found = await index.searchAsync(matrix(queries, cols, some.length), { k, threads, signal });
      for (const [i, a] of some.entries()) {
        const others = members[codes[a]!]!;
        if (others.length < 2) continue;
        const far = found.keys(i).filter((row) => codes[row] !== codes[a]);
        for (const x of far.slice(skip, skip + most)) {
          // The anchor's own place is passed over by taking the last one's instead.
          const drawn = others[rng.below(others.length - 1)]!;
          triplets.push(a, drawn === a ? others.at(-1)! : drawn, x);
        }
      }
    }
  } finally {
    if (options.index === undefined) index.close();
  }
  return { triplets: Int32Array.from(triplets) };
}

function classMembers(codes: Uint32Array): number[][] {
  const members: number[][] = [];
  for (const [i, code] of codes.entries()) {
    members[code] ??= [];
    members[code].push(i);
  }
  return members;
}

async function built(
  rows: ReturnType<typeof matrix<Float32Array>>,
  { spec, metric, seed, threads, signal }: MinedByIndexOptions & { spec: string },
): Promise<Index<number>> {
  const index = create<number>(spec, { dimension: rows.cols, metric, seed });
  try {
    await index.addAsync(rows, { threads, signal });
    return index;
  } catch (error) {
    index.close();
    throw error;
  }
}
