import {
  add,
  concat,
  type Layer,
  layers,
  type NamedParameters,
  saveWeights,
  slice,
  sub,
  type Tape,
  type Tensor,
} from "../../../autodiff/index.ts";
import { createRng, oneOf, type Rng, resolveOptions, wholeNumber } from "../../../core/index.ts";
import { IMAGE_NEIGHBOR_BLOCK_DEFAULTS, imageNeighborBlock, neighborNetwork } from "../../../learn/index.ts";
import type { N3netWeights } from "./weights.ts";

/** Normal of variance 2 / (9 · channels out), as both papers' codes have it. */
const wide: layers.Initialiser = (shape, rng) =>
  layers.normal(Math.sqrt(2 / (9 * shape.at(-1)!)))(shape, rng);

/**
 * Weights before training. "published": as both papers' programs draw them. "identity": He's normal, gains of 1, and a
 * tenth of it in last convolutions, so that a network begins by passing on its input; it needs fewer steps.
 */
export type NetworkStart = "published" | "identity";

const STARTS: readonly NetworkStart[] = ["published", "identity"];

interface ChainOptions {
  readonly inputs: number;
  readonly outputs: number;
  readonly features: number;
  readonly depth: number;
  readonly momentum: number;
  readonly start: NetworkStart;
}

/** Convolutions of 3 × 3; the first with bias and relu, those between without bias, with norm and relu. */
function chain(tape: Tape, options: ChainOptions, rng: Rng): Layer {
  const { inputs, outputs, features, depth, momentum, start } = options;
  const published = start === "published";
  const convolution = (from: number, to: number, bias: boolean, share = 1): Layer => {
    const even = layers.normal(share * Math.sqrt(2 / (9 * from)));
    return layers.convolution(tape, {
      ...{ inputs: from, outputs: to, bias, seed: rng },
      initialise: published ? wide : even,
    });
  };
  const between = Array.from({ length: depth - 2 }, () => {
    const norm = layers.batchNorm(tape, { channels: features, relu: true, momentum });
    if (published) norm.parameters["gain"]!.set(gains(features, rng));
    return [convolution(features, features, false), norm];
  });
  return layers.sequential([
    convolution(inputs, features, true),
    layers.activation("relu"),
    ...between.flat(),
    convolution(features, outputs, true, 0.1),
  ]);
}

/** Positive: normal like weights, lifted to at least 0.025. */
function gains(features: number, rng: Rng): Float64Array {
  const spread = Math.sqrt(2 / (9 * features));
  return Float64Array.from({ length: features }, () => Math.max(0.025, Math.abs(rng.normal()) * spread));
}

export interface DncnnOptions {
  /** Convolutions, at least 3; default 17. */
  depth?: number;
  /** Channels between, default 64. */
  features?: number;
  /** Share of a batch in running statistics, default 0.1. */
  momentum?: number;
  /** Default "published". */
  start?: NetworkStart;
  seed?: number;
}

export const DNCNN_DEFAULTS: Readonly<Required<DncnnOptions>> = Object.freeze({
  depth: 17,
  features: 64,
  momentum: 0.1,
  start: "published",
  seed: 0,
});

/**
 * DnCNN for training: grey pictures [n, h, w, 1] to estimates of them without noise, the picture less the noise that
 * the convolutions predict.
 *
 * @see Zhang, Zuo, Chen, Meng & Zhang, IEEE TIP 26(7), 2017
 */
export function dncnn(tape: Tape, options: DncnnOptions = {}): Layer {
  const given = resolveOptions<Required<DncnnOptions>>(DNCNN_DEFAULTS, options);
  const depth = wholeNumber("depth", given.depth, 3, 64);
  const features = wholeNumber("features", given.features, 1, 1024);
  const { momentum } = given;
  const start = oneOf("start", given.start, STARTS);
  const sizes = { inputs: 1, outputs: 1, features, depth, momentum, start };
  const body = chain(tape, sizes, createRng(given.seed, "dncnn"));
  return { forward: (x) => sub(x, body.forward(x)), parameters: body.parameters };
}

