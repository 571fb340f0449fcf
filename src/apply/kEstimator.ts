import { checkK, type RunOptions } from "../core/index.ts";
import type { VectorsInput } from "../indexes/contract.ts";
import { type KNeighbors, NeighborEstimator, runWork, runWorkAsync, type Work } from "./estimator.ts";
import type { HeldOutOptions, KChoice } from "./heldOut.ts";
import type { NeighborOptions } from "./neighbors.ts";

/** What estimators by k neighbours have in common, where k can be chosen on held-out rows. */
export abstract class KEstimator<
  O extends NeighborOptions & { k?: number },
  H extends HeldOutOptions,
> extends NeighborEstimator<O> {
  #k: number;

  protected constructor(options: O, own: readonly string[]) {
    super(options, own);
    this.#k = checkK(options.k ?? 5);
  }

  /** Neighbours that are asked: the option, or what was chosen since the last fit. */
  get k_(): number {
    return this.#k;
  }

  /** Takes another k; without one, that of the options. @internal */
  protected takeK(k: number = checkK(this.options.k ?? 5)): void {
    this.#k = k;
  }

  /** Judges values of k; the best is not taken yet. @internal */
  protected abstract choosing(options: H): Work<KChoice>;

  /**
   * Judges values of k on held-out fitted rows, with one search a row for all of them, and takes the best as
   * {@link k_} until the next fit. Without other scoring, k is judged as `score` does.
   *
   * @throws VicinalError OPTION_UNKNOWN, OPTION_RANGE, BAD_K, NOT_FITTED
   * @remarks leaving one out costs a search for each row; a sample of `rows` is enough for many rows
   */
  chooseK(options: H = {} as H): KChoice {
    return runWork(this.choosing(options));
  }

  async chooseKAsync(options: H & RunOptions = {} as H): Promise<KChoice> {
    const { signal, onProgress } = options;
    return runWorkAsync(this.choosing(options), { signal, onProgress } as RunOptions);
  }

  /**
   * k nearest fitted rows of each query; without queries, of each fitted row, which is not its own neighbour.
   *
   * @param k default {@link k_}
   */
  kneighbors(queries?: VectorsInput, k: number = this.#k): KNeighbors {
    return runWork(this.nearest(queries === undefined ? undefined : this.read(queries), k));
  }

  async kneighborsAsync(
    queries?: VectorsInput,
    k: number = this.#k,
    run: RunOptions = {},
  ): Promise<KNeighbors> {
    return runWorkAsync(this.nearest(queries === undefined ? undefined : this.keep(queries), k), run);
  }
}
