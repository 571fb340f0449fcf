import { oneOf } from "../../core/index.ts";
import * as ops from "../ops/index.ts";
import { shapeError, shapeText } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { type Layer, namedParameters, plain } from "./layer.ts";

export type Activation = "relu" | "leakyRelu" | "gelu" | "sigmoid" | "tanh" | "softplus";

const FUNCTIONS: Readonly<Record<Activation, (x: Tensor) => Tensor>> = {
  relu: ops.relu,
  leakyRelu: ops.leakyRelu,
  gelu: ops.gelu,
  sigmoid: ops.sigmoid,
  tanh: ops.tanh,
  softplus: ops.softplus,
};
export const ACTIVATIONS: readonly Activation[] = Object.keys(FUNCTIONS) as Activation[];

/** A function of each value alone. */
export const activation = (name: Activation): Layer =>
  plain(FUNCTIONS[oneOf("activation", name, ACTIVATIONS)]);

/** All axes but the first as one: [rows, values]. */
export const flatten = (): Layer => plain((x) => ops.reshape(x, [x.shape[0] ?? 1, -1]));

/** Rows [n, height · width · channels] as images [n, height, width, channels]. */
export const toImages = (height: number, width: number, channels: number): Layer =>
  plain((x) => ops.reshape(x, [-1, height, width, channels]));

/** The largest of each window. */
export const maxPool = (size: number, options: ops.WindowOptions = {}): Layer =>
  plain((x) => ops.maxPool(x, size, options));

/** The mean of each window. */
export const meanPool = (size: number, options: ops.WindowOptions = {}): Layer =>
  plain((x) => ops.meanPool(x, size, options));

/** The mean of each channel over an image: [n, channels]. */
export const globalMeanPool = (): Layer => plain((x) => ops.mean(x, { axes: [1, 2] }));

/** Rows scaled to length 1; a row of zeros stays zero. */
export const unitRows = (): Layer => plain(unitLength);

/** x / √(Σ x² + 10⁻¹²) along the last axis. */
export function unitLength(x: Tensor): Tensor {
  const squares = ops.sum(ops.square(x), { axes: [-1], keep: true });
  return ops.div(x, ops.sqrt(ops.add(squares, 1e-12)));
}

/** Layers one after another; parameters are named "0.weight", "1.gain", … */
export function sequential(layers: readonly Layer[]): Layer {
  return {
    forward: (x) => layers.reduce((y, layer) => layer.forward(y), x),
    parameters: namedParameters(Object.fromEntries(layers.map((layer, i) => [String(i), layer]))),
  };
}

export interface ResidualOptions {
  /** What brings x to the shape of the body's output; default x itself. */
  shortcut?: Layer;
  /** Whether max(·, 0) follows the sum. Default false. */
  relu?: boolean;
}

/** shortcut(x) + body(x) (He et al. 2016). */
export function residual(body: Layer, { shortcut, relu = false }: ResidualOptions = {}): Layer {
  return {
    forward(x) {
      const [y, straight] = [body.forward(x), shortcut === undefined ? x : shortcut.forward(x)];
      if (y.shape.join() !== straight.shape.join()) {
        const got = `${shapeText(y.shape)} beside ${shapeText(straight.shape)}`;
        throw shapeError("residual", got, "equal shapes; give a shortcut that makes them so");
      }
      const sum = ops.add(straight, y);
      return relu ? ops.relu(sum) : sum;
    },
    parameters: namedParameters(shortcut === undefined ? { body } : { body, shortcut }),
  };
}
