/** A value as a message shows it; what it is an object of is nobody's business, and may not even turn into text. */
function show(got: unknown): string {
  if (typeof got === "object" && got !== null) return Array.isArray(got) ? "an array" : "an object";
  return typeof got === "bigint" ? `${got}n` : String(got);
}

/**
 * Every failure a caller can cause or meet, as one class with a bare-word code and typed parameters.
 * A message names the offending value, the rule, and the fix. Tests and callers read `code` and
 * `params`, never the prose.
 */
const MESSAGES = {
  DIM_MISMATCH: (p: { what: string; got: number; want: number }) =>
    `${p.what} has ${p.got} dimensions, expected ${p.want}; embed both with one model.`,
  NOT_FINITE: (p: { what: string; row: number; column: number; got: number | string }) =>
    `${p.what} row ${p.row}, component ${p.column} is ${p.got}; every component must be a finite number. Drop or impute that row.`,
  ZERO_VECTOR: (p: { what: string; row: number }) =>
    `${p.what} row ${p.row} is the zero vector, whose cosine is undefined; drop it or use another metric.`,
  BAD_K: (p: { got: unknown }) => `k is ${show(p.got)}; it must be a whole number from 1 to 2147483647.`,
  OPTION_UNKNOWN: (p: { got: string; known: readonly string[] }) =>
    `Unknown option "${p.got}"; use ${p.known.join(", ") || "no options here"}.`,
  OPTION_RANGE: (p: { option: string; got: unknown; rule: string }) =>
    `${p.option} is ${show(p.got)}; it must be ${p.rule}.`,
  BAD_INPUT: (p: { what: string; got: string; rule: string }) =>
    `${p.what} is ${p.got}; it must be ${p.rule}.`,
  DETACHED_BUFFER: (p: { what: string }) =>
    `${p.what} uses a detached buffer (it was transferred elsewhere); pass a copy.`,
  DUPLICATE_KEY: (p: { key: string }) =>
    `Key ${p.key} is already present or given twice; use upsert() to replace, or give each row its own key.`,
  KEY_UNKNOWN: (p: { key: string }) => `Key ${p.key} is not in the index; check it with has().`,
  KEY_TYPE: (p: { got: string }) => `A key is ${p.got}; keys are safe integers, strings, or bigints.`,
  METRIC_UNKNOWN: (p: { got: string; known: readonly string[] }) =>
    `Unknown metric "${p.got}"; use ${p.known.join(", ")}.`,
  UNSUPPORTED: (p: { what: string; rule: string }) => `${p.what} is not supported: ${p.rule}.`,
  SPEC_SYNTAX: (p: { spec: string; at: number; token: string; expected: string }) =>
    `Index specification "${p.spec}" is wrong at "${p.token}" (character ${p.at + 1}); expected ${p.expected}.`,
  OUT_OF_MEMORY: (p: { needBytes: number; limitBytes: number; fix: string }) =>
    `This needs ${p.needBytes} bytes, over the limit of ${p.limitBytes} for one WebAssembly memory; ${p.fix}.`,
  WASM_UNAVAILABLE: (p: { why: string }) =>
    `WebAssembly SIMD is needed and not available (${p.why}); use Node 20.19 or newer, or a current browser.`,
  TRAPPED: (p: { what: string }) =>
    `The WebAssembly engine stopped during ${p.what}; this index is unusable now, build or open it again.`,
  BUSY: (p: { what: string }) => `${p.what}; wait until it is done, then try again.`,
  CLOSED: (p: { what: string }) => `${p.what} is closed; open or build it again.`,
  NOT_FITTED: (p: { what: string }) =>
    `${p.what} has not learned anything yet; call fit() or fitAsync() first.`,
  DIVERGED: (p: { what: string; step: number }) =>
    `${p.what} is not finite at step ${p.step}; nothing was applied. Lower the learning rate, clip gradients, or look for bad values in the data.`,
  EMPTY_INDEX: (p: { what: string }) => `${p.what} needs at least one row; add vectors first.`,
  FORMAT: (p: { what: string; rule: string; got?: string }) =>
    `${p.what} is not valid: ${p.rule}${p.got === undefined ? "" : `, got ${p.got}`}. The file may be damaged, truncated, or of another kind.`,
  FORMAT_VERSION: (p: { what: string; got: number; want: number }) =>
    `${p.what} has format version ${p.got}; this library reads up to ${p.want}. Update the library.`,
  FORMAT_UNKNOWN: (p: { what: string; known: readonly string[] }) =>
    `The format of ${p.what} is not recognised; use one of ${p.known.join(", ")}.`,
  CORRUPT: (p: { what: string; section: string }) =>
    `${p.what} is damaged: the checksum of section "${p.section}" does not match. Restore it from a copy or build it again.`,
  LIMIT: (p: { what: string; got: number; limit: number }) =>
    `${p.what} is ${p.got}, over the limit of ${p.limit}; raise the limit if the input can be trusted.`,
  FILE: (p: { path: string; why: string }) => `Cannot use file ${p.path}: ${p.why}.`,
  DEPENDENCY_MISSING: (p: { name: string; why: string }) =>
    `${p.why} needs the optional package "${p.name}"; install it with: npm install ${p.name}`,
  DATASET_UNKNOWN: (p: { got: string; known: readonly string[] }) =>
    `Unknown data set "${p.got}"; use ${p.known.join(", ")}.`,
  DATASET_MISSING: (p: { name: string; looked: readonly string[]; fix: string }) =>
    `Data set "${p.name}" was not found in ${p.looked.join(", ")}; ${p.fix}.`,
  DOWNLOAD: (p: { url: string; why: string }) =>
    `Download of ${p.url} failed: ${p.why}. Check the network, or put the file in place by hand.`,
  CHECKSUM: (p: { what: string; got: string; want: string }) =>
    `${p.what} has checksum ${p.got}, expected ${p.want}; delete it and fetch it again.`,
  FILTER_SYNTAX: (p: { expr: string; at: number; expected: string }) =>
    `Filter "${p.expr}" is wrong at character ${p.at + 1}; expected ${p.expected}.`,
  USAGE: (p: { why: string }): string => p.why,
};

export type ErrorCode = keyof typeof MESSAGES;
export type ErrorParams<C extends ErrorCode> = Parameters<(typeof MESSAGES)[C]>[0];

/** All registered codes, for documentation and tests. */
export const ERROR_CODES: readonly ErrorCode[] = Object.keys(MESSAGES) as ErrorCode[];

/** The one error class of the library. */
export class VicinalError<C extends ErrorCode = ErrorCode> extends Error {
  override readonly name = "VicinalError";
  readonly code: C;
  readonly params: ErrorParams<C>;

  constructor(code: C, params: ErrorParams<C>, options?: ErrorOptions) {
    super((MESSAGES[code] as (p: ErrorParams<C>) => string)(params), options);
    this.code = code;
    this.params = params;
  }
}

/** True for a {@link VicinalError}, optionally of one code; safe across duplicate copies of the module. */
export function isVicinalError<C extends ErrorCode>(error: unknown, code?: C): error is VicinalError<C> {
  return (
    error instanceof Error &&
    error.name === "VicinalError" &&
    (code === undefined || (error as VicinalError).code === code)
  );
}
