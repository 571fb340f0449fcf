import {
  createTape,
  layers,
  type NamedParameters,
  type Parameter,
  prepareWeights,
  readSafetensors,
  slice,
  type Tape,
  type Tensor,
  tensorsOf,
  writeSafetensors,
} from "../../autodiff/index.ts";
import {
  checkNames,
  type Job,
  type Matrix,
  type RunOptions,
  resolveOptions,
  runAsync,
  runSync,
  VicinalError,
} from "../../core/index.ts";
import type { VectorsInput } from "../../indexes/contract.ts";
import {
  type Architecture,
  buildLayers,
  requireRoom,
  resolveArchitecture,
  weightsOf,
} from "../encoders/architecture.ts";
import { Encoder } from "../encoders/encoder.ts";
import { clip, clipLogScale } from "../losses/index.ts";
import {
  createTextTower,
  resolveTextTower,
  type TextTower,
  type TextTowerOptions,
  textWeightsOf,
  type WordVectors,
} from "./textTower.ts";

export interface TwoTowerOptions {
  /** The tower of images; its `width` is that of both, and its rows have length 1. */
  image: Architecture;
  /** The tower of texts; its width is that of the other. */
  text?: Omit<TextTowerOptions, "width">;
  /** Of the initial weights, default 0. */
  seed?: number;
  /** Needed when `text.vectors` is above 0. */
  words?: WordVectors;
  /** Where it lives; default a tape of its own. */
  tape?: Tape;
}

/**
 * Images and texts in one space, where what belongs together is near by cosine: an encoder of images and one of
 * texts, trained so that each image finds its text in a batch and each text its image (Radford et al. 2021).
 */
export class TwoTower {
  readonly tape: Tape;
  readonly image: Encoder;
  readonly text: TextTower;
  readonly parameters: NamedParameters;
  readonly #logScale: Parameter;

