import type { Collector } from "./estimator.ts";
import { countVotes, type Ties, type Weights, weigh, winner } from "./votes.ts";

/** How neighbours elect a class. */
export interface Election {
  /** Class of each fitted row. */
  readonly codes: Int32Array;
  readonly classes: number;
  readonly weights: Weights;
  readonly ties: Ties;
}

/** Votes of n neighbours at a time, without allocating. */
export class Booth {
  readonly votes: Float64Array;
  readonly #election: Election;
  #codes: Int32Array = new Int32Array(64);
  #weights: Float64Array = new Float64Array(64);

  constructor(election: Election) {
    this.#election = election;
    this.votes = new Float64Array(election.classes);
  }

  /** Fills {@link votes} from neighbours from … to−1, nearest first. */
  count(rows: Int32Array, distances: Float32Array, from: number, to: number): void {
    const { codes, weights } = this.#election;
    if (to - from > this.#codes.length) {
      this.#codes = new Int32Array(2 * (to - from));
      this.#weights = new Float64Array(2 * (to - from));
    }
    for (let i = from; i < to; i++) this.#codes[i - from] = codes[rows[i]!]!;
    weigh(weights, distances, from, to, this.#weights);
    countVotes(this.#codes, this.#weights, to - from, this.votes);
  }

  /** The class elected by the n neighbours counted last. */
  winner(n: number): number {
    return winner(this.votes, this.#codes, n, this.#election.ties);
  }
}

/** Classes of n queries for several k from one search of the largest, as arrays of n for each k. */
export function electEach(election: Election, ks: readonly number[], n: number): Collector<Int32Array[]> {
  const booth = new Booth(election);
  const out = ks.map(() => new Int32Array(n));
  return {
    visit({ starts, rows, distances }, first) {
      for (let q = 0; q + 1 < starts.length; q++) {
        const from = starts[q]!;
        for (let j = 0; j < ks.length; j++) {
          const to = Math.min(starts[q + 1]!, from + ks[j]!);
          booth.count(rows, distances, from, to);
          out[j]![first + q] = booth.winner(to - from);
        }
      }
    },
    finish: () => out,
  };
}

/**
 * Shares of every class in the votes for several k, as arrays of n × classes for each k; a row of zeros where nobody
 * votes or the votes sum to zero.
 */
export function shareVotes(election: Election, ks: readonly number[], n: number): Collector<Float64Array[]> {
  const booth = new Booth(election);
  const { classes } = election;
  const out = ks.map(() => new Float64Array(n * classes));
  return {
    visit({ starts, rows, distances }, first) {
      for (let q = 0; q + 1 < starts.length; q++) {
        const from = starts[q]!;
        const at = (first + q) * classes;
        for (let j = 0; j < ks.length; j++) {
          booth.count(rows, distances, from, Math.min(starts[q + 1]!, from + ks[j]!));
          let sum = 0;
          for (const votes of booth.votes) sum += votes;
          for (let c = 0; c < classes; c++) out[j]![at + c] = booth.votes[c]! / (sum === 0 ? 1 : sum);
        }
      }
    },
    finish: () => out,
  };
}
