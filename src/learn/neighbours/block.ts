import {
  appendNeighbors,
  type Candidates,
  concat,
  type Layer,
  layers,
  type NamedParameters,
  pad,
  RELAXATION_FORMS,
  type RelaxationForm,
  reshape,
  type Seed,
  type Tape,
  type Tensor,
} from "../../autodiff/index.ts";
import { createRng, oneOf, resolveOptions, VicinalError, wholeNumber } from "../../core/index.ts";
import { allOthers, sideOf, windowCandidates } from "./candidates.ts";
import { type Selection, selection } from "./selection.ts";

interface CommonOptions {
  /** Embeds features; what it returns is compared. Left out, the features themselves are. */
  embedding?: Layer;
  /** Predicts one log temperature; left out, one is learned for all. */
  temperature?: Layer;
  /** Neighbours, default 7. */
  k?: number;
  /** Default "logit", as the released networks; "hard" takes the k nearest as they are. */
  form?: RelaxationForm | "hard";
  /** Whether distances are batch-normalised. */
  distanceNorm?: boolean;
  /** Temperature = this times e to the log temperature. */
  temperatureScale?: number;
}

export interface NeighborBlockOptions extends CommonOptions {
  /** Default false. */
  distanceNorm?: boolean;
  /** Default 1. */
  temperatureScale?: number;
}

export interface NeighborBlock extends Layer {
  /**
   * Rows [m, f] to [m, (k + 1) · f]: the row, then its soft neighbours, nearest first.
   *
   * @param candidates of each row, by number; default all other rows
   */
  forward(x: Tensor, candidates?: Candidates): Tensor;
}

const COMMON = {
  k: 7,
  form: "logit" as RelaxationForm | "hard",
};
const NONE: Layer | undefined = undefined;

function startSelection(
  tape: Tape,
  given: Required<Omit<CommonOptions, "embedding" | "temperature">> & Pick<CommonOptions, "temperature">,
): Selection {
  const { temperatureScale } = given;
  if (!(temperatureScale > 0 && temperatureScale < Infinity)) {
    const rule = "a finite number above 0";
    throw new VicinalError("OPTION_RANGE", { option: "temperatureScale", got: temperatureScale, rule });
  }
  return selection(tape, {
    k: wholeNumber("k", given.k, 1, 1024),
    form: oneOf("form", given.form, [...RELAXATION_FORMS, "hard"]),
    distanceNorm: given.distanceNorm,
    temperatureScale,
    shared: given.temperature === undefined,
  });
}

const partsOf = (
  embedding: Layer | undefined,
  temperature: Layer | undefined,
  { parameters }: Selection,
): NamedParameters => ({
  ...layers.namedParameters({
    ...(embedding === undefined ? {} : { embedding }),
    ...(temperature === undefined ? {} : { temperature }),
  }),
  ...parameters,
});

/**
 * The neural nearest neighbours block for sets of vectors: appends to each row k neighbours, taken softly by the
 * distances of embedded rows, so that embedding and temperature can be learned from what follows.
 *
 * @remarks O(m · candidates · (embedding + k · f)); nothing is gathered
 * @see Plötz & Roth, arXiv:1810.12575
 */
export function neighborBlock(tape: Tape, options: NeighborBlockOptions = {}): NeighborBlock {
  const given = resolveOptions(
    { ...COMMON, distanceNorm: false, temperatureScale: 1, embedding: NONE, temperature: NONE },
    options,
  );
  const { embedding, temperature, k } = given;
  const choose = startSelection(tape, given);
  const asImage = (x: Tensor): Tensor => reshape(x, [1, x.shape[0]!, 1, x.size / x.shape[0]!]);
  return {
    forward(x, candidates) {
      if (x.rank !== 2 || x.size === 0) {
        throw new VicinalError("BAD_INPUT", {
          what: "neighborBlock input",
          got: `shape [${x.shape.join(", ")}]`,
          rule: "[rows, features], neither 0",
        });
      }
      const [rows, width] = x.shape as [number, number];
      const among = candidates ?? allOthers(rows);
      if (among.candidates === 0) {
        return concat([x, tape.full([rows, k * width], 0)], 1);
      }
      const image = asImage(x);
      const embedded = embedding === undefined ? image : asImage(embedding.forward(x));
      const log = temperature === undefined ? undefined : reshape(temperature.forward(x), [1, rows]);
      const means = choose.apply(image, embedded, log, among, { size: 1, stride: 1 });
      return reshape(appendNeighbors(image, means), [rows, (k + 1) * width]);
    },
    parameters: partsOf(embedding, temperature, choose),
  };
}

