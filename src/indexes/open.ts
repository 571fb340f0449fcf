import {
  checkNames,
  DTYPES,
  METRICS,
  type Metric,
  type MetricOptions,
  type RunOptions,
  VicinalError,
} from "../core/index.ts";
import {
  FactsReader,
  type Json,
  openSnapshot,
  type SnapshotInput,
  type SnapshotReader,
} from "../persist/index.ts";
import type { Index, Key } from "./contract.ts";
import { KINDS, kindNamed } from "./kinds.ts";
import { KeyTable } from "./parts/keys.ts";
import { MetadataTable } from "./parts/metadata.ts";
import { ROW_SECTIONS } from "./snapshot.ts";
import { checkRows } from "./validateRows.ts";
import type { VectorIndex } from "./vectorIndex.ts";

/** Largest counts a file may name. */
const MOST = 0xffff_fffe;

export interface OpenOptions extends RunOptions {
  /** Refuse files larger than this many bytes; default 8 GiB. */
  maxBytes?: number;
}

/**
 * Opens a saved index from a path, URL, bytes, Blob, Response, or stream. Nothing in the file is used before it
 * is checked: checksums first, then every count, id and relation.
 *
 * @throws VicinalError FORMAT_UNKNOWN, FORMAT_VERSION, FORMAT, CORRUPT, LIMIT, FILE, DOWNLOAD
 */
export async function open<K extends Key = Key>(
  input: SnapshotInput,
  options: OpenOptions = {},
): Promise<Index<K>> {
  checkNames(options, ["maxBytes", "signal", "onProgress"]);
  const reader = await openSnapshot(input, options);
  let index: VectorIndex<K> | undefined;
  try {
    const facts = readFacts(reader);
    index = createFrom<K>(facts);
    await fill(index, facts, reader);
    await reader.finish();
    return index;
  } catch (error) {
    index?.close();
    throw error;
  } finally {
    await reader.close();
  }
}

function readFacts(reader: SnapshotReader) {
  const kind = kindNamed(reader.header.kind);
  if (kind === undefined) {
    const rule = `its kind is one of ${KINDS.map(({ name }) => name).join(", ")}`;
    throw new VicinalError("FORMAT", { what: reader.label, rule, got: reader.header.kind });
  }
  const f = new FactsReader(reader.header.facts, reader.label);
  const common = {
    spec: f.text("spec", 200),
    metric: f.word("metric", METRICS),
    metricOptions: f.has("metricOptions") ? f.json("metricOptions") : undefined,
    dimension: f.whole("dimension", 1, 65_535),
    dtype: f.word("dtype", DTYPES),
    seed: f.whole("seed", 0, Number.MAX_SAFE_INTEGER),
    params: f.json("params"),
    rows: f.whole("rows", 0, MOST),
    removed: f.whole("removed", 0, MOST),
    hasVectors: f.flag("hasVectors"),
    trainedOn: f.whole("trainedOn", 0, MOST),
    maxNorm: f.number("maxNorm", 0),
    step: f.number("step", 0),
    keys: f.json("keys"),
    metadata: f.json("metadata"),
  };
  const own = kind.file.facts(f);
  f.done();
  return { label: reader.label, kind, common, own };
}

type FileFacts = ReturnType<typeof readFacts>;

function createFrom<K extends Key>({ common, kind, own, label }: FileFacts): VectorIndex<K> {
  const { dimension, metric, dtype, seed } = common;
  let index: VectorIndex<K>;
  try {
    const metricOptions = metricOptionsOf(metric, common.metricOptions);
    index = kind.file.create<K>({ dimension, metric, ...metricOptions, dtype, seed }, own);
    index.configure(common.params as Record<string, number>);
  } catch (cause) {
    throw new VicinalError(
      "FORMAT",
      { what: label, rule: "its options are ones an index can have" },
      { cause },
    );
  }
  return index;
}

