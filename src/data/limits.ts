import { resolveOptions, VicinalError } from "../core/index.ts";

/** Bounds on untrusted input; each refusal is a LIMIT error naming the bound. */
export interface DataLimits {
  /** Components of one vector. */
  maxDim: number;
  /** Bytes of one line or record of a text format. */
  maxLineBytes: number;
  /** Unpacked : packed bytes of gzip, zip and Parquet; the first MiB is free. */
  maxRatio: number;
  /** Bytes of all unpacked vectors held at once by `readVectorFile` and of any container held whole. */
  maxBytes: number;
  /** Pixels of one image. */
  maxPixels: number;
}

export const DATA_LIMITS: DataLimits = {
  maxDim: 1 << 20,
  maxLineBytes: 16 * 1024 * 1024,
  maxRatio: 200,
  maxBytes: 16 * 1024 ** 3,
  maxPixels: 100_000_000,
};

/** Unpacked bytes that are never counted as a bomb. */
export const FREE_BYTES: number = 1 << 20;

export function resolveLimits(given?: Partial<DataLimits>): Readonly<DataLimits> {
  return resolveOptions(DATA_LIMITS, given);
}

export function checkLimit(what: string, got: number, limit: number): void {
  if (!(got <= limit)) throw new VicinalError("LIMIT", { what, got, limit });
}

/** A FORMAT error: what is wrong, the rule it breaks, and the value found. */
export function badFormat(what: string, rule: string, got?: unknown): VicinalError<"FORMAT"> {
  return new VicinalError("FORMAT", got === undefined ? { what, rule } : { what, rule, got: String(got) });
}

/** A new array, or LIMIT where the runtime cannot hold one so large. */
export function allocate<T>(what: string, elements: number, make: (n: number) => T): T {
  try {
    return make(elements);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new VicinalError("LIMIT", { what, got: elements, limit: 2 ** 32 }, { cause: error });
  }
}
