/** Words of other libraries that have no index here, and the nearest thing that has. First match counts. */
const LACKING: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/^PCA[WR]*\d*$/i, "OPQ<m>_<dimension> before PQ<m>, which turns and shortens vectors; PCA is not here"],
  [/^(RR|HR)\d*$|^ITQ\d*$/i, "OPQ<m> before PQ<m>, or RaBitQ, which turns vectors by itself"],
  [/^L2norm$/i, 'metric "cosine", under which lengths do not count, and no L2norm'],
  [/^Pad\d*$/i, "nothing: rows are padded where that is needed"],
  [/^MinMax(FP16)?$/i, "SQ8, whose range is trained; MinMax is not here"],
  [/^LSH|^SH$/i, "RaBitQ, a bit a component with a bound on its error; LSH is not here"],
  [/^Zn?Lattice/i, "PQ<m>; lattices are not here"],
  [/^SQ(fp|bf)16$/i, "SQ8, or Flat for exact vectors; half floats are not here"],
  [/^SQ(0|tq\w*)$/i, "SQ4 or RaBitQ"],
  [/^direct$/i, 'dtype "u8" or "i8" for vectors of bytes, and no SQ8_direct'],
  [/^(RQ|LSQ|RCQ|LSCQ|PRQ|PLSQ)\d/i, "PQ<m>, with Refine for the rest; additive codes are not here"],
  [/^EDEN\d*$/i, "RaBitQ; EDEN is not here"],
  [/^RaBitQfs\d*$/i, "RaBitQ; fast scan is PQ<m>x4fs"],
  [/^(NSG|Cagra)\d*$/i, "Vamana<R>, ONNG<edges> or HNSW<M>; NSG and Cagra are not here"],
  [/^IMI\d*x\d*$/i, "IVF<nlist>_HNSW<M>, which also finds one of many lists; IMI is not here"],
  [/^Residual/i, "IVF<nlist>"],
  [/^FlatDedup$/i, "Flat"],
  [/^RefinePanorama/i, "Refine"],
  [/^B(Flat|IVF|HNSW|Hash)/i, 'the same index with metric "hamming" and without the B'],
  [/^(SymphonyQG|NGT-?QG)\d*$/i, "QG<M>"],
  [/^(DiskANN|FreshDiskANN)\d*$/i, "Vamana<R>"],
  [/^NGT\d*$/i, "ANNG<edges> or ONNG<edges>"],
  [/^Annoy\d*$/i, "RPForest<trees>"],
  [/^(PyNNDescent|KGraph)\d*$/i, "NNDescent<K>"],
  [/^(BruteForce|Exact|Linear)$/i, "Flat"],
];

/** What to write instead of a word that other libraries have and this one has not. */
export function lackingHint(word: string): string | undefined {
  return LACKING.find(([pattern]) => pattern.test(word))?.[1];
}
