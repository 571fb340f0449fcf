import { type Job, type RunOptions, runAsync, runSync } from "../core/index.ts";
import { fitted } from "./saved.ts";

/** A model that one job learns from one input. */
export abstract class JobModel<Input, Learned> {
  readonly #name: string;
  #learned: Learned | undefined;

  /** @param name in messages */
  protected constructor(name: string) {
    this.#name = name;
  }

  /** @internal */
  protected abstract job(input: Input): Job<Learned>;

  /** Learns anew. What was fitted before stays when this throws; what it throws, the class tells. */
  fit(input: Input): this {
    this.take(runSync(this.job(input)));
    return this;
  }

  /** The same in turns. Rejects with the signal's reason; what was fitted before stays. */
  async fitAsync(input: Input, run: RunOptions = {}): Promise<this> {
    this.take(await runAsync(this.job(input), run));
    return this;
  }

  /** What was learned, or NOT_FITTED. @internal */
  protected get learned(): Learned {
    return fitted(this.#learned, this.#name);
  }

  /** Takes what was learned in place of what there was. @internal */
  protected take(learned: Learned): void {
    this.#learned = learned;
  }
}
