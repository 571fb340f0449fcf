import type { Key } from "../../contract.ts";
import { fileForm, type KindOfIndex, type RowShape } from "../../kind.ts";
import { pad16 } from "../../space.ts";
import { SPLITS, type Split } from "../topology.ts";
import { KDTREE_DEFAULTS, KDTreeIndex } from "./kdTree.ts";

const MOST = 0xffff_fffe;
/** More levels than any tree that is built here has; a search keeps three children of each in hand. */
const MOST_LEVELS = 80;

interface Facts {
  readonly leafSize: number;
  readonly split: Split;
  readonly covered: number;
  readonly nodes: number;
}

/** Exact trees of boxes. */
export const KDTREE: KindOfIndex = {
  name: "KDTree",
  options: ["leafSize", "metricOptions"],
  create: (_spec, { dimension, metric, metricOptions, dtype, seed, leafSize }) =>
    new KDTreeIndex({
      dimension,
      metric,
      metricOptions,
      dtype,
      seed,
      leafSize: leafSize ?? KDTREE_DEFAULTS.leafSize,
    }),
  estimate(_spec, n, { dimension, metric }) {
    const isL2 = ["l2", "l2sq", "cosine"].includes(metric);
    const padded = pad16(dimension * 4) / 4;
    const width = isL2 && dimension <= 3 ? Math.max(2, dimension) : padded;
    // Leaves of 24 are about two thirds full; many nodes have two or three children.
    const leaves = n / 16.5;
    const nodes = n / 32;
    const blocks = isL2 && width <= 8 ? (n + 1.5 * leaves) * width * 4 : 0;
    return {
      vectors: n * pad16(dimension * 4),
      codes: 0,
      links: nodes * (96 + 32 * width) + blocks,
      rest: n * (1 / 8 + 10),
      fixed: 100_000,
    };
  },
  file: fileForm<Facts, KDTreeIndex>({
    facts: (f) => ({
      leafSize: f.whole("leafSize", 1, 10_000),
      split: f.word("split", SPLITS),
      covered: f.whole("covered", 0, MOST),
      nodes: f.whole("nodes", 0, MOST),
    }),
    create: <K extends Key>(shape: RowShape, { leafSize, split }: Facts) =>
      new KDTreeIndex<K>({ ...shape, leafSize, split }),
    expect(index, { covered, nodes }) {
      index.tree.topology.expect(nodes);
      index.restoreCovered(covered);
    },
    restore(index, { covered, nodes }, fail) {
      if (covered > index.rows.rows) fail("no more rows are in the tree than there are", String(covered));
      if (covered > 0) index.tree.topology.check(covered, MOST_LEVELS, fail);
      else if (nodes > 0) fail("a tree of no rows has no nodes", String(nodes));
      index.tree.restore(covered);
    },
  }),
};
