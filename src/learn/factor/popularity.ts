import { fitted } from "../saved.ts";
import { checkInteractions, type Interactions } from "./interactions.ts";
import { bag, checkUser, type ItemScorer } from "./model.ts";

/** The same scores for everyone: how many users each item has. What any recommender has to beat. */
export class Popularity implements ItemScorer {
  #learned: { counts: Float64Array; users: number } | undefined;

  fit(given: Interactions): this {
    const { items, users, indices } = checkInteractions(given);
    const counts = new Float64Array(items);
    for (const item of indices) counts[item]!++;
    this.#learned = { counts, users };
    return this;
  }

  /** Users of each item; a copy. */
  get counts_(): Float64Array {
    return fitted(this.#learned, "Popularity").counts.slice();
  }

  scoresOf(user: number): Float64Array {
    checkUser(user, fitted(this.#learned, "Popularity").users);
    return this.counts_;
  }

  scoresFor(items: ArrayLike<number>, values?: ArrayLike<number>): Float64Array {
    bag(items, values, fitted(this.#learned, "Popularity").counts.length);
    return this.counts_;
  }
}
