import { checkK, type Job, oneOf, resolveOptions } from "../../core/index.ts";
import { JobModel } from "../jobModel.ts";
import { checkInteractions, type Interactions, rowOf, transposed } from "./interactions.ts";
import { bag, checkUser, type ItemScorer, positive } from "./model.ts";
import { learnWeights, WEIGHTINGS, type Weighting, type Weights, weighted } from "./weighting.ts";

export interface ItemKnnOptions {
  /** Nearest items kept of each item; Infinity for all that share a user. */
  neighbors?: number;
  /** What an interaction counts; `tfidf` and `bm25` make users with many items count less. */
  weighting?: Weighting;
  /** What a user's items speak with: their weights, or 1 each. */
  profile?: "weighted" | "binary";
  /** Added to the product of norms: makes items with few users less alike. In units of weight². */
  shrink?: number;
}

export const ITEM_KNN_DEFAULTS: Required<ItemKnnOptions> = {
  neighbors: 100,
  weighting: "bm25",
  profile: "weighted",
  shrink: 0,
};

interface Learned {
  readonly x: Interactions;
  readonly weights: Weights;
  /** Items × items: similarities of the nearest, rows and columns ascending. */
  readonly similar: Interactions;
}

/**
 * Item-based neighbours: an item scores the sum, over the user's items, of weight (or 1) × similarity, where similarity is the
 * cosine between columns of weighted interactions, (a·b) / (|a||b| + shrink), of each item's nearest items only.
 * float64 sums; no random numbers.
 *
 * @throws VicinalError fit: BAD_INPUT
 * @remarks fit is O(Σ over users of items²) and holds items × neighbors numbers
 * @see Sarwar, Karypis, Konstan and Riedl, WWW 2001; Deshpande and Karypis, TOIS 2004
 */
export class ItemKnn extends JobModel<Interactions, Learned> implements ItemScorer {
  readonly options: Readonly<Required<ItemKnnOptions>>;

  /** @throws VicinalError OPTION_UNKNOWN, OPTION_RANGE, BAD_K */
  constructor(options: ItemKnnOptions = {}) {
    super("ItemKnn");
    const o = resolveOptions(ITEM_KNN_DEFAULTS, options) as Required<ItemKnnOptions>;
    if (o.neighbors !== Number.POSITIVE_INFINITY) checkK(o.neighbors);
    oneOf("weighting", o.weighting, WEIGHTINGS);
    oneOf("profile", o.profile, ["weighted", "binary"]);
    positive("shrink", o.shrink, true);
    this.options = o;
  }

  /** Similarities of each item's nearest items; row i has the neighbours of item i, ascending by number. */
  get similarities_(): Interactions {
    return this.learned.similar;
  }

  scoresOf(user: number): Float64Array {
    const { x } = this.learned;
    const { items, values } = rowOf(x, checkUser(user, x.users));
    return this.scoresFor(items, values);
  }

  scoresFor(items: ArrayLike<number>, values?: ArrayLike<number>): Float64Array {
    const { x, weights } = this.learned;
    const by = this.options.profile === "binary" ? "binary" : weights;
    return this.#scores(weighted(bag(items, values, x.items), by));
  }

  /** Neighbours of the person's items; an item that keeps few neighbours speaks for those only. */
  #scores({ indices, values, items }: Interactions): Float64Array {
    const { similar } = this.learned;
    const scores = new Float64Array(items);
    for (let e = 0; e < indices.length; e++) {
      const row = indices[e]!;
      for (let s = similar.indptr[row]!; s < similar.indptr[row + 1]!; s++) {
        scores[similar.indices[s]!]! += values[e]! * similar.values[s]!;
      }
    }
    return scores;
  }

  /** @internal */
  protected override *job(given: Interactions): Job<Learned> {
    const x = checkInteractions(given);
    const { neighbors, weighting, shrink } = this.options;
    const weights = learnWeights(x, weighting);
    const rows = weighted(x, weights);
    const columns = transposed(rows);
    const norms = new Float64Array(x.items);
    for (let i = 0; i < x.items; i++) {
      for (let e = columns.indptr[i]!; e < columns.indptr[i + 1]!; e++) norms[i]! += columns.values[e]! ** 2;
      norms[i] = Math.sqrt(norms[i]!);
    }
    const kept: { ids: Uint32Array; values: Float32Array }[] = [];
    const sums = new Float64Array(x.items);
    for (let i = 0; i < x.items; i++) {
      if (i % 64 === 0) yield { phase: "similarities", done: i, total: x.items };
      const met = productsWith(i, columns, rows, sums);
      for (const j of met) sums[j] = sums[j]! / (norms[i]! * norms[j]! + shrink);
      kept.push(nearest(met, sums, neighbors));
      for (const j of met) sums[j] = 0;
    }
    return { x, weights, similar: stacked(kept) };
  }
}

/** Adds the products of column i with every column that shares a user to `sums`, and says which those are. */
function productsWith(i: number, columns: Interactions, rows: Interactions, sums: Float64Array): number[] {
  const met: number[] = [];
  for (let e = columns.indptr[i]!; e < columns.indptr[i + 1]!; e++) {
    const user = columns.indices[e]!;
    const weight = columns.values[e]!;
    for (let s = rows.indptr[user]!; s < rows.indptr[user + 1]!; s++) {
      const j = rows.indices[s]!;
      if (j === i) continue;
      if (sums[j] === 0) met.push(j);
      sums[j]! += weight * rows.values[s]!;
    }
  }
  return met;
}

/** The largest few, lower numbers first among equals, then in order of number. */
function nearest(
  met: number[],
  sums: Float64Array,
  most: number,
): { ids: Uint32Array; values: Float32Array } {
  const best = met.length <= most ? met : met.sort((a, b) => sums[b]! - sums[a]! || a - b).slice(0, most);
  const ids = Uint32Array.from(best).sort();
  return { ids, values: Float32Array.from(ids, (j) => sums[j]!) };
}

function stacked(kept: readonly { ids: Uint32Array; values: Float32Array }[]): Interactions {
  const n = kept.length;
  const indptr = new Uint32Array(n + 1);
  for (const [i, { ids }] of kept.entries()) indptr[i + 1] = indptr[i]! + ids.length;
  const indices = new Uint32Array(indptr[n]!);
  const values = new Float32Array(indptr[n]!);
  for (const [i, one] of kept.entries()) {
    indices.set(one.ids, indptr[i]!);
    values.set(one.values, indptr[i]!);
  }
  return { users: n, items: n, indptr, indices, values };
}
