import type { Key } from "../contract.ts";
import { fileForm, type KindOfIndex, type RowShape } from "../kind.ts";
import type { Spec } from "../parts/spec.ts";
import { pad16 } from "../space.ts";
import { RPFOREST_DEFAULTS, RPForestIndex } from "./forest.ts";
import { checkTrees } from "./validate.ts";

const MOST = 0xffff_fffe;

interface Facts {
  readonly trees: number;
  readonly leafSize: number;
  readonly covered: number;
  readonly splits: number;
  readonly leaves: number;
  readonly planeStep: number;
}

const treesOf = (spec: Spec): number => (spec.kind === "RPForest" ? spec.trees : RPFOREST_DEFAULTS.trees);

/** Rows of a mean leaf as a share of the largest allowed: two means cut at random between halves and worse. */
const LEAF_FILL = 0.6;

/** Forests of random-projection trees. */
export const RPFOREST: KindOfIndex = {
  name: "RPForest",
  options: ["searchK", "leafSize"],
  create: (spec, { dimension, metric, dtype, seed, searchK, leafSize }) =>
    new RPForestIndex({ dimension, metric, dtype, seed, searchK, leafSize, trees: treesOf(spec) }),
  estimate(spec, n, { dimension, metric, dtype }) {
    const trees = treesOf(spec);
    const floats = dimension + (metric === "ip" ? 1 : 0);
    const coded = dtype === "f32" ? pad16(floats) : 0;
    const leaves = n < 64 ? 0 : (trees * n) / (LEAF_FILL * RPFOREST_DEFAULTS.leafSize);
    return {
      vectors: n * pad16(dtype === "f32" ? floats * 4 : Math.ceil(dimension / 8)),
      codes: coded === 0 ? 0 : n * (coded + 4),
      links: n < 64 ? 0 : trees * n * 4 + leaves * (4 + 16 + coded),
      rest: n / 8,
      fixed: 100_000,
    };
  },
  file: fileForm<Facts, RPForestIndex>({
    facts: (f) => ({
      trees: f.whole("trees", 1, 1000),
      leafSize: f.whole("leafSize", 1, 65_536),
      covered: f.whole("covered", 0, MOST),
      splits: f.whole("splits", 0, MOST),
      leaves: f.whole("leaves", 0, MOST),
      planeStep: f.number("planeStep", 0),
    }),
    create: <K extends Key>({ dimension, metric, dtype, seed }: RowShape, { trees, leafSize }: Facts) =>
      new RPForestIndex<K>({ dimension, metric, dtype, seed, trees, leafSize }),
    expect: (index, { trees, covered, splits, leaves }) =>
      index.trees.expect({ trees, covered, splits, leaves }),
    restore(index, { covered, splits, leaves, planeStep }, fail) {
      if (covered === 0 && (splits > 0 || leaves > 0)) fail("only trees over rows have nodes");
      index.trees.settle(covered === 0 ? 0 : planeStep);
      checkTrees(index.trees, fail);
      index.restoreCovered(covered);
    },
  }),
};
