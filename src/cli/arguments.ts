import { VicinalError, wholeNumber } from "../core/index.ts";
import { gridPoints, type Params, parseGrid } from "../evaluate/index.ts";

/** Collects a repeatable option. */
export function collect(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value];
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** A finite decimal number, or OPTION_RANGE naming the option. */
export function readNumber(option: string): (text: string) => number {
  return (text) => {
    const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
    if (!Number.isFinite(value)) {
      throw new VicinalError("OPTION_RANGE", { option, got: text, rule: "a finite decimal number" });
    }
    return value;
  };
}

/** A whole number within bounds, or OPTION_RANGE naming the option. */
export function readWhole(option: string, low: number, high: number): (text: string) => number {
  return (text) => wholeNumber(option, DECIMAL.test(text) ? Number(text) : text, low, high);
}

/** A number of neighbours, or BAD_K. */
export function readK(text: string): number {
  const k = DECIMAL.test(text) ? Number(text) : Number.NaN;
  if (!Number.isInteger(k) || k < 1 || k > 0x7fffffff) throw new VicinalError("BAD_K", { got: text });
  return k;
}

/** A recall above 0 and at most 1. */
export function readRecall(text: string): number {
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  if (!(value > 0 && value <= 1)) {
    throw new VicinalError("OPTION_RANGE", {
      option: "--target-recall",
      got: text,
      rule: "a number above 0 and at most 1, such as 0.95",
    });
  }
  return value;
}

export const readThreads: (text: string) => number = readWhole("--threads", 1, 256);
export const readSeed: (text: string) => number = readWhole("--seed", 0, Number.MAX_SAFE_INTEGER);

/** `name=value` items with one value each. */
export function readParams(items: readonly string[] | undefined, option: string): Params {
  const points = gridPoints(parseGrid(items ?? [], option));
  if (points.length > 1) {
    throw new VicinalError("USAGE", {
      why: `${option} takes one value here; give lists of them to vicinal eval.`,
    });
  }
  return points[0]!;
}

/** Refuses names that none of the known lists has. */
export function checkNames(names: readonly string[], known: readonly string[]): void {
  for (const name of names) {
    if (!known.includes(name)) throw new VicinalError("OPTION_UNKNOWN", { got: name, known });
  }
}

/**
 * Refuses a command line that lacks options without which nothing can be done. Checked in the action
 * and not by the parser, which would complain of what is missing before it names a misspelt option.
 */
export function requireOptions<T extends object>(flags: T, names: readonly (keyof T & string)[]): void {
  for (const name of names) {
    if (flags[name] === undefined) {
      throw new VicinalError("USAGE", { why: `--${name} is missing; --help shows how to give it.` });
    }
  }
}
