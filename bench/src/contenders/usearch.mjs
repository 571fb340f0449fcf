import { existsSync } from "node:fs";
import usearch from "usearch";

/** usearch in float32. Its native input is Float32Array. */
export function create({ n, d, metric, M, efConstruction, scratch, clock }) {
  const make = (ef) =>
    new usearch.Index({
      dimensions: d,
      // Inner product on unit vectors ranks as cosine does and costs less.
      metric: metric === "cosine" ? "ip" : "l2sq",
      quantization: "f32",
      connectivity: M,
      expansion_add: efConstruction,
      expansion_search: ef,
      multi: false,
    });
  let built = make(0);
  let file = `${scratch}.usearch`;
  /** Its expansion while searching is fixed by the constructor, so each value has an index of its own. */
  const loaded = new Map();
  /** @type {Float32Array[]} */
  let asked = [];
  return {
    prepare(queries) {
      asked = Array.from({ length: queries.length / d }, (_, q) => queries.slice(q * d, (q + 1) * d));
    },
    build(base) {
      const keys = BigUint64Array.from({ length: n }, (_, i) => BigInt(i));
      clock(() => built.add(keys, base, 1));
    },
    save(path) {
      built.save(path);
      file = path;
    },
    load(path) {
      file = path;
    },
    searcher(ef, k) {
      if (!loaded.has(ef)) {
        if (!existsSync(file)) built.save(file);
        built = undefined;
        if (loaded.size === 3) loaded.delete(loaded.keys().next().value);
        const index = make(ef);
        index.load(file);
        loaded.set(ef, index);
      }
      const index = loaded.get(ef);
      return (q) => index.search(asked[q], k, 1).keys;
    },
  };
}
