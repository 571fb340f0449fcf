import { createTape, type Layer, layers, type Parameter, type Tape } from "../../../autodiff/index.ts";
import { type Job, resolveOptions, VicinalError } from "../../../core/index.ts";
import { imageNeighborBlock } from "../../../learn/index.ts";
import type { DenoiserSettings } from "../methods.ts";
import type { Plane } from "../plane.ts";
import { type Tile, tilesOf } from "./tiles.ts";
import type { BlockWeights, Chain, DenoisingNetwork, DncnnWeights, N3netWeights } from "./weights.ts";

/** A share by which the noise told may differ from that learned: √3 times a deviation is told with few digits. */
const MOST_OFF = 0.005;

/** A chain whose weights lie on a tape. */
interface Placed {
  readonly inputs: number;
  readonly outputs: number;
  readonly weight: Parameter;
  readonly bias: Parameter;
}

/**
 * Estimates a grey picture with pixels in [0, 1]; nothing is clipped. Larger pictures than 800 × 800 are worked on in
 * tiles that overlap by all that a pixel depends on, so that the estimate is that of the whole picture.
 *
 * @throws VicinalError BAD_INPUT for a network of another kind, OPTION_RANGE for noise that it was not trained for
 */
export function startNetwork(
  kind: DenoisingNetwork["weights"]["kind"],
  image: Plane,
  settings: DenoiserSettings,
  options: object,
): Job<Plane> {
  const { network } = resolveOptions({ network: undefined as DenoisingNetwork | undefined }, options);
  const got = network?.weights?.kind;
  if (network === undefined || got !== kind) {
    const rule = `a ${kind} by loadDenoisingNetwork(bytes)`;
    throw new VicinalError("BAD_INPUT", { what: "network", got: String(got ?? "none"), rule });
  }
  checkTrained(network, settings.sigma, 1);
  return runNetwork(image, network, settings.threads);
}

/** Refuses noise of colours that a network was not trained for; along its axes there is `scale` times as much. */
export function checkTrained({ sigma: trained }: DenoisingNetwork, sigma: number, scale: number): void {
  if (trained === undefined || Math.abs(trained - sigma * scale) <= MOST_OFF * trained) return;
  const wanted = scale === 1 ? trained : `${(trained / scale).toFixed(2)} by luminance, √3 times ${trained}`;
  const rule = `${wanted}, the noise that this network was trained for; load one for other noise`;
  throw new VicinalError("OPTION_RANGE", { option: "sigma", got: sigma, rule });
}

/** Pictures of more pixels than `most` squared are worked on in tiles of at most about that side. */
export function* runNetwork(
  image: Plane,
  { weights }: DenoisingNetwork,
  threads: number,
  most?: number,
): Job<Plane> {
  const { tiles, width, height } = tilesOf(image, weights, most);
  const tape = createTape({ threads });
  try {
    const network =
      weights.kind === "dncnn"
        ? new Dncnn(tape, weights, width * height)
        : new N3net(tape, weights, width * height);
    const out = { ...image, data: new Float32Array(image.data.length) };
    for (const [i, tile] of tiles.entries()) {
      for (const done of network.run(cut(image, tile), tile.width, tile.height)) {
        yield { phase: weights.kind, done: i * network.steps + done, total: tiles.length * network.steps };
      }
      paste(network.result(tile.width * tile.height), tile, out);
    }
    return out;
  } finally {
    tape.dispose();
  }
}

function cut(image: Plane, { left, top, width, height }: Tile): Float32Array {
  const out = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const from = (top + y) * image.width + left;
    out.set(image.data.subarray(from, from + width), y * width);
  }
  return out;
}

function paste(data: Float32Array, { left, top, width, keep }: Tile, out: Plane): void {
  for (let y = keep.top; y < keep.bottom; y++) {
    const from = (y - top) * width + keep.left - left;
    out.data.set(data.subarray(from, from + keep.right - keep.left), y * out.width + keep.left);
  }
}

/** Weights and maps on a tape, and the work on them. */
class Maps {
  readonly tape: Tape;
  /** Room for maps of the widest layers, used in turns. */
  readonly #rooms: readonly [Parameter, Parameter];

  constructor(tape: Tape, chains: readonly Chain[], pixels: number) {
    this.tape = tape;
    const widest = Math.max(...chains.flat().flatMap(({ inputs, outputs }) => [inputs, outputs]));
    this.#rooms = [tape.buffer([pixels * widest]), tape.buffer([pixels * widest])];
  }

  place(chain: Chain): Placed[] {
    return chain.map(({ inputs, outputs, weight, bias }) => ({
      inputs,
      outputs,
      weight: this.tape.buffer([3, 3, inputs, outputs], weight),
      bias: this.tape.buffer([outputs], bias),
    }));
  }

  /** Room for the input of a chain that takes many channels. */
  get first(): Parameter {
    return this.#rooms[0];
  }

  /** Runs a chain from one address to another; the source may be {@link first}. */
  *run(chain: readonly Placed[], from: number, to: number, height: number, width: number): Generator<void> {
    const { kernels } = this.tape;
    let source = from;
    for (const [i, { inputs, outputs, weight, bias }] of chain.entries()) {
      const last = i === chain.length - 1;
      const target = last ? to : this.#rooms[(i + 1) % 2]!.address;
      kernels.convolve(source, weight.address, bias.address, target, {
        ...{ n: 1, height, width, channelsIn: inputs, channelsOut: outputs, kernelHeight: 3, kernelWidth: 3 },
        ...{ stride: 1, pad: 1, outHeight: height, outWidth: width },
      });
      if (!last) kernels.unary("relu", target, target, height * width * outputs);
      source = target;
      yield;
    }
  }

