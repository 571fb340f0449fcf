import {
  adam,
  add,
  type Candidates,
  createTape,
  div,
  gather,
  mean,
  mul,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
} from "../../autodiff/index.ts";
import { createRng, type Job, type Matrix, matrix, permutation, type Rng } from "../../core/index.ts";
import type { BookSet, Pair } from "./data.ts";
import { CANDIDATES, DIMENSION, refiningLayer, type TrainedArm } from "./layer.ts";
import { nearestRows } from "./nearest.ts";
import { PairIndex } from "./split.ts";

export interface TrainOptions {
  readonly seed: number;
  readonly epochs: number;
  readonly learningRate: number;
  /** What progress calls this training. */
  readonly phase?: string;
}

/** A trained model: unit rows. */
export interface Trained {
  /** Of books, as the layer refines them. */
  readonly books: Matrix<Float32Array>;
  /** Of books, as the table has them. */
  readonly raw: Matrix<Float32Array>;
  readonly links: Matrix<Float32Array>;
  /** Mean loss of a pair in each epoch. */
  readonly loss: readonly number[];
  readonly parameters: number;
  /** Of the relaxation (arm E), as learned. */
  readonly temperature?: number;
}

const BATCH = 1024;
const NEGATIVES = 2;
const START = 0.05;

/**
 * Learns both tables, and the layer between, so that the cosine of a refined book and a link is 1 where the link occurs
 * and −1 where not (squared error, Adam). Whatever the arm, a seed gives the same tables, order and negatives.
 */
export function* train(
  arm: TrainedArm,
  set: BookSet,
  pairs: readonly Pair[],
  options: TrainOptions,
): Job<Trained> {
  const { seed, epochs, learningRate, phase = `books ${arm}` } = options;
  const tape = createTape();
  try {
    const start = createRng(seed, "books tables");
    const table = (rows: number): Float64Array =>
      Float64Array.from({ length: rows * DIMENSION }, () => START * (2 * start.next() - 1));
    const books = tape.parameter([set.titles.length, DIMENSION], table(set.titles.length));
    const links = tape.parameter([set.links.length, DIMENSION], table(set.links.length));
    const layer = refiningLayer(arm, tape, seed);
    const optimiser = adam({ books, links, ...layer.parameters }, { learningRate });
    const rng = createRng(seed, "books order");
    const strangers = createRng(seed, "books strangers");
    const known = new PairIndex(pairs, set);
    const occurrences = pairs.flatMap((pair) => new Array<Pair>(pair.times).fill(pair));
    const refined = (candidates: Candidates): Tensor => unit(layer.refine(unit(books), candidates));
    const loss: number[] = [];
    for (let epoch = 0; epoch < epochs; epoch++) {
      const candidates = candidatesOf(arm, rowsOf(books.values()), strangers);
      const order = permutation(occurrences.length, rng);
      let total = 0;
      for (let from = 0; from < order.length; from += BATCH) {
        yield { phase, done: epoch * order.length + from, total: epochs * order.length };
        const positives = Array.from(order.subarray(from, from + BATCH), (o) => occurrences[o]!);
        const batch = withNegatives(positives, set, known, rng);
        const value = tape.step(() => {
          const left = gather(refined(candidates), batch.books);
          const right = gather(unit(links), batch.links);
          const cosine = sum(mul(left, right), { axes: [1] });
          const error = mean(square(sub(cosine, tape.tensor(batch.labels))));
          tape.backward(error);
          return error.item();
        });
        optimiser.step();
        total += value * positives.length;
      }
      loss.push(total / order.length);
    }
    const candidates = candidatesOf(arm, rowsOf(books.values()), strangers);
    const taken = (work: () => Tensor): Matrix<Float32Array> => tape.inference(() => rowsOf(work().values()));
    const { logTemperature } = layer.parameters;
    const temperature = logTemperature && Math.exp(logTemperature.values()[0]!);
    const own = Object.values(layer.parameters).reduce((n, { size }) => n + size, 0);
    return {
      books: taken(() => refined(candidates)),
      raw: taken(() => unit(books)),
      links: taken(() => unit(links)),
      loss,
      parameters: books.size + links.size + own,
      ...(temperature === undefined ? {} : { temperature }),
    };
  } finally {
    tape.dispose();
  }
}

const rowsOf = (values: Float32Array | Float64Array): Matrix<Float32Array> =>
  matrix(Float32Array.from(values), DIMENSION);

/** Rows scaled to unit length. */
function unit(rows: Tensor): Tensor {
  return div(rows, sqrt(add(sum(square(rows), { axes: [1], keep: true }), 1e-12)));
}

/** Others of each book among which neighbours are taken: the nearest in the table as it is, or any (C). */
function candidatesOf(arm: TrainedArm, rows: Matrix<Float32Array>, rng: Rng): Candidates {
  const n = rows.rows;
  if (arm === "A" || arm === "B") return { windows: n, candidates: 0, index: [] };
  const candidates = Math.min(CANDIDATES, n - 1);
  if (arm !== "C") return { windows: n, candidates, index: nearestRows(rows, candidates) };
  const index = new Int32Array(n * candidates);
  for (let q = 0; q < n; q++) {
    for (let c = 0; c < candidates; c++) {
      const other = rng.below(n - 1);
      index[q * candidates + c] = other < q ? other : other + 1;
    }
  }
  return { windows: n, candidates, index };
}

interface Batch {
  readonly books: Int32Array;
  readonly links: Int32Array;
  readonly labels: Float32Array;
}

/** Pairs that occur and, for each, pairs that do not: a random book with a random link. */
function withNegatives(positives: readonly Pair[], set: BookSet, known: PairIndex, rng: Rng): Batch {
  const size = positives.length * (1 + NEGATIVES);
  const books = new Int32Array(size);
  const links = new Int32Array(size);
  const labels = new Float32Array(size).fill(-1);
  for (let i = 0; i < size; i++) {
    const positive = positives[i];
    if (positive !== undefined) {
      [books[i], links[i], labels[i]] = [positive.book, positive.link, 1];
      continue;
    }
    do {
      books[i] = rng.below(set.titles.length);
      links[i] = rng.below(set.links.length);
    } while (known.has(books[i]!, links[i]!));
  }
  return { books, links, labels };
}