export interface ImageNeighborBlockOptions extends CommonOptions {
  /** Side of a patch in pixels, default 10. */
  patch?: number;
  /** Pixels between patches, default 5. */
  stride?: number;
  /** Side of the window of candidates, in patches, default 15. */
  window?: number;
  /** Whether neighbours have the input taken off; default true. */
  difference?: boolean;
  /** Default true. */
  distanceNorm?: boolean;
  /** Default 0.1. */
  temperatureScale?: number;
}

export const IMAGE_NEIGHBOR_BLOCK_DEFAULTS: Readonly<
  Required<Omit<ImageNeighborBlockOptions, "embedding" | "temperature">>
> = Object.freeze({
  ...COMMON,
  patch: 10,
  stride: 5,
  window: 15,
  difference: true,
  distanceNorm: true,
  temperatureScale: 0.1,
});

/**
 * The block for images [n, h, w, c] to [n, h, w, (k + 1) · c]: the input, then for each of k steps its soft
 * neighbour less the input. Neighbours are patches of the image; overlapping ones are averaged. Images of any size
 * from 1 × 1: they are padded with zeros to a grid of patches, whose window shrinks to the grid where that is
 * smaller; with a single patch there are no neighbours and their channels are 0.
 *
 * The temperature network predicts a map of log temperatures, whose mean over a patch is the patch's.
 *
 * @remarks Memory: 4 bytes · patches · candidates · (k + 4), and a few outputs; patches are read where they lie
 * @see Plötz & Roth, arXiv:1810.12575
 */
export function imageNeighborBlock(tape: Tape, options: ImageNeighborBlockOptions = {}): Layer {
  const given = resolveOptions(
    { ...IMAGE_NEIGHBOR_BLOCK_DEFAULTS, embedding: NONE, temperature: NONE },
    options,
  );
  const { embedding, temperature, k, difference } = given;
  const patch = wholeNumber("patch", given.patch, 1, 1024);
  const stride = wholeNumber("stride", given.stride, 1, patch);
  const window = wholeNumber("window", given.window, 1, 1 << 10);
  const choose = startSelection(tape, given);
  return {
    forward(x) {
      if (x.rank !== 4 || x.size === 0) {
        throw new VicinalError("BAD_INPUT", {
          what: "imageNeighborBlock input",
          got: `shape [${x.shape.join(", ")}]`,
          rule: "[n, height, width, channels], none 0",
        });
      }
      const [n, height, width, channels] = x.shape as [number, number, number, number];
      const [down, across] = [sideOf(height, patch, stride), sideOf(width, patch, stride)];
      const edges = { top: down.before, bottom: down.after, left: across.before, right: across.after };
      const among = windowCandidates(down.windows, across.windows, window);
      if (among.candidates === 0) return concat([x, tape.full([n, height, width, k * channels], 0)], 3);
      const neighbours = (): Tensor => {
        const embedded = embedding === undefined ? x : tape.scope(() => embedding.forward(x));
        const log =
          temperature === undefined
            ? undefined
            : tape.scope(() => {
                const map = pad(temperature.forward(x), edges);
                return reshape(layers.meanPool(patch, { stride }).forward(map), [n, among.windows]);
              });
        return choose.apply(pad(x, edges), pad(embedded, edges), log, among, { size: patch, stride });
      };
      const whole = (): Tensor =>
        appendNeighbors(x, tape.scope(neighbours), { top: down.before, left: across.before, difference });
      return tape.scope(whole);
    },
    parameters: partsOf(embedding, temperature, choose),
  };
}

export interface NeighborNetworkOptions {
  /** Channels in and out. */
  inputs: number;
  outputs: number;
  /** Channels between, default 64. */
  features?: number;
  /** Convolutions, default 3. */
  depth?: number;
  /** Share of a batch in running statistics, default 0.001. */
  momentum?: number;
  seed?: Seed;
}

/**
 * The convolutional network that embeds images, or predicts temperatures with one output, in the denoiser of Plötz &
 * Roth: convolutions of 3 × 3, all but the last without bias and followed by batch norm and relu.
 */
export function neighborNetwork(tape: Tape, options: NeighborNetworkOptions): Layer {
  const given = resolveOptions(
    { inputs: 0, outputs: 0, features: 64, depth: 3, momentum: 0.001, seed: 0 as Seed },
    options,
  );
  const depth = wholeNumber("depth", given.depth, 1, 64);
  const seed = typeof given.seed === "number" ? createRng(given.seed, "neighbours") : given.seed;
  const parts = Array.from({ length: depth }, (_, i): Layer[] => {
    const inputs = i === 0 ? given.inputs : given.features;
    const initialise = layers.uniform();
    if (i === depth - 1)
      return [layers.convolution(tape, { inputs, outputs: given.outputs, initialise, seed })];
    return [
      layers.convolution(tape, { inputs, outputs: given.features, bias: false, initialise, seed }),
      layers.batchNorm(tape, { channels: given.features, relu: true, momentum: given.momentum }),
    ];
  });
  return layers.sequential(parts.flat());
}
