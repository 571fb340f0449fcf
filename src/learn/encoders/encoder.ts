import {
  createTape,
  div,
  type Layer,
  type NamedParameters,
  prepareWeights,
  readSafetensors,
  reshape,
  type Safetensors,
  sub,
  Tape,
  type Tensor,
  tensorsOf,
  writeSafetensors,
} from "../../autodiff/index.ts";
import {
  checkNames,
  type Job,
  type Matrix,
  type RunOptions,
  runAsync,
  runSync,
  VicinalError,
  wholeNumber,
} from "../../core/index.ts";
import type { VectorsInput } from "../../indexes/contract.ts";
import { type RowSource, rowSource } from "../rows.ts";
import {
  type Architecture,
  buildLayers,
  inputsOf,
  requireRoom,
  resolveArchitecture,
  weightsOf,
} from "./architecture.ts";

export interface EncodeOptions extends RunOptions {
  /** Rows at a time, default 256; the result does not depend on it. */
  batch?: number;
}

/**
 * Maps rows to features: a network whose last layer is the space in which neighbours are sought. It is a layer,
 * so any loss can train it; {@link fitClassifier} trains it by the classes of rows.
 */
export class Encoder implements Layer {
  readonly tape: Tape;
  /** With all defaults filled in. */
  readonly architecture: Required<Architecture>;
  readonly parameters: NamedParameters;
  readonly #body: Layer;

  /** Made by {@link createEncoder} and {@link loadEncoder}. @internal */
  constructor(tape: Tape, architecture: Required<Architecture>, body: Layer) {
    this.tape = tape;
    this.architecture = architecture;
    this.parameters = body.parameters;
    this.#body = body;
  }

  /** Columns of a row. */
  get inputs(): number {
    return inputsOf(this.architecture);
  }

  /** Columns of the features. */
  get width(): number {
    return this.architecture.width;
  }

  /** Rows [n, inputs], or images [n, height, width, channels], to features [n, width]; within a step. */
  forward(x: Tensor): Tensor {
    const { mean, deviation } = this.architecture;
    const constant = (value: number | readonly number[]): Tensor | number =>
      typeof value === "number" ? value : this.tape.tensor(value);
    const channels = typeof mean === "number" && typeof deviation === "number" ? undefined : this.#channels();
    const n = x.shape[0] ?? 1;
    let y = channels === undefined ? x : viewAs(x, [(n * this.inputs) / channels, channels]);
    if (mean !== 0) y = sub(y, constant(mean));
    if (deviation !== 1) y = div(y, constant(deviation));
    return this.#body.forward(viewAs(y, [n, this.inputs]));
  }

  /**
   * Features of rows: a matrix of rows × width. Rows as the indexes take them.
   *
   * @throws VicinalError DIM_MISMATCH, NOT_FINITE, BAD_INPUT
   */
  encode(rows: VectorsInput, options: EncodeOptions = {}): Matrix {
    return runSync(this.#job(rows, options), options);
  }

  /** The same between turns of the event loop. */
  async encodeAsync(rows: VectorsInput, options: EncodeOptions = {}): Promise<Matrix> {
    return runAsync(this.#job(rows, options), options);
  }

  /** {@link encode} by the name that every map of vectors has. */
  transform(rows: VectorsInput): Matrix {
    return this.encode(rows);
  }

  /** Weights and architecture as a safetensors file; {@link loadEncoder} reads it. */
  save(metadata: Readonly<Record<string, string>> = {}): Uint8Array {
    return writeSafetensors(tensorsOf(this.parameters), {
      ...metadata,
      format: "vicinal/encoder",
      version: "1",
      architecture: JSON.stringify(this.architecture),
    });
  }

  *#job(rows: VectorsInput, options: EncodeOptions): Job<Matrix> {
    checkNames(options, ["batch", "signal", "onProgress"]);
    const batch = wholeNumber("batch", options.batch ?? 256, 1, 1 << 20);
    const source = rowSource(rows, "rows", 0, this.inputs);
    const { width } = this;
    const data = new Float32Array(source.rows * width);
    for (let from = 0; from < source.rows; from += batch) {
      const to = Math.min(source.rows, from + batch);
      const features = this.#encodeRange(source, from, to);
      refuseOverflow(features, from, width);
      data.set(features, from * width);
      yield { phase: "encoding", done: to, total: source.rows };
    }
    return { data, rows: source.rows, cols: this.width, stride: this.width };
  }

  #encodeRange(source: RowSource, from: number, to: number): Float32Array | Float64Array {
    const block = new Float32Array((to - from) * this.inputs);
    source.copyInto(block, from, to);
    return this.tape.inference(() =>
      this.forward(this.tape.tensor(block, [to - from, this.inputs])).values(),
    );
  }

  #channels(): number {
    return this.architecture.kind === "mlp" ? this.architecture.inputs : this.architecture.image[2];
  }
}

/** Throws NOT_FINITE for features that float32 could not hold: of rows too large, or weights that diverged. */
function refuseOverflow(features: Float32Array | Float64Array, first: number, width: number): void {
  const at = features.findIndex((x) => !Number.isFinite(x));
  if (at < 0) return;
  const row = first + Math.floor(at / width);
  throw new VicinalError("NOT_FINITE", { what: "features of", row, column: at % width, got: features[at]! });
}

/** The same values in another shape. */
const viewAs = (x: Tensor, shape: readonly number[]): Tensor => reshape(x, shape);

export interface EncoderOptions {
  /** Where it lives; default a tape of its own. */
  tape?: Tape;
  /** Of the initial weights, default 0. */
  seed?: number;
}

/** An encoder with initial weights. Throws OPTION_UNKNOWN, OPTION_RANGE. */
export function createEncoder(architecture: Architecture, options: EncoderOptions = {}): Encoder {
  checkNames(options, ["tape", "seed"]);
  const resolved = resolveArchitecture(architecture);
  if (options.tape !== undefined && !(options.tape instanceof Tape)) {
    const rule = "what createTape() gave";
    throw new VicinalError("OPTION_RANGE", { option: "tape", got: options.tape, rule });
  }
  const tape = options.tape ?? createTape();
  return new Encoder(tape, resolved, buildLayers(tape, resolved, options.seed ?? 0));
}

/**
 * An encoder from the bytes that {@link Encoder.save} gave.
 *
 * @throws VicinalError FORMAT, FORMAT_VERSION
 */
export function loadEncoder(bytes: Uint8Array, { tape }: Pick<EncoderOptions, "tape"> = {}): Encoder {
  return readEncoder(readSafetensors(bytes, WHAT), tape ?? createTape());
}

const WHAT = "encoder file";

function readEncoder(file: Safetensors, tape: Tape): Encoder {
  const { format, version, architecture } = file.metadata;
  if (format !== "vicinal/encoder") {
    const rule = 'its format is "vicinal/encoder"';
    throw new VicinalError("FORMAT", { what: WHAT, rule, got: String(format).slice(0, 60) });
  }
  if (version !== "1")
    throw new VicinalError("FORMAT_VERSION", { what: WHAT, got: Number(version), want: 1 });
  let resolved: Required<Architecture>;
  try {
    resolved = resolveArchitecture(JSON.parse(architecture ?? "") as Architecture);
  } catch (cause) {
    throw new VicinalError("FORMAT", { what: WHAT, rule: "it names an architecture" }, { cause });
  }
  requireRoom(weightsOf(resolved), file, WHAT);
  const encoder = new Encoder(tape, resolved, buildLayers(tape, resolved, 0));
  prepareWeights(encoder.parameters, file, "", WHAT)();
  return encoder;
}
