import { createRng, type Rng, wholeNumber } from "../../core/index.ts";
import type { Parameter, Tensor } from "../tensor.ts";

/** Parameters and buffers by name; those of parts are named "part.name". */
export type NamedParameters = Readonly<Record<string, Parameter>>;

/** A function of tensors with parameters of its own. */
export interface Layer {
  forward(x: Tensor): Tensor;
  /** What is trained, and what is only kept (such as running means), by name. */
  readonly parameters: NamedParameters;
}

/** What draws initial values: a seed, or one stream that layers made one after another share. */
export type Seed = number | Rng;

/** The stream itself, or a new one of that name. */
export const streamOf = (seed: Seed, name: string): Rng =>
  typeof seed === "object" && seed !== null
    ? seed
    : createRng(wholeNumber("seed", seed, 0, Number.MAX_SAFE_INTEGER), name);

/** Parameters of several layers under one roof: "name.parameter" for each. */
export function namedParameters(parts: Readonly<Record<string, Layer>>): NamedParameters {
  return Object.fromEntries(
    Object.entries(parts).flatMap(([part, { parameters }]) =>
      Object.entries(parameters).map(([name, parameter]) => [`${part}.${name}`, parameter]),
    ),
  );
}

/** A layer without parameters. */
export const plain = (forward: (x: Tensor) => Tensor): Layer => ({ forward, parameters: {} });

/** Numbers that a layer has to train. */
export function parameterCount({ parameters }: Pick<Layer, "parameters">): number {
  return Object.values(parameters).reduce((sum, { size, trained }) => sum + (trained ? size : 0), 0);
}
