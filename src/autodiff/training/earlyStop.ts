import type { NamedParameters } from "../layers/layer.ts";

export interface EarlyStop {
  /** Measured after each epoch, in use rather than training. */
  readonly measure: () => number;
  /** Whether a larger measure is better ("max", default) or a smaller ("min"). */
  readonly better?: "max" | "min";
  /** Epochs without a better measure after which to stop; default 5. */
  readonly patience?: number;
  /** By how much it must be better to count; default 0. */
  readonly minChange?: number;
  /** Whether to end with the weights of the best epoch rather than the last; default true. */
  readonly restoreBest?: boolean;
}

/** How far the measure has come; what a checkpoint keeps of it. @internal */
export interface Watch {
  best: number | undefined;
  bestEpoch: number;
  /** Copies of the parameters at the best epoch, by name. */
  weights: Record<string, Float32Array | Float64Array>;
}

/** Takes a new measure into account: whether to stop now. @internal */
export function observe(
  watch: Watch,
  measure: number,
  epoch: number,
  { better = "max", patience = 5, minChange = 0, restoreBest = true }: EarlyStop,
  parameters: NamedParameters,
): boolean {
  const gain = better === "max" ? measure - (watch.best ?? 0) : (watch.best ?? 0) - measure;
  if (watch.best === undefined ? !Number.isNaN(measure) : gain > minChange) {
    watch.best = measure;
    watch.bestEpoch = epoch;
    if (restoreBest) watch.weights = copyOf(parameters);
    return false;
  }
  return epoch - watch.bestEpoch >= patience;
}

/** Values by name. @internal */
export const copyOf = (parameters: NamedParameters): Record<string, Float32Array | Float64Array> =>
  Object.fromEntries(Object.entries(parameters).map(([name, parameter]) => [name, parameter.values()]));
