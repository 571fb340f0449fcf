import type { Matrix, Scalars } from "../../core/index.ts";
import type { Grid } from "../../evaluate/index.ts";
import { FlatIndex, type Index } from "../../indexes/index.ts";
import { bySpec, type Contestant, type MakeOptions } from "../study.ts";

/** An index of the lab, and the family that the field knows it under. */
export interface FamilyMember extends Contestant {
  readonly family: string;
  /** Takes part in runs over a million rows, where trees and slow builders would take hours. */
  readonly large: boolean;
}

/** What the plain comparison with every row is called in tables. */
export const PLAIN = "Flat without codes";

const LARGE = ["Flat", "RPForest", "HNSW", "IVF", "ScaNN"];

/** One member or more of every family, for n rows of d components. */
export function families(n: number, d: number): FamilyMember[] {
  const nlist = listsFor(n);
  const m = subspaces(d);
  const specs: readonly (readonly [family: string, spec: string])[] = [
    ["brute force", "Flat"],
    ["KD-tree", "KDTree"],
    ["ball tree", "BallTree"],
    ["random-projection forest (Annoy)", "RPForest50"],
    ["HNSW (NMSLIB)", "HNSW16"],
    ["HNSW over 7-bit codes", "HNSW16,SQ7,Refine"],
    ["NN-descent", "NNDescent30"],
    ["neighbourhood graph (NGT)", "ANNG"],
    ["neighbourhood graph (NGT)", "ONNG"],
    ["Vamana (DiskANN)", "Vamana64"],
    ["inverted file (FAISS)", `IVF${nlist},Flat`],
    ["inverted file, product quantization (FAISS)", `IVF${nlist},PQ${m}x4fs,Refine`],
    ["anisotropic quantization (ScaNN)", "ScaNN"],
    ["quantized graph", "QG32"],
  ];
  const plain: FamilyMember = { family: "brute force", name: PLAIN, large: false, make: makePlain };
  return [
    plain,
    ...specs.map(([family, spec]) => ({
      ...bySpec(spec),
      family,
      large: LARGE.some((word) => spec.startsWith(word)) && spec !== "HNSW16",
    })),
  ];
}

async function makePlain(base: Matrix<Scalars>, { threads, signal }: MakeOptions): Promise<Index> {
  const index = new FlatIndex({ dimension: base.cols, metric: "l2", codes: false });
  await index.addAsync(base, { threads, signal });
  return index;
}

/** A power of two near 4√n, with at least 39 rows a list to learn from. */
export function listsFor(n: number): number {
  const wanted = Math.min(4 * Math.sqrt(n), n / 39);
  return Math.max(1, 2 ** Math.round(Math.log2(Math.max(1, wanted))));
}

/** The most sub-spaces of equal width, two components or more each. */
export function subspaces(d: number): number {
  for (let m = d >> 1; m > 1; m--) if (d % m === 0) return m;
  return 1;
}

/** A few values of each search parameter, spread over what the index says is worth trying. */
export function spread(index: Pick<Index, "dials">, k: number, most: number): Grid {
  const dials = Object.entries(index.dials(k));
  const grid: Record<string, readonly number[]> = {};
  // The first dial says how far to search; the others, such as `rerank`, get fewer values.
  for (const [i, [name, values]] of dials.entries()) {
    grid[name] = pick(values, i === 0 ? most : Math.max(2, most >> 2));
  }
  return grid;
}

function pick(values: readonly number[], most: number): readonly number[] {
  if (values.length <= most) return values;
  const last = values.length - 1;
  return Array.from({ length: most }, (_, i) => values[Math.round((i * last) / (most - 1))]!);
}
