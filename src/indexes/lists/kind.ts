import { VicinalError } from "../../core/index.ts";
import type { FactoryOptions, Key } from "../contract.ts";
import { type EstimatedParts, type Fail, fileForm, type KindOfIndex, type RowShape } from "../kind.ts";
import { parseSpec, type Spec } from "../parts/spec.ts";
import { pad16 } from "../space.ts";
import { BLOCK_ROWS } from "./codec.ts";
import type { ListedIndex } from "./listed.ts";
import { ListsIndex, type ListsOptions } from "./lists.ts";
import { checkLists } from "./validate.ts";

const MOST = 0xffff_fffe;

interface Facts {
  readonly spec: string;
  readonly trainedRows: number;
  readonly rounds: number;
  readonly repaired: number;
  readonly blocks: number;
}

function optionsOf(spec: Spec): Pick<ListsOptions, "nlist" | "codes" | "opq" | "refine"> {
  if (spec.kind !== "Lists")
    throw new VicinalError("FORMAT", { what: "Lists", rule: "its spec is one of lists" });
  if (spec.coarse !== undefined) {
    const rule = "centroids are all compared; leave the HNSW of the lists out";
    throw new VicinalError("UNSUPPORTED", { what: "a graph over centroids", rule });
  }
  const { nlist, codes, opq, refine } = spec;
  return { nlist, codes, opq, refine };
}

function make<K extends Key>(spec: Spec, shape: RowShape & Pick<FactoryOptions, "nprobe">): ListsIndex<K> {
  return new ListsIndex<K>({ ...shape, ...optionsOf(spec) });
}

function estimate(spec: Spec, n: number, shape: RowShape): EstimatedParts {
  return estimateLists(make(spec, { ...shape, nprobe: undefined }), n);
}

/** Bytes of an index of lists with n rows; the empty one given is closed. */
export function estimateLists(index: ListedIndex, n: number): EstimatedParts {
  try {
    const { codec, coarse, turn, dimension, copies } = index.lists.parts;
    const { blockStride } = index.lists;
    const nlist = index.listsFor(n);
    // Half of each list's last block is empty.
    const blocks = (copies * n) / BLOCK_ROWS + Math.min(nlist, n) / 2;
    const own = Object.values(codec?.sizes() ?? {}).reduce((sum, bytes) => sum + bytes, 0);
    const centroids = Object.values(coarse?.sizes(nlist) ?? {}).reduce((sum, bytes) => sum + bytes, 0);
    const codes = blocks * (codec?.blockBytes ?? 0) + own;
    const ids = blocks * (blockStride - (codec?.blockBytes ?? 0) + 8) + nlist * 12;
    const rotation = turn === undefined ? 0 : dimension * turn.stride;
    const kept = index.rows.options.keepVectors;
    return {
      vectors: kept ? n * pad16(index.dimension * 4) : 0,
      codes: Math.round(codes),
      links: ids + centroids + rotation + (kept ? 0 : n * 4),
      // A bit for removal, and after renumbering two numbers for the key.
      rest: n / 8 + (kept && coarse !== undefined ? n * 8 : 0),
      fixed: 60_000,
    };
  } finally {
    index.close();
  }
}

/** Inverted files and flat codes. */
export const LISTS: KindOfIndex = {
  name: "Lists",
  options: ["nprobe"],
  create: (spec, options) => make(spec, options),
  estimate,
  file: fileForm<Facts, ListsIndex>({
    facts: (f) => ({
      spec: f.text("spec", 200),
      trainedRows: f.whole("trainedRows", 0, MOST),
      rounds: f.whole("rounds", 0, 1_000_000),
      repaired: f.whole("repaired", 0, Number.MAX_SAFE_INTEGER),
      blocks: f.whole("blocks", 0, MOST / BLOCK_ROWS),
    }),
    create: <K extends Key>(shape: RowShape, { spec }: Facts) =>
      make<K>(parseSpec(spec), { ...shape, nprobe: undefined }),
    expect(index, facts) {
      index.restoreTraining(facts);
      index.lists.expectBlocks(facts.blocks);
      if (facts.trainedRows > 0) index.lists.parts.coarse?.expectCount(index.lists.nlist);
    },
    restore: (index, _facts, fail: Fail) => checkLists(index, fail),
  }),
};
