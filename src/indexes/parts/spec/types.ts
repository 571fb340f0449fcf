/** How a graph's rows are coded for its search; answers are scored exactly with `refine`. */
export type CodeKind = "SQ8" | "SQ7";

/** What a graph is searched over: its vectors, or codes, perhaps with the best candidates scored again. */
export interface GraphCodes {
  readonly codes: CodeKind | undefined;
  readonly refine: boolean;
}

/** How rows in lists are stored. */
export type ListCodes =
  | { readonly kind: "Flat" }
  /** Each component in so many bits. */
  | { readonly kind: "SQ"; readonly bits: 4 | 6 | 8 }
  /** m parts of a vector, each the nearest of 2^nbits centroids; `fastScan` looks up sixteen in a register. */
  | { readonly kind: "PQ"; readonly m: number; readonly nbits: 4 | 8; readonly fastScan: boolean }
  /** One bit a component after a random rotation, with a bound on the error. */
  | { readonly kind: "RaBitQ" };

/** A trained rotation before codes; to `dimension` components where one is named. */
export interface OpqSpec {
  readonly m: number;
  readonly dimension: number | undefined;
}

/** An index specification, read. */
export type Spec =
  | { readonly kind: "Flat" }
  | { readonly kind: "Auto" }
  | ({
      readonly kind: "HNSW";
      /** Links a row on the upper levels; level 0 has twice as many. As in FAISS, 32 unless given. */
      readonly M: number;
    } & GraphCodes)
  | { readonly kind: "KDTree" }
  | { readonly kind: "BallTree" }
  | { readonly kind: "RPForest"; readonly trees: number }
  /** K neighbours a row in the graph that is improved. */
  | ({ readonly kind: "NNDescent"; readonly K: number } & GraphCodes)
  | ({ readonly kind: "ANNG" | "ONNG"; readonly edges: number } & GraphCodes)
  /** At most R links a row. */
  | ({ readonly kind: "Vamana"; readonly R: number } & GraphCodes)
  /** M links a row, the codes of the linked rows beside them. */
  | { readonly kind: "QG"; readonly M: number }
  /** Without `nlist` about the square root of the rows. */
  | { readonly kind: "ScaNN"; readonly nlist: number | undefined; readonly soar: boolean }
  /** FAISS's flat codes (one list, without `nlist`) and inverted files. */
  | {
      readonly kind: "Lists";
      readonly opq: OpqSpec | undefined;
      readonly nlist: number | undefined;
      /** A graph over the centroids finds the lists. */
      readonly coarse: { readonly M: number } | undefined;
      readonly codes: ListCodes;
      readonly refine: boolean;
    };

export type SpecKind = Spec["kind"];

/** FAISS's M when a specification says only `HNSW`. */
export const DEFAULT_M = 32;
export const MIN_M = 2;
export const MAX_M = 100;

/** Most lists of an inverted file. */
export const MAX_NLIST = 16_777_216;
