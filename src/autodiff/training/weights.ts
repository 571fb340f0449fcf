import { VicinalError } from "../../core/index.ts";
import type { NamedParameters } from "../layers/layer.ts";
import { readSafetensors, type Safetensors, type TensorData, writeSafetensors } from "../safetensors.ts";
import { shapeText } from "../shape.ts";

/** Parameters and buffers as tensors of a file, float32 or float64 as the tape has them; copies. */
export function tensorsOf(parameters: NamedParameters, prefix = ""): Record<string, TensorData> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, parameter]) => [
      prefix + name,
      { shape: parameter.shape, data: parameter.values() },
    ]),
  );
}

/**
 * Values for parameters of the same names and shapes from a file; nothing is changed when one does not fit.
 *
 * @param prefix of the names in the file
 * @returns what puts them in place
 * @throws VicinalError FORMAT
 */
export function prepareWeights(
  parameters: NamedParameters,
  { tensors }: Safetensors,
  prefix = "",
  what = "safetensors file",
): () => void {
  const values = Object.entries(parameters).map(([name, parameter]) => {
    const stored = tensors.get(prefix + name);
    const want = `tensor "${prefix}${name}" of shape ${shapeText(parameter.shape)}`;
    if (stored === undefined) throw new VicinalError("FORMAT", { what, rule: `it has ${want}` });
    if (stored.shape.join() !== parameter.shape.join()) {
      throw new VicinalError("FORMAT", { what, rule: `it has ${want}`, got: shapeText(stored.shape) });
    }
    return { parameter, values: stored.values() };
  });
  return () => {
    for (const { parameter, values: numbers } of values) parameter.set(numbers);
  };
}

/** Parameters and buffers as the bytes of a safetensors file. */
export const saveWeights = (
  parameters: NamedParameters,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array => writeSafetensors(tensorsOf(parameters), metadata);

/** Sets parameters and buffers from a safetensors file; all or none. Other tensors in it are ignored. Throws FORMAT. */
export function loadWeights(parameters: NamedParameters, bytes: Uint8Array): void {
  prepareWeights(parameters, readSafetensors(bytes))();
}
