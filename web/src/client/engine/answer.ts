import { build, create, type Index, type Matrix, type Metric, matrix } from "vicinal";
import { recallAtK } from "vicinal/evaluate";
import type { NeighboursAnswer, NeighboursRequest, RankedRows } from "../../../../src/server/protocol.ts";
import type { Vectors, Waiting } from "../source.ts";

/** Indexes that stay built, per page. */
const MOST_INDEXES = 6;
/** Time spent on measuring a search; clocks of pages step by 5 µs or more, so that many are timed at once. */
const MEASURE_MS = 12;
const BATCH_MS = 1;
/** As the server's, so that both build the same index. */
const SEED = 1;

type RunOptions = Parameters<Index["addAsync"]>[1];

interface Built {
  readonly index: Index;
  readonly seconds: number;
}

/** What indexes are built over. */
export interface Space {
  readonly name: string;
  readonly vectors: Matrix<Float32Array> | Matrix<Uint8Array> | Matrix<Int8Array>;
}

const indexes = new Map<string, Promise<Built>>();

export function spaceOf(name: string, { data, columns, rows }: Vectors): Space {
  return { name, vectors: matrix(data as Float32Array, columns, rows) };
}

/** The same question to exact search and to the index asked for. @throws VicinalError, or the abort's reason */
export async function answer(
  space: Space,
  request: NeighboursRequest,
  waiting: Waiting = {},
): Promise<NeighboursAnswer> {
  const { metric, index: spec, k, row, params } = request;
  const { data, cols } = space.vectors;
  const query = Float32Array.from(
    row === undefined ? (request.vector ?? []) : data.subarray(row * cols, (row + 1) * cols),
  );
  const flat = await indexFor(space, metric as Metric, "Flat", waiting);
  const built = await indexFor(space, metric as Metric, spec, waiting);
  const exact = ranked(flat.index, query, k, row);
  const approximate = ranked(built.index, query, k, row, params);
  return {
    exact,
    approximate,
    recall: recallOf(space, metric as Metric, query, exact, approximate),
    built: { seconds: built.seconds, bytes: built.index.stats().memory.total, spec: built.index.spec },
  };
}

/** The index of that specification, built by whoever asks first; others wait for the same. */
async function indexFor(space: Space, metric: Metric, spec: string, waiting: Waiting): Promise<Built> {
  const name = [space.name, metric, spec].join("|");
  for (;;) {
    const building = indexes.get(name) ?? buildOver(space, metric, spec, waiting);
    indexes.delete(name);
    indexes.set(name, building);
    try {
      const built = await building;
      forgetOldest();
      return built;
    } catch (error) {
      if (indexes.get(name) === building) indexes.delete(name);
      // Whoever began it gave up; it is begun again for those who still wait.
      if (waiting.signal?.aborted || (error as Error).name !== "AbortError") throw error;
    }
  }
}

async function buildOver(space: Space, metric: Metric, spec: string, waiting: Waiting): Promise<Built> {
  const start = performance.now();
  const index = await indexOver(space.vectors, metric, spec, waiting as RunOptions);
  return { index, seconds: (performance.now() - start) / 1000 };
}

async function indexOver(
  vectors: Space["vectors"],
  metric: Metric,
  spec: string,
  run: RunOptions,
): Promise<Index> {
  if (/^auto$/i.test(spec)) return build(vectors, { metric, dtype: "f32", seed: SEED, ...run });
  const index = create(spec, { dimension: vectors.cols, metric, seed: SEED });
  try {
    await index.addAsync(vectors, run);
    return index;
  } catch (error) {
    index.close();
    throw error;
  }
}

function forgetOldest(): void {
  if (indexes.size <= MOST_INDEXES) return;
  const [name, oldest] = indexes.entries().next().value!;
  indexes.delete(name);
  oldest.then(({ index }) => index.close()).catch(() => undefined);
}

function ranked(
  index: Index,
  query: Float32Array,
  k: number,
  row: number | undefined,
  params: Readonly<Record<string, number>> = {},
): RankedRows {
  const options = { k: row === undefined ? k : k + 1, ...params };
  const found = index.search(query, options);
  const milliseconds = fastest(() => index.search(query, options));
  const items = found.items().filter(({ key }) => key !== row);
  const kept = items.slice(0, k);
  return {
    rows: kept.map(({ key }) => Number(key)),
    distances: kept.map(({ distance }) => distance),
    milliseconds,
  };
}

/** Milliseconds a call takes, the best of a few batches. */
function fastest(call: () => void): number {
  let best = Infinity;
  let batch = 1;
  for (const start = performance.now(); performance.now() - start < MEASURE_MS || best === Infinity; ) {
    const before = performance.now();
    for (let i = 0; i < batch; i++) call();
    const spent = performance.now() - before;
    if (spent < BATCH_MS) batch *= 2;
    else best = Math.min(best, spent / batch);
  }
  return best;
}

/** Share of the exact neighbours found, counted by distances that are worked out anew: ties count whichever came. */
function recallOf(
  { vectors }: Space,
  metric: Metric,
  query: Float32Array,
  exact: RankedRows,
  approximate: RankedRows,
): number {
  const k = exact.rows.length;
  if (k === 0) return 1;
  const truth = { ids: Uint32Array.from(exact.rows), queries: 1, k };
  // Rounding of float32 sums, no more: what is farther is a miss.
  const epsilon = 1e-6 * Math.max(1e-3, Math.abs(exact.distances[k - 1]!));
  const queries = matrix(query, query.length, 1);
  return recallAtK(vectors, queries, truth, [approximate.rows], { metric, k, epsilon });
}
