import type { Key } from "../../contract.ts";
import { fileForm, type KindOfIndex, type RowShape } from "../../kind.ts";
import { pad16 } from "../../space.ts";
import { BALLTREE_DEFAULTS, BallTreeIndex } from "./balltree.ts";
import { levelsFor } from "./grow.ts";
import { checkBalls } from "./validate.ts";

const MOST = 0xffff_fffe;

interface Facts {
  readonly leafSize: number;
  readonly levels: number;
  readonly covered: number;
}

/** Balls within balls. */
export const BALLTREE: KindOfIndex = {
  name: "BallTree",
  options: ["leafSize", "metricOptions"],
  create: (_spec, { dimension, metric, metricOptions, dtype, seed, leafSize }) =>
    new BallTreeIndex({ dimension, metric, metricOptions, dtype, seed, leafSize }),
  estimate(_spec, n, { dimension, dtype }) {
    const bytes = dtype === "f32" ? dimension * 4 : dtype === "bits" ? Math.ceil(dimension / 8) : dimension;
    const nodes = 2 ** (levelsFor(n, BALLTREE_DEFAULTS.leafSize) + 1) - 1;
    // A bit for removal, and after renumbering two numbers for the key.
    return {
      vectors: n * pad16(bytes),
      codes: 0,
      links: nodes * (16 + pad16(bytes)),
      rest: n * (1 / 8 + 8),
      fixed: 60_000,
    };
  },
  file: fileForm<Facts, BallTreeIndex>({
    facts: (f) => ({
      leafSize: f.whole("leafSize", 1, 10_000),
      levels: f.whole("levels", -1, 31),
      covered: f.whole("covered", 0, MOST),
    }),
    create: <K extends Key>(shape: RowShape, { leafSize }: Facts) =>
      new BallTreeIndex<K>({ ...shape, leafSize }),
    expect: (index, { levels }) => {
      index.balls.levels = levels;
    },
    restore(index, { covered }, fail) {
      index.restoreTree(covered);
      checkBalls(index, fail);
    },
  }),
};
