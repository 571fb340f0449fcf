import type { Dtype, Metric, MetricOptions } from "../core/index.ts";
import type { FactsReader } from "../persist/index.ts";
import type { FactoryOptions, Key } from "./contract.ts";
import type { Spec } from "./parts/spec.ts";
import type { VectorIndex } from "./vectorIndex.ts";

/** What all kinds of index need to know of their rows. */
export interface RowShape {
  readonly dimension: number;
  readonly metric: Metric;
  /** Of metrics that take some. */
  readonly metricOptions?: MetricOptions | undefined;
  readonly dtype: Dtype;
  readonly seed: number;
}

/** Bytes for n rows; `rest` is what is neither vectors nor codes nor what leads to them. */
export interface EstimatedParts {
  readonly vectors: number;
  readonly codes: number;
  readonly links: number;
  readonly rest: number;
  /** Bytes whatever the rows, where they are not those of most: WebAssembly's own, structs and scratch space. */
  readonly fixed?: number;
}

/** Refuses a file: what must hold, and what was found. */
export type Fail = (rule: string, got?: string) => never;

/** How indexes of a kind come back from files. Facts are what {@link FileForm.facts} read, each within its limits. */
export interface FileForm {
  /** The structure's own facts from the header. */
  facts(reader: FactsReader): unknown;
  /** An empty index with these options. */
  create<K extends Key>(shape: RowShape, facts: unknown): VectorIndex<K>;
  /** Tells the index how large the structure's sections are, before they are laid out. */
  expect(index: VectorIndex, facts: unknown): void;
  /** Takes the structure over from its sections, checked so that no search can leave its memory. */
  restore(index: VectorIndex, facts: unknown, fail: Fail): void;
}

/** A kind of index, as specifications, files and estimates know it. */
export interface KindOfIndex {
  /** As in {@link Spec}, and in files. */
  readonly name: Exclude<Spec["kind"], "Auto">;
  /** Options of the factory that it knows beside dimension, metric, dtype and seed. */
  readonly options: readonly string[];
  create<K extends Key>(spec: Spec, options: FactoryOptions & RowShape): VectorIndex<K>;
  estimate(spec: Spec, n: number, shape: RowShape): EstimatedParts;
  readonly file: FileForm;
}

/** A file form whose parts agree on the type of the facts and of the index. */
export function fileForm<F, I extends VectorIndex>(form: {
  facts(reader: FactsReader): F;
  create<K extends Key>(shape: RowShape, facts: F): VectorIndex<K>;
  expect?(index: I, facts: F): void;
  restore?(index: I, facts: F, fail: Fail): void;
}): FileForm {
  return {
    facts: (reader) => form.facts(reader),
    create: (shape, facts) => form.create(shape, facts as F),
    expect: (index, facts) => form.expect?.(index as I, facts as F),
    restore: (index, facts, fail) => form.restore?.(index as I, facts as F, fail),
  };
}
