import usearch from "usearch";

/** usearch's exact search: no index, the vectors are given with every call. */
export function create({ d, metric }) {
  const kind = metric === "cosine" ? "ip" : "l2sq";
  /** @type {Float32Array} */
  let rows = new Float32Array(0);
  /** @type {Float32Array[]} */
  let asked = [];
  return {
    prepare(queries) {
      asked = Array.from({ length: queries.length / d }, (_, q) => queries.slice(q * d, (q + 1) * d));
    },
    build(base) {
      rows = base;
    },
    searcher: (_ef, k) => (q) => usearch.exactSearch(rows, asked[q], d, k, kind, 1).keys,
    batcher(count, k) {
      const many = new Float32Array(count * d);
      for (let q = 0; q < count; q++) many.set(asked[q % asked.length], q * d);
      return () => usearch.exactSearch(rows, many, d, k, kind, 1).keys;
    },
  };
}
