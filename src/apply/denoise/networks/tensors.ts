import { VicinalError } from "../../../core/index.ts";
import { type Chain, type Convolution, merged, type Norm } from "./weights.ts";

/** What is read of a tensor of a file. */
export interface NamedTensor {
  readonly shape: readonly number[];
  values(): Float32Array | Float64Array;
}

const MOST_CHANNELS = 1024;
const MOST_LAYERS = 64;

/** Tensors of a file by name, with what is known of their layout. */
export interface TensorFile {
  readonly what: string;
  readonly tensors: ReadonlyMap<string, NamedTensor>;
  /** Whether kernels are [channels out, in, row, column], as PyTorch has them; else [row, column, in, out]. */
  readonly outFirst: boolean;
  /** What is added to the variance of the norm of that name. */
  epsilon(name: string): number;
}

function fail(file: TensorFile, rule: string, got?: string): never {
  throw new VicinalError(
    "FORMAT",
    got === undefined ? { what: file.what, rule } : { what: file.what, rule, got },
  );
}

/** Values of a tensor of one axis. Throws FORMAT for other shapes, and for values that are no numbers. */
export function vector(file: TensorFile, name: string, length: number): Float32Array {
  const tensor = file.tensors.get(name);
  if (tensor === undefined || tensor.shape.length !== 1 || tensor.shape[0] !== length) {
    const got = tensor === undefined ? "none" : `[${tensor.shape.join(", ")}]`;
    return fail(file, `it has a tensor ${name} of shape [${length}]`, got);
  }
  return finite(file, name, tensor);
}

function finite(file: TensorFile, name: string, tensor: NamedTensor): Float32Array {
  const values = Float32Array.from(tensor.values());
  if (!values.every(Number.isFinite)) fail(file, `all values of ${name} are finite numbers`);
  return values;
}

/** The convolution of 3 × 3 of that name, `name.weight` and perhaps `name.bias`. */
export function convolutionOf(file: TensorFile, name: string): Convolution {
  const tensor = file.tensors.get(`${name}.weight`) ?? fail(file, `it has a tensor ${name}.weight`);
  const { shape } = tensor;
  const [outputs, inputs] = (file.outFirst ? shape : shape.toReversed()) as [number, number];
  const sides = file.outFirst ? shape.slice(2) : shape.slice(0, 2);
  const few = inputs >= 1 && outputs >= 1 && inputs <= MOST_CHANNELS && outputs <= MOST_CHANNELS;
  if (shape.length !== 4 || sides.join() !== "3,3" || !few) {
    const rule = `${name} is a convolution of 3 × 3, of at most ${MOST_CHANNELS} channels`;
    return fail(file, rule, `[${shape.join(", ")}]`);
  }
  const values = finite(file, `${name}.weight`, tensor);
  const weight = file.outFirst ? tapsFirst(values, inputs, outputs) : values;
  const bias = file.tensors.has(`${name}.bias`)
    ? vector(file, `${name}.bias`, outputs)
    : new Float32Array(outputs);
  return { inputs, outputs, weight, bias };
}

/** [out, in, 3, 3] as [3, 3, in, out]. */
function tapsFirst(values: Float32Array, inputs: number, outputs: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      for (let tap = 0; tap < 9; tap++)
        out[(tap * inputs + i) * outputs + o] = values[(o * inputs + i) * 9 + tap]!;
    }
  }
  return out;
}

function normOf(file: TensorFile, name: string, channels: number): Norm {
  const read = (theirs: string, ours: string): Float32Array =>
    vector(file, `${name}.${file.outFirst ? theirs : ours}`, channels);
  const variance = read("running_var", "variance");
  if (variance.some((value) => value < 0)) fail(file, `variances of ${name} are at least 0`);
  const [gain, shift, mean] = [read("weight", "gain"), read("bias", "shift"), read("running_mean", "mean")];
  return { gain, shift, mean, variance, epsilon: file.epsilon(name) };
}

/**
 * Convolutions named `prefix` + number, in ascending order, each with the norm that comes after it merged into it.
 * Numbers in between are of layers without tensors.
 */
export function chainOf(file: TensorFile, prefix: string): Chain {
  const numbers = new Set<number>();
  for (const name of file.tensors.keys()) {
    const number = name.startsWith(prefix) ? /^(\d{1,4})\./.exec(name.slice(prefix.length)) : null;
    if (number !== null) numbers.add(Number(number[1]));
  }
  const order = [...numbers].sort((a, b) => a - b);
  if (order.length > 2 * MOST_LAYERS) fail(file, `${prefix || "it"} has at most ${MOST_LAYERS} layers`);
  const chain: Convolution[] = [];
  for (const number of order) {
    const name = `${prefix}${number}`;
    const before = chain.at(-1);
    if (!isNorm(file, name)) chain.push(convolutionOf(file, name));
    else if (before === undefined) fail(file, `a convolution comes before the norm ${name}`);
    else chain[chain.length - 1] = merged(before, normOf(file, name, before.outputs));
  }
  return chain;
}

const isNorm = ({ tensors, outFirst }: TensorFile, name: string): boolean =>
  tensors.has(`${name}.${outFirst ? "running_var" : "variance"}`);

/** The chain itself, when channels fit together from `inputs` to `outputs`; undefined accepts any. */
export function checkChain(
  file: TensorFile,
  name: string,
  chain: Chain,
  inputs?: number,
  outputs?: number,
): Chain {
  if (chain.length < 2) fail(file, `${name} has at least two convolutions`, String(chain.length));
  chain.forEach(({ inputs: own }, i) => {
    const want = i === 0 ? inputs : chain[i - 1]!.outputs;
    if (want !== undefined && own !== want)
      fail(file, `convolution ${i} of ${name} takes ${want} channels`, String(own));
  });
  const last = chain.at(-1)!.outputs;
  if (outputs !== undefined && last !== outputs)
    fail(file, `${name} gives ${outputs} channels`, String(last));
  return chain;
}
