import { checkNames, oneOf, type RunOptions, VicinalError, wholeNumber } from "../../core/index.ts";
import { readBytes, type SnapshotInput } from "../../persist/index.ts";
import type { Fail } from "../kind.ts";
import {
  ANNOY_METRICS,
  type AnnoyLayout,
  type AnnoyMetric,
  annoyLayout,
  type DotLayout,
  OURS,
  otherBit,
} from "./annoyLayout.ts";
import { type AnnoyNodes, parseAnnoy } from "./annoyParse.ts";
import { RPForestIndex } from "./forest.ts";
import { SPLIT_WORDS } from "./layout.ts";
import { writeTopology } from "./topology.ts";
import type { Trees } from "./trees.ts";

export interface ReadAnnoyOptions extends RunOptions {
  /** Components of a vector; bits with hamming. The file does not say. */
  dimension: number;
  /** Annoy's name of the metric that the index was built with. The file does not say. */
  metric: AnnoyMetric;
  /** Form of nodes with metric dot; default: the one that the file can be read in, the current one first. */
  dotLayout?: DotLayout;
  /** Seed of trees that are grown when rows are added later; default 42. */
  seed?: number;
  /** Refuse files larger than this many bytes; default 8 GiB. */
  maxBytes?: number;
}

const OPTIONS = ["dimension", "metric", "dotLayout", "seed", "maxBytes", "signal", "onProgress"];

/**
 * Opens a file of Annoy's: its vectors are the rows, its item numbers their keys, its trees are searched. Planes are
 * rounded to signed bytes, and under `angular` vectors have unit length here, so `cosine` distances are answered where
 * Annoy says √(2 · distance). Nothing in the file is used before it is checked, yet a file read with the wrong metric or
 * dimension may pass for one when sizes happen to agree.
 *
 * @throws VicinalError FORMAT, NOT_FINITE, ZERO_VECTOR, OPTION_RANGE, FILE, LIMIT
 * @see github.com/spotify/annoy, src/annoylib.h (1.17)
 */
export async function readAnnoy(
  input: SnapshotInput,
  options: ReadAnnoyOptions,
): Promise<RPForestIndex<number>> {
  checkNames(options, OPTIONS);
  const { metric, dimension } = options;
  oneOf("metric", metric, ANNOY_METRICS);
  wholeNumber("dimension", dimension, 1, 65_535);
  if (options.dotLayout !== undefined) oneOf("dotLayout", options.dotLayout, ["current", "older"]);
  const { bytes, label } = await readBytes(input, options);
  const fail: Fail = (rule, got) => {
    throw new VicinalError("FORMAT", { what: label, rule, got });
  };
  const forms: DotLayout[] =
    metric !== "dot" || options.dotLayout !== undefined
      ? [options.dotLayout ?? "current"]
      : ["current", "older"];
  const layouts = forms.map((form) => annoyLayout(metric, dimension, form));
  const { nodes, layout } = parseFirst(bytes, layouts, fail);
  return adopt(bytes, layout, nodes, options, fail);
}

/** The first layout that the file can be read in; the first one's failure when there is none. */
function parseFirst(
  bytes: Uint8Array,
  layouts: readonly AnnoyLayout[],
  fail: Fail,
): { nodes: AnnoyNodes; layout: AnnoyLayout } {
  let first: unknown;
  for (const layout of layouts) {
    try {
      return { nodes: parseAnnoy(bytes, layout, fail), layout };
    } catch (error) {
      first ??= error;
    }
  }
  throw first;
}

function adopt(
  bytes: Uint8Array,
  layout: AnnoyLayout,
  nodes: AnnoyNodes,
  { metric, dimension, seed }: ReadAnnoyOptions,
  fail: Fail,
): RPForestIndex<number> {
  const { roots, children } = nodes.topology;
  const index = new RPForestIndex<number>({
    dimension,
    ...OURS[metric],
    trees: roots.length,
    leafSize: Math.min(layout.K, 65_536),
    ...(seed === undefined ? {} : { seed }),
  });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    index.takeOver((trees, covered) => {
      const { space, planeBytes } = trees;
      const splits = children.length / 2;
      space.set({
        items: nodes.items.length * 4,
        splits: splits * SPLIT_WORDS * 4,
        planes: splits * planeBytes,
        planeOffsets: planeBytes * 4,
      });
      space.u32("items").set(nodes.items);
      if (trees.isBits) takeBits(trees, view, layout, nodes.splits, fail);
      else takePlanes(trees, view, layout, nodes.splits, fail);
      writeTopology(trees, nodes.topology, covered);
      return trees.isBits ? 0 : trees.rows.quantizer!.step;
    });
    index.add(rowsOf(view, layout, nodes.present, dimension, metric), { keys: [...nodes.present] });
  } catch (error) {
    index.close();
    throw error;
  }
  return index;
}