/** What a file says of its metric's numbers, to be checked by the index that takes them. */
function metricOptionsOf(metric: Metric, facts: Json | undefined): { metricOptions?: MetricOptions } {
  if (facts === undefined) return {};
  const { p, ...rest } = facts as { p?: number };
  const isPower = metric === "minkowski";
  return { metricOptions: isPower ? { ...rest, p: p === 0 ? Number.POSITIVE_INFINITY : p } : rest };
}

/** Lays the memory out as the header says and reads the sections straight into it. */
async function fill<K extends Key>(
  index: VectorIndex<K>,
  facts: FileFacts,
  reader: SnapshotReader,
): Promise<void> {
  const { common, kind, own, label } = facts;
  const { rows, space } = index;
  const fail = (rule: string, got?: string): never => {
    throw new VicinalError("FORMAT", { what: label, rule, got });
  };
  if (common.removed > common.rows) fail("no more rows are removed than there are", String(common.removed));
  const ownCodes = rows.options.codes === "own";
  if (rows.codeBytes === 0 && !ownCodes && !common.hasVectors) fail("there are vectors or codes");
  const coded = common.step > 0;
  if (rows.codeBytes > 0 && common.rows > 0 && !coded) fail("codes have a step over 0");
  if (coded !== common.trainedOn > 0) fail("codes are trained on rows, and have a step then");
  if (!common.hasVectors && !coded && !ownCodes) fail("without vectors there are trained codes");
  if (Math.fround(common.step) !== common.step) fail("the step of codes is a float32", String(common.step));
  if (common.spec !== index.spec) fail(`its spec is ${index.spec}, as its options say`, common.spec);
  rows.expectVectors(common.hasVectors);
  kind.file.expect(index as unknown as VectorIndex, own);

  const saved = index.savedStructure();
  const sizes: Record<string, number> = { ...rows.sizes(common.rows), ...index.structureSizes(common.rows) };
  const wanted = [...ROW_SECTIONS, ...saved.sections].filter(([name]) => sizes[name]! > 0);
  for (const [name, dtype] of wanted) {
    const info = reader.find(name);
    if (info === undefined) fail(`it has a section "${name}"`);
    if (info!.dtype !== dtype) fail(`section "${name}" is ${dtype}`, info!.dtype);
    if (info!.byteLength !== sizes[name]) {
      fail(`section "${name}" has ${sizes[name]} bytes, as the counts say`, String(info!.byteLength));
    }
  }
  const known = new Set<string>(wanted.map(([name]) => name));
  space.set(sizes);
  rows.setCapacity(common.rows);
  const extra = new Map<string, Uint8Array>();
  for (const { name, byteLength } of reader.header.sections) {
    if (known.has(name)) await reader.read(name, () => space.u8(name).subarray(0, sizes[name]));
    else {
      if (!/^(keys|metadata)\./.test(name)) fail("it has no other sections", name);
      const bytes = new Uint8Array(byteLength);
      await reader.read(name, bytes);
      extra.set(name, bytes);
    }
  }
  const quantizer =
    common.step > 0
      ? { levels: rows.levels, step: common.step, offsets: space.f32("offsets").slice(0, rows.floats) }
      : undefined;
  rows.restore({ ...common, quantizer });
  checkRows(index, fail);
  kind.file.restore(index as unknown as VectorIndex, own, fail);
  const section = (name: string): Uint8Array | undefined => extra.get(name);
  index.keyTable = KeyTable.fromSections<K>(common.keys, section);
  index.metadataTable = MetadataTable.fromSections(common.metadata, section);
  checkKeyed(index, fail);
}

/** Every live row has a key, every removed one has none. */
function checkKeyed<K extends Key>(index: VectorIndex<K>, fail: (rule: string) => never): void {
  const { rows, keyTable } = index;
  if (keyTable.slots > rows.rows || keyTable.size !== rows.live) fail("each live row has one key");
  for (let slot = 0; slot < rows.rows; slot++) {
    if (keyTable.isLive(slot) === rows.isRemoved(slot)) fail("each live row has one key");
  }
}
