import type { MessagePort } from "node:worker_threads";
import type { Metric, MetricOptions } from "../../core/index.ts";
import {
  build,
  create,
  type FactoryOptions,
  type Index,
  type Key,
  type SearchParams,
} from "../../indexes/index.ts";
import type { VectorIndex } from "../../indexes/vectorIndex.ts";
import type { AuditAsk, BuildAsk, CreateAsk } from "../collections/asks.ts";
import { getPoints, removePoints, scrollPoints, upsertPoints } from "../collections/points.ts";
import { searchPoints } from "../collections/search.ts";
import { QDRANT_HANDLERS } from "../qdrant/handlers.ts";
import { Cell, type Change } from "./cell.ts";
import { receiveRows, sendRows } from "./handOver.ts";
import type { Host, Run } from "./host.ts";
import { type FileAsk, loadFile } from "./load.ts";
import type { CellAnswer, CellRequest, Handler } from "./request.ts";

export type Operation = (host: Host, given: never, run: Run) => Promise<unknown>;

/** What is told of an index. */
export interface CellFacts {
  readonly size: number;
  readonly dimension: number;
  readonly metric: string;
  readonly metricOptions: MetricOptions | undefined;
  readonly dtype: string;
  readonly index: string;
  readonly exact: boolean;
  /** What a search uses where it is not told otherwise. */
  readonly params: SearchParams;
  readonly seed: number;
  readonly bytes: number;
  /** False where only codes are kept, from which no better index can be built. */
  readonly keepsVectors: boolean;
}

/** An index just made. */
export interface Made {
  readonly cell: number;
  readonly facts: CellFacts;
}

/** Requests about points, by name: what stands in a path never chooses more than one of these. */
const HANDLERS: Readonly<Record<string, Handler>> = {
  upsert: upsertPoints,
  get: getPoints,
  remove: removePoints,
  scroll: scrollPoints,
  search: searchPoints,
  ...QDRANT_HANDLERS,
};

/** What a thread can be asked; all of it comes from the server itself, never from a client as it is. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  /** An empty index. */
  create: async (host, { spec, ask }: { spec: string; ask: CreateAsk }): Promise<Made> => {
    const { dimension, metric, dtype, seed, options } = ask;
    const given = { dimension, metric: metric as Metric, dtype, seed, ...options };
    const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    return made(host, create(spec, known as unknown as FactoryOptions));
  },

  /** An index from a file: its bytes, or a path that the operator named. */
  load: async (host, ask: FileAsk, run) => made(host, await loadFile(ask, run)),

  facts: (host, { cell }: { cell: number }) => host.use(cell, factsOf),

  configure: (host, { cell, params }: { cell: number; params: SearchParams }) =>
    host.use(cell, (each) => {
      each.index.configure(params);
      return factsOf(each);
    }),

  /** A client's request. */
  request: (host, { cell, name, request }: { cell: number; name: string; request: CellRequest }, run) =>
    host.use(cell, async (each): Promise<CellAnswer> => {
      const answer = await HANDLERS[name]!(each, request, run.limits);
      run.give(answer.body.buffer);
      return { ...answer, points: each.index.size };
    }),

  /** The bytes of a file of the index. */
  file: (host, { cell }: { cell: number }, run) =>
    host.use(cell, (each) =>
      each.write(() => {
        const bytes = each.index.toBytes() as Uint8Array<ArrayBuffer>;
        run.give(bytes.buffer);
        return bytes;
      }),
    ),

  audit: (host, { cell, ask }: { cell: number; ask: AuditAsk }, { signal, onProgress }) =>
    host.use(cell, ({ index }) => {
      const { params, ...options } = ask;
      return index.audit({ ...options, ...params, signal, onProgress });
    }),

  /** Sends all rows through the port to whoever builds a better index of them. */
  send: (host, { cell, port }: { cell: number; port: MessagePort }) =>
    host.use(cell, (each) => sendRows(each, port)),

  /** Builds an index of rows that come through the port. */
  build: async (host, { port, facts, ask }: { port: MessagePort; facts: CellFacts; ask: BuildAsk }, run) => {
    const { rows, ids, metadata } = await receiveRows(port, run);
    const { index: spec = "Auto", targetRecall, k, threads, seed = facts.seed, options } = ask;
    const { dimension, metricOptions } = facts;
    const common = { dimension, seed, ...options, ...(metricOptions === undefined ? {} : { metricOptions }) };
    const [metric, dtype] = [facts.metric as Metric, facts.dtype as FactoryOptions["dtype"]];
    const { signal, onProgress } = run;
    if (targetRecall === undefined && spec !== "Auto") {
      const index = create(spec, { ...common, metric, dtype });
      try {
        await index.addAsync(rows, { keys: ids, metadata, threads, signal, onProgress });
      } catch (error) {
        index.close();
        throw error;
      }
      return made(host, index);
    }
    const index = await build<Key>(rows, {
      ...{ ...common, spec, metric, dtype },
      ...{ targetRecall, k, threads, keys: ids, metadata, signal, onProgress },
    });
    return made(host, index);
  },

  /** What changed since rows were sent, after whatever change is under way. */
  changes: (host, { cell }: { cell: number }) => host.use(cell, (each) => each.write(() => each.takeLog())),

  replay: (host, { cell, changes }: { cell: number; changes: readonly Change[] }) =>
    host.use(cell, (each) => each.replay(changes)),

  /** No more record of changes: nothing better is being built. */
  settle: (host, { cell }: { cell: number }) => host.use(cell, (each) => each.stopLog()),

  close: (host, { cell }: { cell: number }) => host.close(cell),
};

function made(host: Host, index: Index): Made {
  const cell = new Cell(index as VectorIndex);
  return { cell: host.keep(cell), facts: factsOf(cell) };
}

function factsOf({ index, keepsVectors }: Cell): CellFacts {
  const { size, dimension, metric, metricOptions, dtype, spec, exact, defaults, seed } = index;
  const bytes = index.stats().memory.total;
  const told = { size, dimension, metric, metricOptions, dtype, index: spec, exact, params: defaults, seed };
  return { ...told, bytes, keepsVectors };
}
