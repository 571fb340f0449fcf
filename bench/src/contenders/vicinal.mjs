import { create as createIndex, FlatIndex, open } from "../../../dist/indexes/index.js";

/** Exact search without the 7-bit codes that bound distances, by its name in the tables. */
const BARE_FLAT = "Flat without codes";

/**
 * Vicinal through its public API. Each search copies the query in, quantizes it where the index has
 * codes, and hands back the caller's keys.
 */
export async function create({ spec, d, metric, efConstruction, seed, threads, clock }) {
  let index =
    spec === BARE_FLAT
      ? new FlatIndex({ dimension: d, metric, seed, codes: false })
      : createIndex(spec, {
          dimension: d,
          metric,
          seed,
          ...(spec.startsWith("HNSW") ? { efConstruction } : {}),
        });
  /** @type {Float32Array[]} */
  let asked = [];
  return {
    prepare(queries) {
      asked = Array.from({ length: queries.length / d }, (_, q) => queries.slice(q * d, (q + 1) * d));
    },
    build: (base) => clock(() => (threads > 1 ? index.addAsync(base, { threads }) : index.add(base))),
    memory: () => index.stats().memory,
    facts: () => index.stats(),
    save: (path) => index.save(path),
    async load(path) {
      index = await open(path);
    },
    searcher(ef, k) {
      const exact = spec.startsWith("Flat") || spec.endsWith("Tree");
      const options = typeof ef === "object" ? { k, ...ef } : exact ? { k } : { k, efSearch: ef };
      return (q) => index.search(asked[q], options).keys(0);
    },
    batcher(count, k) {
      const many = new Float32Array(count * d);
      for (let q = 0; q < count; q++) many.set(asked[q % asked.length], q * d);
      return () => index.search(many, { k }).ids;
    },
  };
}
