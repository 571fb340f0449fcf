import { type Matrix, matrix, type RunOptions } from "../../core/index.ts";
import { loadMusicSet } from "../../labs/music/sets.ts";
import { ImplicitALS, type Interactions, ItemKnn } from "../../learn/index.ts";

/** What is learned of a set, as it can be sent from thread to thread. */
export interface LearnedTaste {
  readonly note: string;
  readonly names: readonly string[];
  readonly x: Interactions;
  /** Rows of things by factorisation. */
  readonly factors: Matrix<Float32Array>;
  /** Row i: the things most like thing i, with their similarities. */
  readonly similar: Interactions;
}

export const FACTORS = 64;
/** As lab music found them good: see docs/lab-music.md. */
const ALS = { factors: FACTORS, regularization: 25, iterations: 10, seed: 1 } as const;
const LIKE = 100;

/** Factors by alternating least squares, and cosines of who has what. */
export async function learnTaste(
  { name, dataDir }: { readonly name: string; readonly dataDir: string | undefined },
  run: RunOptions,
): Promise<LearnedTaste> {
  const { note, names, x, counted } = await loadMusicSet(name, dataDir);
  const weights = counted
    ? ({ weighting: "relative", alpha: 15 } as const)
    : ({ weighting: "binary", alpha: 5 } as const);
  const als = new ImplicitALS({ ...ALS, ...weights });
  await als.fitAsync(x, run);
  const knn = new ItemKnn({ neighbors: LIKE, weighting: counted ? "log" : "binary", shrink: 10 });
  await knn.fitAsync(x, run);
  const { data, rows, cols } = als.itemVectors_;
  return { note, names, x, factors: matrix(Float32Array.from(data), cols, rows), similar: knn.similarities_ };
}
