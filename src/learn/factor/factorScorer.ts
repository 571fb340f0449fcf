import { type Matrix, row } from "../../core/index.ts";
import { JobModel } from "../jobModel.ts";
import type { Interactions } from "./interactions.ts";
import { checkUser, type FactorModel, products } from "./model.ts";

/** Rows of users and of items. */
export interface Factors {
  readonly users: Matrix;
  readonly items: Matrix;
  readonly loss: readonly number[];
}

/** What models have in common whose scores are inner products of learned rows. */
export abstract class FactorScorer<L extends Factors>
  extends JobModel<Interactions, L>
  implements FactorModel
{
  get userFactors_(): Matrix {
    return this.learned.users;
  }

  get itemFactors_(): Matrix {
    return this.learned.items;
  }

  /** Rows whose cosine tells how alike items are. */
  get itemVectors_(): Matrix {
    return this.learned.items;
  }

  /** What the model makes small, after each pass over the interactions. */
  get loss_(): readonly number[] {
    return this.learned.loss;
  }

  scoresOf(user: number): Float64Array {
    const { users, items } = this.learned;
    return products(items, row(users, checkUser(user, users.rows)));
  }

  scoresFor(items: ArrayLike<number>, values?: ArrayLike<number>): Float64Array {
    return products(this.learned.items, this.foldIn(items, values));
  }

  abstract foldIn(items: ArrayLike<number>, values?: ArrayLike<number>): Float32Array;
}
