import { CODES_FROM } from "./exactScan.ts";
import { FlatIndex } from "./flat.ts";
import { fileForm, type KindOfIndex } from "./kind.ts";
import { pad16 } from "./space.ts";

/** The exact index over all rows. */
export const FLAT: KindOfIndex = {
  name: "Flat",
  // Parameters of graphs are allowed, without effect: a comparison gives them to all its indexes.
  options: ["efConstruction", "efSearch", "metricOptions"],
  create: (_spec, { dimension, metric, metricOptions, dtype, seed }) =>
    new FlatIndex({ dimension, metric, metricOptions, dtype, seed }),
  estimate(_spec, n, { dimension, metric, dtype }) {
    const bytes = dtype === "f32" ? dimension * 4 : dtype === "bits" ? Math.ceil(dimension / 8) : dimension;
    const many = n * dimension >= CODES_FROM;
    const bounded = many && dtype === "f32" && ["l2", "l2sq", "cosine", "ip"].includes(metric);
    const codes = bounded ? Math.ceil(n / 8) * 8 * (Math.ceil(dimension / 8) * 8 + 4.5) : 0;
    return { vectors: n * pad16(bytes), codes, links: 0, rest: n / 8, fixed: 40_000 };
  },
  file: fileForm<undefined, FlatIndex>({
    facts: () => undefined,
    create: (shape) => new FlatIndex(shape),
  }),
};
