import { type Job, oneOf, resolveOptions, VicinalError } from "../../core/index.ts";
import { JobModel } from "../jobModel.ts";
import { checkInteractions, type Interactions, rowOf, transposed } from "./interactions.ts";
import { inverseJob } from "./inverse.ts";
import { bag, checkUser, type ItemScorer, positive } from "./model.ts";
import { learnWeights, WEIGHTINGS, type Weighting, type Weights, weighted } from "./weighting.ts";

export interface EaseOptions {
  /** λ: what the squared entries of B cost. */
  regularization?: number;
  weighting?: Weighting;
}

export const EASE_DEFAULTS: Required<EaseOptions> = { regularization: 200, weighting: "binary" };

/** Items × items float32 numbers are kept, items × items or users × users float64 ones inverted. */
const MOST_ITEMS = 10_000;

interface Learned {
  readonly x: Interactions;
  readonly weights: Weights;
  /** B, row-major: what item i says of item j. */
  readonly coefficients: Float32Array;
}

/**
 * The linear autoencoder without hidden layer: B with zero diagonal that minimises |X − X B|² + λ|B|², in closed form;
 * scores are x·B. Strong where items are thousands, not millions.
 *
 * @throws VicinalError fit: BAD_INPUT, LIMIT for more than 10,000 items
 * @remarks fit inverts the smaller of items × items and users × users: O(min³), O(items²) numbers kept
 * @see Steck, WWW 2019 (arXiv:1905.03375)
 */
export class Ease extends JobModel<Interactions, Learned> implements ItemScorer {
  readonly options: Readonly<Required<EaseOptions>>;

  /** @throws VicinalError OPTION_UNKNOWN, OPTION_RANGE */
  constructor(options: EaseOptions = {}) {
    super("Ease");
    const o = resolveOptions(EASE_DEFAULTS, options) as Required<EaseOptions>;
    positive("regularization", o.regularization);
    oneOf("weighting", o.weighting, WEIGHTINGS);
    this.options = o;
  }

  /** B, items × items, row-major: column j says what each item tells of item j. */
  get coefficients_(): Float32Array {
    return this.learned.coefficients;
  }

  scoresOf(user: number): Float64Array {
    const { x } = this.learned;
    const { items, values } = rowOf(x, checkUser(user, x.users));
    return this.scoresFor(items, values);
  }

  scoresFor(items: ArrayLike<number>, values?: ArrayLike<number>): Float64Array {
    const { x, weights, coefficients } = this.learned;
    const one = weighted(bag(items, values, x.items), weights);
    const scores = new Float64Array(x.items);
    for (let e = 0; e < one.indices.length; e++) {
      const row = one.indices[e]! * x.items;
      for (let j = 0; j < x.items; j++) scores[j]! += one.values[e]! * coefficients[row + j]!;
    }
    return scores;
  }

  /** @internal */
  protected override *job(given: Interactions): Job<Learned> {
    const x = checkInteractions(given);
    if (x.items > MOST_ITEMS) {
      throw new VicinalError("LIMIT", { what: "items of Ease", got: x.items, limit: MOST_ITEMS });
    }
    const weights = learnWeights(x, this.options.weighting);
    const rows = weighted(x, weights);
    const p = x.users < x.items ? yield* this.#throughUsers(rows) : yield* this.#throughItems(rows);
    const n = x.items;
    const coefficients = new Float32Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) coefficients[i * n + j] = i === j ? 0 : -p[i * n + j]! / p[j * n + j]!;
    }
    return { x, weights, coefficients };
  }

  /** P = (XᵀX + λI)⁻¹. */
  *#throughItems(rows: Interactions): Job<Float64Array> {
    const gram = gramOfRows(transposed(rows), this.options.regularization);
    return yield* inverseJob(gram, rows.items, "invert items × items");
  }

  /** P = (I − Xᵀ K X) / λ with K = (XXᵀ + λI)⁻¹ (Woodbury). */
  *#throughUsers(rows: Interactions): Job<Float64Array> {
    const { users, items } = rows;
    const lambda = this.options.regularization;
    const k = yield* inverseJob(gramOfRows(rows, lambda), users, "invert users × users");
    const columns = transposed(rows);
    const out = new Float64Array(items * items);
    const kx = new Float64Array(users);
    for (let j = 0; j < items; j++) {
      if (j % 64 === 0) yield { phase: "items × items", done: j, total: items };
      kx.fill(0);
      for (let e = columns.indptr[j]!; e < columns.indptr[j + 1]!; e++) {
        const at = columns.indices[e]! * users;
        for (let u = 0; u < users; u++) kx[u]! += columns.values[e]! * k[at + u]!;
      }
      for (let i = 0; i <= j; i++) {
        let sum = 0;
        for (let e = columns.indptr[i]!; e < columns.indptr[i + 1]!; e++) {
          sum += columns.values[e]! * kx[columns.indices[e]!]!;
        }
        out[i * items + j] = ((i === j ? 1 : 0) - sum) / lambda;
        out[j * items + i] = out[i * items + j]!;
      }
    }
    return out;
  }
}

/** A Aᵀ + λI of sparse rows A, dense. */
function gramOfRows(rows: Interactions, lambda: number): Float64Array {
  const n = rows.users;
  const columns = transposed(rows);
  const out = new Float64Array(n * n);
  for (let u = 0; u < n; u++) {
    for (let e = rows.indptr[u]!; e < rows.indptr[u + 1]!; e++) {
      const column = rows.indices[e]!;
      const weight = rows.values[e]!;
      for (let s = columns.indptr[column]!; s < columns.indptr[column + 1]!; s++) {
        out[u * n + columns.indices[s]!]! += weight * columns.values[s]!;
      }
    }
    out[u * n + u]! += lambda;
  }
  return out;
}
