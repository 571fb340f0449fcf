import { resolveOptions } from "../../core/index.ts";
import type { NamedParameters } from "../layers/layer.ts";
import type { Parameter } from "../tensor.ts";
import {
  atLeastZero,
  type Entry,
  entriesOf,
  type Optimiser,
  type ParameterGroup,
  requireFinite,
  tapeOf,
} from "./optimiser.ts";

export interface SgdOptions {
  learningRate?: number;
  /** Share of the last step in the next, default 0. */
  momentum?: number;
  /** Nesterov's momentum: looks a step ahead. Default false. */
  nesterov?: boolean;
  /** Added to the gradient as a multiple of the parameter, default 0. */
  weightDecay?: number;
  /** Whether biases and gains decay as well. Default false. */
  decayAll?: boolean;
}

export const SGD_DEFAULTS = {
  learningRate: 0.01,
  momentum: 0,
  nesterov: false,
  weightDecay: 0,
  decayAll: false,
};

/** Stochastic gradient descent: v = momentum · v + g; parameter −= rate · v, as in PyTorch. */
export function sgd(
  parameters: NamedParameters | readonly ParameterGroup[],
  options: SgdOptions = {},
): Optimiser {
  const { learningRate, momentum, nesterov, ...common } = resolveOptions<typeof SGD_DEFAULTS>(
    SGD_DEFAULTS,
    options,
  );
  atLeastZero("learningRate", learningRate);
  atLeastZero("momentum", momentum, 1);
  atLeastZero("weightDecay", common.weightDecay);
  const entries = entriesOf(parameters, common);
  const { kernels } = tapeOf(entries);
  const velocities = entries.map(({ parameter }) => parameter.tape.buffer(parameter.shape));
  return assemble("sgd", entries, { velocity: velocities }, learningRate, (entry, i, rate) =>
    kernels.sgd({
      ...places(entry),
      velocity: velocities[i]!.address,
      learningRate: rate,
      momentum,
      nesterov,
      l2: entry.weightDecay,
    }),
  );
}

export interface AdamOptions {
  learningRate?: number;
  beta1?: number;
  beta2?: number;
  epsilon?: number;
  /** Adam: added to the gradient; AdamW: taken from the parameter, times the rate. */
  weightDecay?: number;
  /** Whether biases and gains decay as well. Default false. */
  decayAll?: boolean;
}

export const ADAM_DEFAULTS = {
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
  decayAll: false,
};

/** Adam (Kingma & Ba 2015); weight decay, if any, is part of the gradient. */
export const adam = (
  parameters: NamedParameters | readonly ParameterGroup[],
  options: AdamOptions = {},
): Optimiser => adaptive("adam", parameters, resolveOptions<typeof ADAM_DEFAULTS>(ADAM_DEFAULTS, options));

export const ADAMW_DEFAULTS: typeof ADAM_DEFAULTS = { ...ADAM_DEFAULTS, weightDecay: 0.01 };

/** Adam with weight decay apart from the gradient (Loshchilov & Hutter 2019), 0.01 unless given. */
export const adamW = (
  parameters: NamedParameters | readonly ParameterGroup[],
  options: AdamOptions = {},
): Optimiser => adaptive("adamW", parameters, resolveOptions<typeof ADAM_DEFAULTS>(ADAMW_DEFAULTS, options));

function adaptive(
  kind: "adam" | "adamW",
  parameters: NamedParameters | readonly ParameterGroup[],
  options: Readonly<typeof ADAM_DEFAULTS>,
): Optimiser {
  const { learningRate, beta1, beta2, epsilon, ...common } = options;
  atLeastZero("learningRate", learningRate);
  atLeastZero("beta1", beta1, 1);
  atLeastZero("beta2", beta2, 1);
  atLeastZero("epsilon", epsilon);
  atLeastZero("weightDecay", common.weightDecay);
  const entries = entriesOf(parameters, common);
  const { kernels } = tapeOf(entries);
  const room = (): Parameter[] => entries.map(({ parameter }) => parameter.tape.buffer(parameter.shape));
  const [first, second] = [room(), room()];
  const apart = kind === "adamW";
  return assemble(
    kind,
    entries,
    { firstMoment: first, secondMoment: second },
    learningRate,
    (entry, i, rate, t) =>
      kernels.adam({
        ...places(entry),
        firstMoment: first[i]!.address,
        secondMoment: second[i]!.address,
        learningRate: rate,
        beta1,
        beta2,
        epsilon,
        l2: apart ? 0 : entry.weightDecay,
        decay: apart ? entry.weightDecay : 0,
        t,
      }),
  );
}

const places = ({ parameter }: Entry): { parameter: number; gradient: number; n: number } => ({
  parameter: parameter.address,
  gradient: parameter.slot.gradient,
  n: parameter.size,
});

function assemble(
  kind: string,
  entries: readonly Entry[],
  memory: Readonly<Record<string, readonly Parameter[]>>,
  learningRate: number,
  update: (entry: Entry, i: number, rate: number, t: number) => void,
): Optimiser {
  const state = entries.flatMap(({ name }, i) =>
    Object.entries(memory).map(([moment, buffers]) => [`${name}.${moment}`, buffers[i]!] as const),
  );
  const optimiser: Optimiser = {
    kind,
    parameters: Object.fromEntries(entries.map(({ name, parameter }) => [name, parameter])),
    state: Object.fromEntries(state),
    steps: 0,
    step(rate = learningRate) {
      atLeastZero("learningRate", rate);
      requireFinite(entries, optimiser.steps + 1);
      optimiser.steps++;
      entries.forEach((entry, i) => {
        if (entry.rate === 0 || !entry.parameter.slot.graded) return;
        update(entry, i, rate * entry.rate, optimiser.steps);
      });
    },
  };
  return optimiser;
}
