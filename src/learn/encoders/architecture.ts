import { layers, type Safetensors, type Tape } from "../../autodiff/index.ts";
import {
  createRng,
  oneOf,
  resolveOptions,
  trueOrFalse,
  VicinalError,
  wholeNumber,
} from "../../core/index.ts";

/** What every encoder has. */
interface Common {
  /** Columns of the features, default 64. */
  readonly width?: number;
  /** Whether features are scaled to length 1; default false. */
  readonly unit?: boolean;
  /** What the features go through last: "linear" (default) or "relu". */
  readonly activation?: "linear" | "relu";
  /** Whether batch norm comes between; default false. Classifiers learn faster with it. */
  readonly normalise?: boolean;
  /** Subtracted from inputs, one for all or one a channel; default 0. */
  readonly mean?: number | readonly number[];
  /** What they are divided by then; default 1. */
  readonly deviation?: number | readonly number[];
  /** Share of values dropped before the features while training; default 0. */
  readonly dropout?: number;
}

/** Rows through dense layers, each followed by batch norm and relu. */
export interface MlpArchitecture extends Common {
  readonly kind: "mlp";
  /** Columns of a row. */
  readonly inputs: number;
  /** Widths of the layers before the features; default [256]. */
  readonly hidden?: readonly number[];
}

/** Images through stages of 3 × 3 convolutions, each followed by batch norm and relu. */
export interface CnnArchitecture extends Common {
  readonly kind: "cnn";
  /** Height, width and channels; a row holds them in that order, channels innermost. */
  readonly image: readonly [height: number, width: number, channels: number];
  /** Channels of each stage; after each, windows of 2 × 2 become one. Default [16, 32, 64]. */
  readonly stages?: readonly number[];
  /** Convolutions of a stage, default 1. */
  readonly depth?: number;
  /** Whether convolutions of a stage after the first are added to what they take in. Default false. */
  readonly residual?: boolean;
  /** What of a window stays: the largest value ("max", default) or the mean. */
  readonly pool?: "max" | "mean";
  /** How the last stage becomes a row: its values as they are ("flatten", default) or means of channels. */
  readonly head?: "flatten" | "mean";
}

/** How an encoder is built; plain JSON. */
export type Architecture = MlpArchitecture | CnnArchitecture;

const COMMON = {
  width: 64,
  unit: false,
  activation: "linear" as "linear" | "relu",
  normalise: false,
  mean: 0 as number | readonly number[],
  deviation: 1 as number | readonly number[],
  dropout: 0,
};
const MLP: Required<MlpArchitecture> = { kind: "mlp", inputs: 0, hidden: [256], ...COMMON };
const CNN: Required<CnnArchitecture> = {
  kind: "cnn",
  image: [0, 0, 1],
  stages: [16, 32, 64],
  depth: 1,
  residual: false,
  pool: "max",
  head: "flatten",
  ...COMMON,
};

const LIMIT = 1 << 16;

/** All options of an architecture, checked. Throws OPTION_UNKNOWN, OPTION_RANGE, BAD_INPUT. */
export function resolveArchitecture(given: Architecture): Required<Architecture> {
  const kind = oneOf("kind", given?.kind, ["mlp", "cnn"]);
  const resolved: Required<Architecture> =
    kind === "mlp"
      ? resolveOptions(MLP, given as MlpArchitecture)
      : resolveOptions(CNN, given as CnnArchitecture);
  wholeNumber("width", resolved.width, 1, LIMIT);
  oneOf("activation", resolved.activation, ["linear", "relu"]);
  trueOrFalse("unit", resolved.unit);
  trueOrFalse("normalise", resolved.normalise);
  if (!(typeof resolved.dropout === "number" && resolved.dropout >= 0 && resolved.dropout < 1)) {
    const rule = "at least 0 and below 1";
    throw new VicinalError("OPTION_RANGE", { option: "dropout", got: resolved.dropout, rule });
  }
  if (resolved.kind === "mlp") {
    wholeNumber("inputs", resolved.inputs, 1, 1 << 24);
    wholeNumbers("hidden", resolved.hidden, 0);
  } else {
    wholeNumbers("image", resolved.image, 3);
    if (resolved.image.length !== 3) badList("image", resolved.image, "height, width and channels");
    wholeNumbers("stages", resolved.stages, 1);
    wholeNumber("depth", resolved.depth, 1, 100);
    trueOrFalse("residual", resolved.residual);
    oneOf("pool", resolved.pool, ["max", "mean"]);
    oneOf("head", resolved.head, ["flatten", "mean"]);
    const [height, width] = resolved.image;
    if (Math.min(height, width) < 2 ** resolved.stages.length) {
      const rule = `at most ${Math.floor(Math.log2(Math.min(height, width)))} for ${height} × ${width} pixels`;
      throw new VicinalError("OPTION_RANGE", {
        option: "stages",
        got: `${resolved.stages.length} long`,
        rule,
      });
    }
  }
  const columns = resolved.kind === "mlp" ? resolved.inputs : resolved.image[2];
  for (const option of ["mean", "deviation"] as const) {
    const value = resolved[option];
    const list = typeof value === "number" ? [value] : value;
    const fits = Array.isArray(list) && (typeof value === "number" || list.length === columns);
    if (!fits || !list.every((x) => Number.isFinite(x) && (option === "mean" || x > 0))) {
      const rule = `${option === "mean" ? "finite" : "above 0"}, one number or one for each of ${columns}`;
      badList(option, list, rule);
    }
  }
  return resolved;
}