  /** Made by {@link createTwoTower} and {@link loadTwoTower}. @internal */
  constructor(tape: Tape, image: Encoder, text: TextTower) {
    this.tape = tape;
    this.image = image;
    this.text = text;
    this.#logScale = clipLogScale(tape);
    const own = layers.namedParameters({
      image,
      text: { forward: (x) => x, parameters: text.parameters },
    });
    this.parameters = { ...own, logScale: this.#logScale };
  }

  /** Columns of the common space. */
  get width(): number {
    return this.image.width;
  }

  /** What cosines are divided by before the softmax, as learned. */
  get temperature(): number {
    return Math.exp(-this.#logScale.values()[0]!);
  }

  /**
   * The loss of images [n, inputs] beside their texts, in one step.
   * @param others more texts, which are wrong for all of these images
   */
  loss(images: Tensor, texts: readonly string[], others: readonly string[] = []): Tensor {
    const all = this.text.forward([...texts, ...others]);
    const own = slice(all, 0, 0, texts.length);
    const more = others.length === 0 ? {} : { others: slice(all, 0, texts.length, all.shape[0]!) };
    return clip(this.image.forward(images), own, this.#logScale, more);
  }

  /** Images as rows of length 1. Throws DIM_MISMATCH, NOT_FINITE, BAD_INPUT. */
  encodeImages(rows: VectorsInput): Matrix {
    return this.image.encode(rows);
  }

  /** Texts as rows of length 1. */
  encodeTexts(texts: readonly string[], run: RunOptions = {}): Matrix {
    return runSync(this.#texts(texts), run);
  }

  /** The same between turns of the event loop. */
  async encodeTextsAsync(texts: readonly string[], run: RunOptions = {}): Promise<Matrix> {
    return runAsync(this.#texts(texts), run);
  }

  /** Weights and how both towers are built, as a safetensors file for {@link loadTwoTower}. */
  save(metadata: Readonly<Record<string, string>> = {}): Uint8Array {
    return writeSafetensors(tensorsOf(this.parameters), {
      ...metadata,
      format: "vicinal/two-tower",
      version: "1",
      image: JSON.stringify(this.image.architecture),
      text: JSON.stringify(this.text.options),
    });
  }

  *#texts(texts: readonly string[]): Job<Matrix> {
    if (!Array.isArray(texts)) {
      throw new VicinalError("BAD_INPUT", { what: "texts", got: typeof texts, rule: "a list of strings" });
    }
    const data = new Float32Array(texts.length * this.width);
    const batch = 256;
    for (let from = 0; from < texts.length; from += batch) {
      const some = texts.slice(from, from + batch);
      const rows = this.tape.inference(() => layers.unitLength(this.text.forward(some)).values());
      data.set(rows, from * this.width);
      yield { phase: "texts", done: Math.min(texts.length, from + batch), total: texts.length };
    }
    return { data, rows: texts.length, cols: this.width, stride: this.width };
  }
}

const DEFAULTS = {
  image: undefined as unknown as Architecture,
  text: {} as Omit<TextTowerOptions, "width">,
  seed: 0,
  words: undefined as WordVectors | undefined,
  tape: undefined as Tape | undefined,
};

/** Two towers with initial weights. Throws OPTION_UNKNOWN, OPTION_RANGE, BAD_INPUT. */
export function createTwoTower(options: TwoTowerOptions): TwoTower {
  const { image, text, seed, words, tape } = resolveOptions<typeof DEFAULTS>(DEFAULTS, options);
  return assemble(tape ?? createTape(), image, text, seed, words);
}

function assemble(
  tape: Tape,
  image: Architecture,
  text: Omit<TextTowerOptions, "width">,
  seed: number,
  words: WordVectors | undefined,
): TwoTower {
  const architecture = resolveArchitecture({ ...image, unit: true } as Architecture);
  checkNames(text, ["buckets", "features", "hidden", "parts", "vectors"]);
  const dimension = text.vectors ?? 0;
  if (dimension !== (words?.dimension ?? 0)) {
    throw new VicinalError("BAD_INPUT", {
      what: "words",
      got: words === undefined ? "not given" : `vectors of ${words.dimension} components`,
      rule: dimension === 0 ? "left out, as text.vectors is 0" : `vectors of ${dimension} components`,
    });
  }
  const encoder = new Encoder(tape, architecture, buildLayers(tape, architecture, seed));
  const tower = createTextTower(
    tape,
    { ...text, width: architecture.width },
    words === undefined ? { seed } : { seed, words },
  );
  return new TwoTower(tape, encoder, tower);
}

const WHAT = "two-tower file";

/**
 * Two towers from the bytes that {@link TwoTower.save} gave.
 *
 * @param words the vectors that they were trained with, if any
 * @throws VicinalError FORMAT, FORMAT_VERSION, BAD_INPUT
 */
export function loadTwoTower(
  bytes: Uint8Array,
  { tape, words }: Pick<TwoTowerOptions, "tape" | "words"> = {},
): TwoTower {
  const file = readSafetensors(bytes, WHAT);
  const { format, version, image, text } = file.metadata;
  if (format !== "vicinal/two-tower") {
    const got = String(format).slice(0, 60);
    throw new VicinalError("FORMAT", { what: WHAT, rule: 'its format is "vicinal/two-tower"', got });
  }
  if (version !== "1")
    throw new VicinalError("FORMAT_VERSION", { what: WHAT, got: Number(version), want: 1 });
  let towers: [Required<Architecture>, Required<TextTowerOptions>];
  try {
    towers = [
      resolveArchitecture(JSON.parse(image ?? "") as Architecture),
      resolveTextTower(JSON.parse(text ?? "") as TextTowerOptions),
    ];
  } catch (cause) {
    throw new VicinalError("FORMAT", { what: WHAT, rule: "it says how its towers are built" }, { cause });
  }
  requireRoom(weightsOf(towers[0]) + textWeightsOf(towers[1]), file, WHAT);
  const { width: _, ...rest } = towers[1];
  const model = assemble(tape ?? createTape(), towers[0], rest, 0, words);
  prepareWeights(model.parameters, file, "", WHAT)();
  return model;
}