export interface N3netOptions {
  /** Parts, with a block between two; default 3. */
  parts?: number;
  /** Convolutions of a part, at least 3; default 6. */
  depth?: number;
  /** Channels between convolutions, default 64. */
  features?: number;
  /** Channels that a block sees, default 8; it makes k + 1 of each. */
  channels?: number;
  /** Neighbours, default 7. */
  k?: number;
  /** Of patches, in pixels; default 10 and 5. */
  patch?: number;
  stride?: number;
  /** Side of the window of candidates, in patches; default 15. */
  window?: number;
  /** Default "logit"; "hard" takes the k nearest as they are, by the channels themselves: nothing is embedded. */
  form?: "alpha" | "logit" | "hard";
  /** Whether a network predicts temperatures (default); else one is learned for a block. */
  temperature?: boolean;
  /** Share of a batch in running statistics, default 0.001. */
  momentum?: number;
  /** Default "published". */
  start?: NetworkStart;
  seed?: number;
}

export const N3NET_DEFAULTS: Readonly<Required<N3netOptions>> = Object.freeze({
  parts: 3,
  depth: 6,
  features: 64,
  channels: 8,
  k: IMAGE_NEIGHBOR_BLOCK_DEFAULTS.k,
  patch: IMAGE_NEIGHBOR_BLOCK_DEFAULTS.patch,
  stride: IMAGE_NEIGHBOR_BLOCK_DEFAULTS.stride,
  window: IMAGE_NEIGHBOR_BLOCK_DEFAULTS.window,
  form: "logit",
  temperature: true,
  momentum: 0.001,
  start: "published",
  seed: 0,
});

/** The first channels of x are added to the first of y. */
function withInput(x: Tensor, y: Tensor): Tensor {
  const [given, made] = [x.shape[3]!, y.shape[3]!];
  const shared = Math.min(given, made);
  const sum = add(slice(y, 3, 0, shared), slice(x, 3, 0, shared));
  return made === shared ? sum : concat([sum, slice(y, 3, shared, made)], 3);
}

/**
 * N3Net for training: grey pictures [n, h, w, 1] to estimates of them without noise.
 *
 * @see Plötz & Roth, Neural Nearest Neighbors Networks, arXiv:1810.12575
 */
export function n3net(tape: Tape, options: N3netOptions = {}): Layer {
  const given = resolveOptions<Required<N3netOptions>>(N3NET_DEFAULTS, options);
  const parts = wholeNumber("parts", given.parts, 1, 16);
  const depth = wholeNumber("depth", given.depth, 3, 64);
  const features = wholeNumber("features", given.features, 1, 1024);
  const channels = wholeNumber("channels", given.channels, 1, 256);
  const { k, patch, stride, window, form, momentum } = given;
  const start = oneOf("start", given.start, STARTS);
  const rng = createRng(given.seed, "n3net");
  const steps: Record<string, Layer> = {};
  for (let i = 0; i < parts; i++) {
    const inputs = i === 0 ? 1 : channels * (k + 1);
    const outputs = i === parts - 1 ? 1 : channels;
    const body = chain(tape, { inputs, outputs, features, depth, momentum, start }, rng);
    steps[`part${i}`] = { forward: (x) => withInput(x, body.forward(x)), parameters: body.parameters };
    if (i === parts - 1) break;
    const network = (outputs: number): Layer =>
      neighborNetwork(tape, { inputs: channels, outputs, features, momentum, seed: rng });
    // No gradient passes a hard choice: what comes before it would stay as drawn.
    const embedding = form === "hard" ? {} : { embedding: network(channels) };
    const temperature = form !== "hard" && given.temperature ? { temperature: network(1) } : {};
    const block = { k, patch, stride, window, form, ...embedding, ...temperature };
    steps[`block${i}`] = imageNeighborBlock(tape, block);
  }
  const order = Object.values(steps);
  return {
    forward: (x) => order.reduce((y, step) => step.forward(y), x),
    parameters: layers.namedParameters(steps),
  };
}

/** What a saved network is; `sigma` is the noise that it was trained for. */
export interface SavedNetwork {
  kind: "dncnn" | "n3net";
  sigma: number;
  /** Of an N3Net's blocks, where they are not as by default. */
  options?: N3netWeights["options"];
}

/** Parameters of {@link dncnn} or {@link n3net} as a safetensors file that {@link loadDenoisingNetwork} reads. */
export const saveDenoisingNetwork = (
  parameters: NamedParameters,
  { kind, sigma, options = {} }: SavedNetwork,
): Uint8Array =>
  saveWeights(parameters, { denoiser: kind, sigma: String(sigma), options: JSON.stringify(options) });