/** Vectors of the items, packed. */
function rowsOf(
  view: DataView,
  { nodeBytes, vector }: AnnoyLayout,
  present: Uint32Array,
  dimension: number,
  metric: AnnoyMetric,
): Float32Array | Uint8Array {
  if (metric === "hamming") {
    const width = Math.ceil(dimension / 8);
    const out = new Uint8Array(present.length * width);
    present.forEach((item, row) => {
      const at = view.byteOffset + item * nodeBytes + vector;
      out.set(new Uint8Array(view.buffer, at, width), row * width);
    });
    return out;
  }
  const out = new Float32Array(present.length * dimension);
  present.forEach((item, row) => {
    const at = item * nodeBytes + vector;
    for (let j = 0; j < dimension; j++) out[row * dimension + j] = view.getFloat32(at + 4 * j, true);
  });
  return out;
}

function takeBits(
  { space, rows }: Trees,
  view: DataView,
  { nodeBytes, vector }: AnnoyLayout,
  splits: readonly number[],
  fail: Fail,
): void {
  const words = space.u32("splits");
  const scales = space.f32("splits");
  splits.forEach((node, i) => {
    const named = view.getBigUint64(node * nodeBytes + vector, true);
    const bit = otherBit(Number(named));
    // Bits that pad the last word never decide, as no row has one.
    if (named >= BigInt(Math.ceil(rows.options.dimension / 64) * 64)) fail("splits are by bits", `${named}`);
    words[i * SPLIT_WORDS + 2] = bit < rows.options.dimension ? bit : -1;
    scales[i * SPLIT_WORDS + 3] = 1;
  });
}

/** Normals in signed bytes, and what Annoy's margins are in codes. */
function takePlanes(
  { space, rows, planeBytes }: Trees,
  view: DataView,
  layout: AnnoyLayout,
  splits: readonly number[],
  fail: Fail,
): void {
  const { step, offsets } = rows.quantizer!;
  const kept = space.f32("planeOffsets");
  kept.fill(0);
  kept.set(offsets);
  const planes = new Int8Array(space.u8("planes").buffer, space.ptr("planes"), splits.length * planeBytes);
  const words = space.u32("splits");
  const scales = space.f32("splits");
  const normal = new Float64Array(rows.floats);
  planes.fill(0);
  splits.forEach((node, i) => {
    const at = node * layout.nodeBytes;
    for (let j = 0; j < rows.options.dimension; j++)
      normal[j] = view.getFloat32(at + layout.vector + 4 * j, true);
    if (layout.factor !== undefined) normal[rows.floats - 1] = view.getFloat32(at + layout.factor, true);
    const offset = layout.offset === undefined ? 0 : view.getFloat32(at + layout.offset, true);
    let most = 0;
    for (const x of normal) most = Math.max(most, Math.abs(x));
    if (!Number.isFinite(most) || !Number.isFinite(offset)) fail("planes are of numbers", `node ${node}`);
    const factor = most / 127;
    let through = 0;
    if (most > 0) {
      for (let j = 0; j < normal.length; j++) {
        const byte = Math.round(normal[j]! / factor);
        planes[i * planeBytes + j] = byte;
        through += byte * offsets[j]!;
      }
      through += offset / factor;
    }
    const threshold = Math.round(through / step);
    words[i * SPLIT_WORDS + 2] = Math.max(-(2 ** 30), Math.min(2 ** 30 - 1, threshold));
    scales[i * SPLIT_WORDS + 3] = Math.min(factor * step, 3e38);
  });
}
