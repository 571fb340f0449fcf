import { SourceError, type Vectors } from "./source.ts";

// The library's own reader knows every form of such files, streams them, and would weigh more than this whole page.

const TYPES = { "|u1": Uint8Array, "|i1": Int8Array, "<f4": Float32Array } as const;

/** Reads a matrix of the server's: version 1 or 2, line by line, uint8, int8 or float32. @throws SourceError FORMAT */
export function readNpy(bytes: ArrayBuffer): Vectors {
  const view = new DataView(bytes);
  const fail = (what: string): never => {
    throw new SourceError("FORMAT", `The file of vectors is not valid: ${what}. Load the page again.`);
  };
  if (bytes.byteLength < 12 || view.getUint32(0) !== 0x934e554d)
    return fail("it does not begin with \\x93NUMPY");
  const long = view.getUint8(6) > 1;
  const start = long ? 12 : 10;
  const end = start + (long ? view.getUint32(8, true) : view.getUint16(8, true));
  if (end > bytes.byteLength) return fail("it ends within its header");
  const header = new TextDecoder("latin1").decode(new Uint8Array(bytes, start, end - start));
  const type = /'descr':\s*'([^']+)'/.exec(header)?.[1] ?? "";
  const shape = /'shape':\s*\((\d+),\s*(\d+)\)/.exec(header);
  if (!Object.hasOwn(TYPES, type)) return fail(`elements of type ${type}`);
  if (shape === null || !/'fortran_order':\s*False/.test(header))
    return fail("it is no matrix stored line by line");
  const [rows, columns] = [Number(shape[1]), Number(shape[2])];
  const Elements = TYPES[type as keyof typeof TYPES];
  const length = rows * columns;
  if (bytes.byteLength - end < length * Elements.BYTES_PER_ELEMENT) return fail("it is shorter than it says");
  const aligned = end % Elements.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice(end);
  return { data: new Elements(aligned, aligned === bytes ? end : 0, length), rows, columns };
}
