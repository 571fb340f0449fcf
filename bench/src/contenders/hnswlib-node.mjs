import hnswlib from "hnswlib-node";

/** hnswlib through N-API. Its native input is number[], prepared outside the clock. */
export function create({ n, d, metric, M, efConstruction, seed, clock }) {
  // Inner product on unit vectors ranks as cosine does and spares it a normalisation a query.
  const index = new hnswlib.HierarchicalNSW(metric === "cosine" ? "ip" : "l2", d);
  /** @type {number[][]} */
  let asked = [];
  return {
    prepare(queries) {
      asked = rows(queries, d, 0, queries.length / d);
    },
    build(base) {
      index.initIndex({ maxElements: n, m: M, efConstruction, randomSeed: seed });
      for (let from = 0; from < n; from += 1000) {
        const chunk = rows(base, d, from, Math.min(from + 1000, n));
        clock(() => {
          for (let i = 0; i < chunk.length; i++) index.addPoint(chunk[i], from + i);
        });
      }
    },
    save: (path) => index.writeIndexSync(path),
    load: (path) => index.readIndexSync(path),
    searcher(ef, k) {
      index.setEf(Number(ef));
      return (q) => index.searchKnn(asked[q], k).neighbors;
    },
  };
}

/** @param {Float32Array} matrix @param {number} d @param {number} from @param {number} to */
const rows = (matrix, d, from, to) =>
  Array.from({ length: to - from }, (_, i) =>
    Array.from(matrix.subarray((from + i) * d, (from + i + 1) * d)),
  );