function badList(option: string, got: unknown, rule: string): never {
  throw new VicinalError("OPTION_RANGE", { option, got: JSON.stringify(got)?.slice(0, 60), rule });
}

function wholeNumbers(option: string, list: readonly number[], least: number): void {
  if (!Array.isArray(list) || list.length < least || list.length > 64)
    badList(option, list, "a list of sizes");
  list.forEach((size, i) => {
    wholeNumber(`${option}[${i}]`, size, 1, LIMIT);
  });
}

/** Columns of a row that an encoder of this architecture takes. */
export const inputsOf = (architecture: Required<Architecture>): number =>
  architecture.kind === "mlp" ? architecture.inputs : architecture.image.reduce((a, b) => a * b);

/** Weights that its dense and convolutional layers have, biases aside: what a file of it must at least hold. */
export function weightsOf(architecture: Required<Architecture>): number {
  const { width } = architecture;
  if (architecture.kind === "mlp") {
    const sizes = [architecture.inputs, ...architecture.hidden, width];
    return sizes.slice(1).reduce((sum, size, i) => sum + size * sizes[i]!, 0);
  }
  const { image, stages, depth, head } = architecture;
  let [height, across, channels] = image;
  let sum = 0;
  for (const outputs of stages) {
    sum += 9 * outputs * (channels + (depth - 1) * outputs);
    [height, across, channels] = [height >> 1, across >> 1, outputs];
  }
  return sum + width * channels * (head === "flatten" ? height * across : 1);
}

/** Throws FORMAT when a file has fewer numbers than that: before room is made for them. */
export function requireRoom(weights: number, { tensors }: Safetensors, what: string): void {
  let held = 0;
  for (const { shape } of tensors.values()) held += shape.reduce((a, b) => a * b, 1);
  if (held >= weights) return;
  const rule = `it holds the ${weights} weights of its architecture`;
  throw new VicinalError("FORMAT", { what, rule, got: `${held} numbers` });
}

/** The layers of an architecture, with initial weights by the seed: [n, inputs] to [n, width]. */
export function buildLayers(tape: Tape, architecture: Required<Architecture>, seed: number): layers.Layer {
  const rng = createRng(wholeNumber("seed", seed, 0, Number.MAX_SAFE_INTEGER), "encoder");
  const { width, unit, activation, normalise, dropout } = architecture;
  const body =
    architecture.kind === "mlp" ? mlpBody(tape, architecture, rng) : cnnBody(tape, architecture, rng);
  const features = layers.dense(tape, { inputs: body.width, outputs: width, seed: rng });
  return layers.sequential([
    body.layer,
    ...(dropout > 0 ? [layers.dropout(tape, { rate: dropout, seed: rng })] : []),
    features,
    ...(normalise ? [layers.batchNorm(tape, { channels: width })] : []),
    ...(activation === "relu" ? [layers.activation("relu")] : []),
    ...(unit ? [layers.unitRows()] : []),
  ]);
}

interface Body {
  readonly layer: layers.Layer;
  /** Columns that it gives. */
  readonly width: number;
}

function mlpBody(tape: Tape, { inputs, hidden }: Required<MlpArchitecture>, seed: layers.Seed): Body {
  let width = inputs;
  const parts = hidden.flatMap((outputs) => {
    const layer = layers.dense(tape, { inputs: width, outputs, bias: false, seed });
    width = outputs;
    return [layer, layers.batchNorm(tape, { channels: outputs, relu: true })];
  });
  return { layer: layers.sequential(parts), width };
}

function cnnBody(tape: Tape, architecture: Required<CnnArchitecture>, seed: layers.Seed): Body {
  const { image, stages, depth, pool, head } = architecture;
  let [height, across, channels] = image;
  const parts: layers.Layer[] = [layers.toImages(height, across, channels)];
  const unit = (outputs: number, relu: boolean): layers.Layer[] => {
    const layer = layers.convolution(tape, { inputs: channels, outputs, bias: false, seed });
    channels = outputs;
    return [layer, layers.batchNorm(tape, { channels: outputs, relu })];
  };
  for (const outputs of stages) {
    parts.push(...unit(outputs, true));
    for (let i = 1; i < depth; i++) {
      const more = layers.sequential(unit(outputs, !architecture.residual));
      parts.push(architecture.residual ? layers.residual(more, { relu: true }) : more);
    }
    parts.push(pool === "max" ? layers.maxPool(2) : layers.meanPool(2));
    [height, across] = [height >> 1, across >> 1];
  }
  parts.push(head === "flatten" ? layers.flatten() : layers.globalMeanPool());
  return {
    layer: layers.sequential(parts),
    width: head === "flatten" ? height * across * channels : channels,
  };
}
