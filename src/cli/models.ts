import { readFile } from "node:fs/promises";
import { readSafetensors, type Tape } from "../autodiff/index.ts";
import { VicinalError } from "../core/index.ts";
import { type Encoder, loadEncoder } from "../learn/index.ts";
import { fileProblem } from "./inputs.ts";
import type { PictureShape, RowsInput } from "./rows.ts";

/** What a model file says of itself beside its weights. */
export interface ModelFacts {
  /** How pictures become rows for it; absent for models of vectors. */
  readonly pictures?: PictureShape;
  /** The column of the table that held the classes, which is no part of its vectors. */
  readonly label?: string;
  readonly classes: readonly string[];
  readonly loss: string;
}

export interface Model {
  readonly path: string;
  readonly encoder: Encoder;
  readonly facts: ModelFacts;
}

const KEY = "vicinal.model";

/** The bytes of a model file: a safetensors file that `loadEncoder` reads as well. */
export function modelBytes(encoder: Encoder, facts: ModelFacts): Uint8Array {
  return encoder.save({ [KEY]: JSON.stringify(facts) });
}

/**
 * A model that `vicinal train` wrote.
 *
 * @throws FILE, FORMAT, FORMAT_VERSION
 */
export async function readModel(path: string, tape: Tape): Promise<Model> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw fileProblem(path, error);
  }
  // A header in JSON follows eight bytes of length: other files would be blamed for a length of no meaning.
  if (bytes[8] !== 0x7b) {
    throw new VicinalError("FORMAT", {
      what: path,
      rule: "it is a safetensors file, as vicinal train writes it",
    });
  }
  const encoder = loadEncoder(bytes, { tape });
  return { path, encoder, facts: factsOf(readSafetensors(bytes, path).metadata[KEY], path) };
}

function factsOf(text: string | undefined, path: string): ModelFacts {
  const fail = (): never => {
    throw new VicinalError("FORMAT", {
      what: path,
      rule: "it says what its inputs are, as vicinal train writes it",
    });
  };
  let value: Partial<ModelFacts> = {};
  try {
    value = JSON.parse(text ?? "") as Partial<ModelFacts>;
  } catch {
    fail();
  }
  const { pictures, label, classes, loss } = value;
  const shaped =
    pictures === undefined || (Number.isInteger(pictures.size) && typeof pictures.grey === "boolean");
  const named = label === undefined || typeof label === "string";
  if (!shaped || !named || !Array.isArray(classes) || typeof loss !== "string") return fail();
  return {
    ...{ classes: classes.map(String), loss },
    ...(pictures === undefined ? {} : { pictures }),
    ...(label === undefined ? {} : { label }),
  };
}

/** Refuses rows that the model was not made for, before any work is done. */
export function checkFits({ path, encoder, facts }: Model, input: RowsInput): void {
  const [takes, got] = [facts.pictures !== undefined, input.pictures !== undefined];
  if (takes !== got) {
    const kinds = ["vectors", "a folder of pictures"] as const;
    const rule = `${kinds[takes ? 1 : 0]}, as ${path} was trained on`;
    throw new VicinalError("BAD_INPUT", { what: input.path, got: kinds[got ? 1 : 0], rule });
  }
  if (input.rows.cols !== encoder.inputs) {
    throw new VicinalError("DIM_MISMATCH", { what: input.path, got: input.rows.cols, want: encoder.inputs });
  }
}
