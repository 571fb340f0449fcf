import { VicinalError } from "../core/index.ts";

/**
 * The bytes of a file as a plain view: slice() of Node's Buffer copies nothing.
 *
 * @throws VicinalError BAD_INPUT unless it is a Uint8Array, DETACHED_BUFFER
 */
export function bytesOf(file: Uint8Array, what: string): Uint8Array {
  if (!(file instanceof Uint8Array)) {
    throw new VicinalError("BAD_INPUT", {
      what,
      got: typeof file,
      rule: "the bytes of the file, a Uint8Array",
    });
  }
  try {
    return new Uint8Array(file.buffer, file.byteOffset, file.byteLength);
  } catch {
    throw new VicinalError("DETACHED_BUFFER", { what });
  }
}
