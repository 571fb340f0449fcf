import type { RunOptions } from "../core/index.ts";
import type { ResolvedMetricOptions } from "../metrics/index.ts";
import {
  encodeSnapshot,
  type Facts,
  type Section,
  type Snapshot,
  saveSnapshot,
  writeSnapshot,
} from "../persist/index.ts";
import type { Key } from "./contract.ts";
import type { VectorIndex } from "./vectorIndex.ts";

/** A section of the engine's memory, by name, and how its bytes are to be read. */
export type SavedSection = readonly [name: string, dtype: "u8" | "u32" | "f32"];

/** What a structure adds to a file. */
export interface SavedStructure {
  readonly facts: Facts;
  readonly sections: readonly SavedSection[];
  /** Bytes of each of its sections. */
  readonly sizes: Readonly<Record<string, number>>;
}

/** Sections of rows, in the order in which they are saved. Norms of codes are computed anew. */
export const ROW_SECTIONS: readonly SavedSection[] = [
  ["vectors", "u8"],
  ["codes", "u8"],
  ["offsets", "f32"],
  ["dead", "u8"],
];

function snapshotOf<K extends Key>(index: VectorIndex<K>): Snapshot {
  const { rows, space } = index;
  const keys = index.keyTable.toSections();
  const metadata = index.metadataTable.toSections(rows.rows);
  const structure = index.savedStructure();
  const sizes: Record<string, number> = { ...rows.sizes(rows.rows), ...structure.sizes };
  const sections: Section[] = [...ROW_SECTIONS, ...structure.sections]
    .filter(([name]) => sizes[name]! > 0)
    .map(([name, dtype]) => ({ name, dtype, data: () => space.u8(name).subarray(0, sizes[name]) }));
  return {
    kind: index.kind,
    facts: {
      spec: index.spec,
      metric: index.metric,
      ...metricFacts(rows.options.metricOptions),
      dimension: index.dimension,
      dtype: index.dtype,
      seed: index.seed,
      params: { ...index.defaults },
      rows: rows.rows,
      removed: rows.removed,
      hasVectors: rows.hasVectors,
      trainedOn: rows.trainedOn,
      maxNorm: rows.maxNorm,
      step: rows.quantizer?.step ?? 0,
      keys: keys.facts as unknown as Facts,
      metadata: metadata.facts as unknown as Facts,
      ...structure.facts,
    },
    sections: [...sections, ...[...keys.sections, ...metadata.sections].map(asSection)],
  };
}

/** Numbers of the metric; JSON has no Infinity, which is written as 0. */
function metricFacts(options: ResolvedMetricOptions | undefined): Facts {
  if (options === undefined) return {};
  const p = Number.isFinite(options.p) ? options.p : 0;
  return { metricOptions: { ...options, p } as unknown as Facts };
}

function asSection({ name, bytes }: { name: string; bytes: Uint8Array }): Section {
  return { name, dtype: "u8", data: bytes };
}

/** The index as the bytes of a file. */
export function encodeIndex<K extends Key>(index: VectorIndex<K>): Uint8Array {
  return encodeSnapshot(snapshotOf(index));
}

/** Writes the index to a stream, which is closed at the end. */
export function streamIndex<K extends Key>(
  index: VectorIndex<K>,
  stream: WritableStream<Uint8Array>,
  options: RunOptions,
): Promise<void> {
  return writeSnapshot(snapshotOf(index), stream, options);
}

/** Writes the index to a file, replacing it atomically. */
export function saveIndex<K extends Key>(
  index: VectorIndex<K>,
  path: string,
  options: RunOptions,
): Promise<void> {
  return saveSnapshot(snapshotOf(index), path, options);
}
