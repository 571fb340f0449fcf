import { VicinalError } from "./errors.ts";

/**
 * Options as resolved once at the door: defaults filled in, unknown names refused, frozen.
 * `undefined` means "not given"; zero and false are values.
 */
export function resolveOptions<T extends object>(defaults: T, given: Partial<T> | undefined): Readonly<T> {
  const out = { ...defaults };
  if (given === undefined || given === null) return Object.freeze(out);
  if (typeof given !== "object" || Array.isArray(given)) {
    throw new VicinalError("BAD_INPUT", { what: "options", got: typeof given, rule: "an object" });
  }
  for (const key of Object.keys(given) as (keyof T & string)[]) {
    if (!Object.hasOwn(defaults, key)) {
      throw new VicinalError("OPTION_UNKNOWN", { got: key, known: Object.keys(defaults) });
    }
    if (given[key] !== undefined) out[key] = given[key] as T[typeof key];
  }
  return Object.freeze(out);
}

/** Refuses what is no object of options with BAD_INPUT. */
export function checkOptions(given: object): void {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new VicinalError("BAD_INPUT", { what: "options", got: String(given), rule: "an object" });
  }
}

/** Refuses options of other names; `given` is an object, as OPTION_UNKNOWN or BAD_INPUT say otherwise. */
export function checkNames(given: object, known: readonly string[]): void {
  checkOptions(given);
  for (const got of Object.keys(given)) {
    if (!known.includes(got)) throw new VicinalError("OPTION_UNKNOWN", { got, known });
  }
}

/** The value as a whole number within [low, high], or OPTION_RANGE. */
export function wholeNumber(option: string, got: unknown, low: number, high: number): number {
  if (typeof got !== "number" || !Number.isInteger(got) || got < low || got > high) {
    throw new VicinalError("OPTION_RANGE", { option, got, rule: `a whole number from ${low} to ${high}` });
  }
  return got;
}

/** The value as one of a fixed set of words, or OPTION_RANGE. */
export function oneOf<T extends string>(option: string, got: unknown, known: readonly T[]): T {
  if (typeof got !== "string" || !(known as readonly string[]).includes(got)) {
    throw new VicinalError("OPTION_RANGE", { option, got, rule: `one of ${known.join(", ")}` });
  }
  return got as T;
}

/** The value as true or false, or OPTION_RANGE. */
export function trueOrFalse(option: string, got: unknown): boolean {
  if (typeof got !== "boolean")
    throw new VicinalError("OPTION_RANGE", { option, got, rule: "true or false" });
  return got;
}

/** A recall to aim at: above 0 and at most 1, or OPTION_RANGE. */
export function checkTargetRecall(got: unknown): number {
  if (typeof got !== "number" || !(got > 0 && got <= 1)) {
    throw new VicinalError("OPTION_RANGE", { option: "targetRecall", got, rule: "above 0 and at most 1" });
  }
  return got;
}

/** k as a whole number from 1 to 2³¹−1, or BAD_K. */
export function checkK(k: unknown): number {
  if (typeof k !== "number" || !Number.isInteger(k) || k < 1 || k > 0x7fffffff) {
    throw new VicinalError("BAD_K", { got: k });
  }
  return k;
}
