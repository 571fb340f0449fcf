import {
  checkK,
  checkNames,
  checkOptions,
  parseMetric,
  type RunOptions,
  VicinalError,
  wholeNumber,
} from "../core/index.ts";
import { build } from "../indexes/build.ts";
import type { Index, Key, VectorsInput } from "../indexes/contract.ts";
import { create } from "../indexes/create.ts";
import { dimensionOf, dtypeOf } from "../indexes/dataShape.ts";
import { readVectors } from "../indexes/parts/vectors.ts";
import { VectorIndex } from "../indexes/vectorIndex.ts";
import { type AnyIndex, NEIGHBOR_NAMES, type NeighborOptions, NeighborSource } from "./neighbors.ts";

/** True for an index, as opposed to vectors. */
export function isIndex(value: unknown): value is AnyIndex {
  return typeof value === "object" && value !== null && "search" in value && "metric" in value;
}

/** Checks options once, when an estimator is made. */
export function checkNeighborOptions(options: NeighborOptions, own: readonly string[]): void {
  checkNames(options, [...own, ...NEIGHBOR_NAMES]);
  if (options.metric !== undefined) parseMetric(options.metric);
  if (options.threads !== undefined) wholeNumber("threads", options.threads, 1, 1024);
  if (options.indexOptions !== undefined && options.indexOptions !== null) checkOptions(options.indexOptions);
  const { index } = options;
  if (index !== undefined && typeof index !== "string" && !(index instanceof VectorIndex)) {
    throw new VicinalError("OPTION_RANGE", {
      option: "index",
      got: index,
      rule: "a specification or an index",
    });
  }
}

/** What to fit: rows that wait to be put into an index, or an index that holds them. */
export interface Fitting {
  readonly rows: number;
  open(): NeighborSource;
  openAsync(run: RunOptions, k: number): Promise<NeighborSource>;
}

/**
 * Reads what fit() was given; nothing is built yet, so that labels can be checked first.
 *
 * @throws VicinalError BAD_INPUT, DIM_MISMATCH, NOT_FINITE, EMPTY_INDEX and so on for bad rows
 */
export function readFitting(input: VectorsInput | AnyIndex, options: NeighborOptions): Fitting {
  if (isIndex(input)) {
    if (!(input instanceof VectorIndex)) {
      throw new VicinalError("BAD_INPUT", {
        what: "index",
        got: String(input),
        rule: "an index of this library",
      });
    }
    const open = (): NeighborSource => new NeighborSource(input as Index<Key>, false, options);
    return { rows: input.size, open, openAsync: async () => open() };
  }
  const spec = options.index ?? "Flat";
  const metric = typeof spec === "string" ? parseMetric(options.metric ?? "l2") : undefined;
  const dtype = typeof spec === "string" ? (options.dtype ?? dtypeOf(input, metric!)) : spec.dtype;
  const dimension =
    typeof spec === "string" ? (options.dimension ?? dimensionOf(input, dtype)) : spec.dimension;
  const reader = readVectors(input, dimension, dtype);
  if (reader.rows === 0) throw new VicinalError("EMPTY_INDEX", { what: "fit()" });
  if (typeof spec !== "string") return intoGiven(spec as Index<Key>, input, reader.rows, options);
  const { seed, metricOptions, indexOptions, threads = 1 } = options;
  const numbers = metricOptions === undefined ? {} : { metricOptions };
  const common = { metric: metric!, dtype, dimension, ...(seed === undefined ? {} : { seed }) };
  const factory = { ...indexOptions, ...numbers, ...common };
  const isAuto = /^auto$/i.test(spec);
  return {
    rows: reader.rows,
    open() {
      if (isAuto) {
        const rule = "the choice measures what it builds; use fitAsync(), or name an index";
        throw new VicinalError("UNSUPPORTED", { what: "fit() with Auto", rule });
      }
      const index = create<Key>(spec, factory);
      return closing(index, () => {
        index.add(input);
        return new NeighborSource(index, true, options);
      });
    },
    async openAsync(run, k) {
      if (isAuto) {
        const index = await build<Key>(input, { ...indexOptions, ...common, k: checkK(k), threads, ...run });
        return closing(index, () => new NeighborSource(index, true, options));
      }
      const index = create<Key>(spec, factory);
      try {
        await index.addAsync(input, { threads, ...run });
        return new NeighborSource(index, true, options);
      } catch (error) {
        index.close();
        throw error;
      }
    },
  };
}

/** Rows for an empty index of the caller's. */
function intoGiven(index: Index<Key>, input: VectorsInput, rows: number, options: NeighborOptions): Fitting {
  if (index.size > 0) {
    throw new VicinalError("BAD_INPUT", {
      what: "option index",
      got: `an index of ${index.size} rows`,
      rule: "empty, to be filled; give one that holds rows to fit() in place of vectors",
    });
  }
  const { threads = 1 } = options;
  const keys = Array.from({ length: rows }, (_, row) => row);
  return {
    rows,
    open() {
      index.add(input, { keys });
      return new NeighborSource(index, false, options);
    },
    async openAsync(run) {
      await index.addAsync(input, { keys, threads, ...run });
      return new NeighborSource(index, false, options);
    },
  };
}

/** Makes something of what is open, or closes it. */
export function closing<T>(open: { close(): void }, make: () => T): T {
  try {
    return make();
  } catch (error) {
    open.close();
    throw error;
  }
}