  /** A chain as a layer, for use within a block while the rooms are free. */
  layer(chain: readonly Placed[]): Layer {
    const { tape } = this;
    return layers.plain((x) => {
      const [n, height, width] = x.shape as [number, number, number];
      const from = x.address;
      const shape = [n, height, width, chain.at(-1)!.outputs];
      return tape.apply(
        [x],
        shape,
        (y) => {
          for (const _ of this.run(chain, from, y, height, width));
        },
        () => {},
      );
    });
  }
}

/** A network on a tape: `run` yields how many of `steps` are done. */
interface Runner {
  readonly steps: number;
  run(pixels: Float32Array, width: number, height: number): Generator<number>;
  result(pixels: number): Float32Array;
}

class Dncnn implements Runner {
  readonly steps: number;
  readonly #maps: Maps;
  readonly #body: readonly Placed[];
  readonly #input: Parameter;
  readonly #output: Parameter;

  constructor(tape: Tape, { body }: DncnnWeights, pixels: number) {
    this.#maps = new Maps(tape, [body], pixels);
    this.#body = this.#maps.place(body);
    [this.#input, this.#output] = [tape.buffer([pixels]), tape.buffer([pixels])];
    this.steps = body.length;
  }

  *run(pixels: Float32Array, width: number, height: number): Generator<number> {
    const [from, to] = [this.#input.address, this.#output.address];
    this.#maps.tape.kernels.heap.set(pixels, from);
    let done = 0;
    for (const _ of this.#maps.run(this.#body, from, to, height, width)) yield ++done;
    const { heap } = this.#maps.tape.kernels;
    for (let i = 0; i < pixels.length; i++) heap[to + i] = pixels[i]! - heap[to + i]!;
  }

  result(pixels: number): Float32Array {
    const { heap } = this.#maps.tape.kernels;
    return Float32Array.from(heap.subarray(this.#output.address, this.#output.address + pixels));
  }
}

class N3net implements Runner {
  readonly steps: number;
  readonly #maps: Maps;
  readonly #parts: readonly (readonly Placed[])[];
  readonly #blocks: readonly Layer[];
  /** Between parts: what a part adds its result to, and the result. */
  #narrow: readonly [Parameter, Parameter];
  readonly #widths: readonly number[];

  constructor(tape: Tape, weights: N3netWeights, pixels: number) {
    const { parts, blocks, options } = weights;
    const inner = blocks.flatMap(({ embedding = [], temperature = [] }) => [embedding, temperature]);
    this.#maps = new Maps(tape, [...parts, ...inner], pixels);
    this.#parts = parts.map((part) => this.#maps.place(part));
    this.#blocks = blocks.map((block, i) => {
      const k = parts[i + 1]![0]!.inputs / parts[i]!.at(-1)!.outputs - 1;
      return this.#block(block, { ...options, k });
    });
    this.#widths = parts.map((part) => part.at(-1)!.outputs);
    const most = Math.max(1, ...this.#widths);
    this.#narrow = [tape.buffer([pixels * most]), tape.buffer([pixels * most])];
    this.steps = parts.flat().length + 10 * blocks.length;
  }

  #block(
    { embedding, temperature, selection }: BlockWeights,
    options: N3netWeights["options"] & { k: number },
  ): Layer {
    const maps = this.#maps;
    const layer = imageNeighborBlock(maps.tape, {
      ...options,
      ...(embedding === undefined ? {} : { embedding: maps.layer(maps.place(embedding)) }),
      ...(temperature === undefined ? {} : { temperature: maps.layer(maps.place(temperature)) }),
      distanceNorm: "distance.gain" in selection,
    });
    for (const [name, values] of Object.entries(selection)) layer.parameters[name]!.set(values);
    return layer;
  }

  *run(pixels: Float32Array, width: number, height: number): Generator<number> {
    const maps = this.#maps;
    const { tape } = maps;
    let done = 0;
    tape.kernels.heap.set(pixels, this.#narrow[0].address);
    for (const [i, part] of this.#parts.entries()) {
      const [before, after] = this.#narrow;
      const from = i === 0 ? before.address : maps.first.address;
      for (const _ of maps.run(part, from, after.address, height, width)) yield ++done;
      this.#addInput(i, pixels.length);
      this.#narrow = [after, before];
      const block = this.#blocks[i];
      if (block === undefined) continue;
      this.#append(block, height, width, this.#widths[i]!);
      yield (done += 10);
    }
  }

  /** Adds the first channels of what the part had to the first that it made. */
  #addInput(i: number, pixels: number): void {
    const { heap } = this.#maps.tape.kernels;
    const [from, to] = this.#narrow;
    const [given, made] = [i === 0 ? 1 : this.#widths[i - 1]!, this.#widths[i]!];
    for (let p = 0; p < pixels; p++) {
      for (let c = 0; c < Math.min(given, made); c++)
        heap[to.address + p * made + c]! += heap[from.address + p * given + c]!;
    }
  }

  #append(block: Layer, height: number, width: number, channels: number): void {
    const { tape, first } = this.#maps;
    const { kernels } = tape;
    tape.inference(() => {
      const size = height * width * channels;
      const x = tape.full([1, height, width, channels], 0);
      kernels.copy(this.#narrow[0].address, x.address, size);
      const y = block.forward(x);
      kernels.copy(y.address, first.address, y.size);
    });
  }

  result(pixels: number): Float32Array {
    const { heap } = this.#maps.tape.kernels;
    const { address } = this.#narrow[0];
    return Float32Array.from(heap.subarray(address, address + pixels));
  }
}
