import { VicinalError } from "../../core/index.ts";
import type { NamedParameters } from "../layers/layer.ts";
import type { Tape } from "../tape.ts";
import type { Parameter } from "../tensor.ts";

/** Parameters that are treated alike. */
export interface ParameterGroup {
  readonly parameters: NamedParameters;
  /** Times the learning rate of the step; default 1. 0 freezes them. */
  readonly rate?: number;
  /** Instead of the optimiser's own weight decay. */
  readonly weightDecay?: number;
}

/** Changes parameters by their gradients. */
export interface Optimiser {
  readonly kind: string;
  /** What it trains, by name. */
  readonly parameters: NamedParameters;
  /** What it remembers between steps, by name: "parameter.moment". */
  readonly state: NamedParameters;
  /** Steps taken. Set when a run is taken up again. */
  steps: number;
  /**
   * One step by the gradients of the last backward pass; parameters without one stay as they are.
   * @param learningRate instead of the one it was made with
   * @throws VicinalError DIVERGED when a gradient is not finite: nothing is changed then
   */
  step(learningRate?: number): void;
}

/** One parameter with its share of options and memory. @internal */
export interface Entry {
  readonly name: string;
  readonly parameter: Parameter;
  readonly rate: number;
  readonly weightDecay: number;
}

/** What optimisers have in common. @internal */
export interface Common {
  readonly weightDecay: number;
  /** Whether biases, gains and other parameters of one axis decay as well. */
  readonly decayAll: boolean;
}

/** The trained parameters of groups, one by one. Throws BAD_INPUT for a name or a parameter given twice. @internal */
export function entriesOf(
  given: NamedParameters | readonly ParameterGroup[],
  { weightDecay, decayAll }: Common,
): Entry[] {
  const groups = Array.isArray(given)
    ? (given as readonly ParameterGroup[])
    : [{ parameters: given as NamedParameters }];
  const entries: Entry[] = [];
  const seen = new Set<string | Parameter>();
  for (const group of groups) {
    for (const [name, parameter] of Object.entries(group.parameters)) {
      if (!parameter.trained) continue;
      if (seen.has(name) || seen.has(parameter)) {
        throw new VicinalError("BAD_INPUT", {
          what: `parameter ${name}`,
          got: "given twice",
          rule: "once among all groups",
        });
      }
      seen.add(name).add(parameter);
      const decay = group.weightDecay ?? (decayAll || parameter.rank > 1 ? weightDecay : 0);
      entries.push({ name, parameter, rate: group.rate ?? 1, weightDecay: decay });
    }
  }
  if (entries.length === 0) {
    throw new VicinalError("BAD_INPUT", {
      what: "parameters",
      got: "none to train",
      rule: "at least one trained",
    });
  }
  return entries;
}

/** The tape that all of them are on. @internal */
export const tapeOf = (entries: readonly Entry[]): Tape => entries[0]!.parameter.tape;

/** Throws DIVERGED when a gradient is not finite. @internal */
export function requireFinite(entries: readonly Pick<Entry, "name" | "parameter">[], step: number): void {
  for (const { name, parameter } of entries) {
    const { slot, tape } = parameter;
    if (slot.graded && !tape.kernels.finite(slot.gradient, slot.size)) {
      throw new VicinalError("DIVERGED", { what: `The gradient of ${name}`, step });
    }
  }
}

/** A number >= 0 (and below `limit`), or OPTION_RANGE. @internal */
export function atLeastZero(option: string, got: number, limit: number = Number.POSITIVE_INFINITY): number {
  if (typeof got === "number" && got >= 0 && got < limit) return got;
  const rule = limit === Number.POSITIVE_INFINITY ? "a finite number >= 0" : `at least 0 and below ${limit}`;
  throw new VicinalError("OPTION_RANGE", { option, got, rule });
}
