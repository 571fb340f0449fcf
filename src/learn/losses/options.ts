import { Tensor } from "../../autodiff/index.ts";
import { oneOf, resolveOptions, trueOrFalse, VicinalError } from "../../core/index.ts";

const WORDS = ["mean", "sum", "meanActive"];

/** Lowest temperature: scores divided by less leave float32. */
const COLDEST = 1e-6;

/**
 * Options of a loss with its defaults. Numbers are finite in float32, temperatures above 0, words among those known;
 * a number may be a tensor where `learned` names it.
 *
 * @param words what options other than `reduction` may say
 * @throws VicinalError OPTION_UNKNOWN, OPTION_RANGE
 */
export function lossOptions<T extends object>(
  defaults: T,
  given: Partial<T> | undefined,
  words: Readonly<Record<string, readonly string[]>> = {},
  learned?: keyof T & string,
): Readonly<T> {
  const options = resolveOptions(defaults, given);
  for (const [name, usual] of Object.entries(defaults)) {
    const got: unknown = options[name as keyof T];
    if (name === "tuples") checkTuplesOption(got);
    else if (typeof usual === "boolean") trueOrFalse(name, got);
    else if (typeof usual === "string") oneOf(name, got, words[name] ?? WORDS);
    else if (typeof usual === "number" && !(name === learned && got instanceof Tensor))
      checkNumber(name, got);
  }
  return options;
}

function checkNumber(option: string, got: unknown): void {
  const low = option === "temperature" ? COLDEST : Number.NEGATIVE_INFINITY;
  if (typeof got === "number" && Number.isFinite(Math.fround(got)) && got >= low) return;
  const rule = option === "temperature" ? `a finite number from ${COLDEST} on` : "a finite number";
  throw new VicinalError("OPTION_RANGE", { option, got, rule });
}

function checkTuplesOption(got: unknown): void {
  if (got === undefined) return;
  const lists = typeof got === "object" && got !== null ? Object.values(got) : [];
  if (lists.length > 0 && lists.every((list) => Array.isArray(list) || ArrayBuffer.isView(list))) return;
  const rule = "pairs { positives, negatives } or { triplets }, as miners give them";
  throw new VicinalError("OPTION_RANGE", { option: "tuples", got, rule });
}
