import { type RunOptions, VicinalError } from "../core/index.ts";
import { open } from "../indexes/open.ts";
import {
  type Facts,
  FactsReader,
  type Json,
  loadSnapshot,
  type Section,
  type Snapshot,
  type SnapshotInput,
} from "../persist/index.ts";
import type { EncodedLabels, Label } from "./labels.ts";
import { type NeighborOptions, NeighborSource } from "./neighbors.ts";
import type { Targets } from "./targets.ts";

/** What an estimator saves besides its options and its index. */
export interface SavedParts {
  readonly facts: Facts;
  readonly sections: readonly Section[];
}

/** Options that name things of this process, or that the index itself remembers. */
const NOT_SAVED = ["index", "metricOptions", "metric", "dtype", "dimension", "indexOptions"];

/**
 * A fitted estimator as a file: its options, what it learned, and its index as a file within.
 *
 * @throws VicinalError UNSUPPORTED for a function among the options
 */
export function snapshotOf(
  kind: string,
  options: object,
  source: NeighborSource,
  parts: SavedParts,
): Snapshot {
  const kept: Record<string, Json> = {};
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || NOT_SAVED.includes(name)) continue;
    if (typeof value === "function") {
      const rule =
        "a file cannot hold code; save with weights of a name, or keep the labels and the index apart";
      throw new VicinalError("UNSUPPORTED", { what: `Saving ${kind} with a function as ${name}`, rule });
    }
    if (typeof value === "number" && !Number.isFinite(value)) continue;
    kept[name] = value as Json;
  }
  const index = source.index.toBytes();
  return {
    kind,
    facts: { version: 1, options: kept, ...parts.facts },
    sections: [...parts.sections, { name: "index", dtype: "u8", data: index }],
  };
}

/** A saved estimator being read; what is wrong is a FORMAT error. */
export interface SavedEstimator<O extends NeighborOptions> {
  readonly options: O;
  readonly source: NeighborSource;
  readonly facts: FactsReader;
  /** The labels that {@link labelParts} saved. */
  labels<L extends Label>(): EncodedLabels<L>;
  /** The values that {@link targetParts} saved. */
  targets(): Targets;
  /** As many float64 as rows. */
  floats(name: string): Float64Array;
}

/** A file of that kind, its parts checked as they are taken. */
export interface OpenFile {
  readonly facts: FactsReader;
  section(name: string): Uint8Array;
  labels<L extends Label>(rows: number): EncodedLabels<L>;
  fail(rule: string, got?: string): never;
}

/** @throws VicinalError FORMAT, FORMAT_VERSION, CORRUPT, FILE */
export async function openFile(input: SnapshotInput, kind: string, run: RunOptions): Promise<OpenFile> {
  const file = await loadSnapshot(input, run);
  const what = `saved ${kind}`;
  const fail = (rule: string, got?: string): never => {
    throw new VicinalError("FORMAT", got === undefined ? { what, rule } : { what, rule, got });
  };
  if (file.kind !== kind) fail(`its kind is ${kind}`, file.kind);
  const facts = new FactsReader(file.facts, what);
  const version = facts.whole("version", 1, 0x7fffffff);
  if (version > 1) throw new VicinalError("FORMAT_VERSION", { what, got: version, want: 1 });
  const options = facts.json("options");
  if (typeof options !== "object" || options === null || Array.isArray(options))
    fail("its options are an object");
  const section = (name: string): Uint8Array => file.sections.get(name) ?? fail(`it has a section "${name}"`);
  return { facts, section, fail, labels: (rows) => readLabels(section, rows, fail) };
}

/** Opens a saved estimator, its index included, and makes the estimator; closes the index if that fails. */
export async function openSavedEstimator<O extends NeighborOptions, T>(
  input: SnapshotInput,
  kind: string,
  run: RunOptions,
  make: (saved: SavedEstimator<O>) => T,
): Promise<T> {
  const { facts, section, fail, labels } = await openFile(input, kind, run);
  const index = await open(section("index"));
  try {
    const { metric, dtype, dimension, metricOptions, spec } = index;
    const own = { index: spec, metric, dtype, dimension, ...(metricOptions && { metricOptions }) };
    const options = { ...(facts.json("options") as object), ...own } as unknown as O;
    const source = new NeighborSource(index, true, options);
    const n = source.rows;
    const floats = (name: string, length: number): Float64Array => {
      const bytes = section(name);
      if (bytes.length !== 8 * length)
        fail(`section "${name}" has ${length} numbers`, String(bytes.length / 8));
      return new Float64Array(bytes.buffer);
    };
    const made = make({
      options,
      source,
      facts,
      floats: (name) => floats(name, n),
      labels: () => labels(n),
      targets() {
        const outputs = facts.whole("outputs", 1, 0x7fffffff);
        return { values: floats("values", n * outputs), outputs };
      },
    });
    facts.done();
    return made;
  } catch (error) {
    index.close();
    throw error;
  }
}

/** Sections that hold labels. */
export function labelParts({ classes, codes }: EncodedLabels): readonly Section[] {
  const names = new TextEncoder().encode(JSON.stringify(classes));
  return [
    { name: "classes", dtype: "utf8", data: names },
    { name: "codes", dtype: "i32", data: codes },
  ];
}

function readLabels<L extends Label>(
  section: (name: string) => Uint8Array,
  rows: number,
  fail: (rule: string, got?: string) => never,
): EncodedLabels<L> {
  let classes: unknown;
  try {
    classes = JSON.parse(new TextDecoder().decode(section("classes")));
  } catch {
    fail('section "classes" is JSON');
  }
  if (!Array.isArray(classes) || classes.length === 0) return fail("it has classes");
  const ascend = classes.every((label, i) => {
    const sound = typeof label === "string" || typeof label === "number";
    return sound && (i === 0 || (typeof label === typeof classes[0] && classes[i - 1] < label));
  });
  if (!ascend) fail("its classes are numbers or texts and ascend");
  const bytes = section("codes");
  if (bytes.length !== 4 * rows) fail(`it has a label for each of ${rows} rows`, String(bytes.length / 4));
  const codes = new Int32Array(bytes.buffer);
  const wrong = codes.findIndex((code) => code < 0 || code >= classes.length);
  if (wrong >= 0) fail("labels are of its classes", String(codes[wrong]));
  return { classes: classes as L[], codes };
}

/** Facts and sections that hold values. */
export function targetParts({ values, outputs }: Targets): SavedParts {
  return { facts: { outputs }, sections: [{ name: "values", dtype: "f64", data: values }] };
}
