import { oneOf, type RunOptions, resolveOptions, wholeNumber } from "../core/index.ts";
import type { Machine } from "./machine.ts";

/** What every study takes. */
export interface LabOptions extends RunOptions {
  /** Folder with data sets; default as for every data set by name. */
  dataDir?: string;
  /** Folder for report.html and results.json, created when missing; default the working folder. */
  out?: string;
  /** Whole number, default 1. */
  seed?: number;
  /** Less data and fewer settings, for a quick look or a continuous build. */
  quick?: boolean;
  /** Folder for rendered emoji; default the user's cache folder. */
  cacheDir?: string;
  /** Words to look for, in studies of words; several in one text are added up. */
  queries?: readonly string[];
  /** The one to take, in studies of several data sets; default all that are at hand. */
  set?: string;
  /** A file of vectors of a space of one's own, in studies that can measure one. */
  features?: string;
  /** Files of networks besides those that are found, in studies of networks. */
  weights?: readonly string[];
  /** Whether networks that a study compares are trained, where that takes hours; else those kept from before are used. */
  train?: boolean;
  /** Takes each line of the study's account; default nowhere. */
  log?: (line: string) => void;
}

/** Where a study left its report, and what it found. */
export interface LabResult<T = object> {
  /** Path of report.html. */
  readonly report: string;
  /** Path of results.json, which holds `results`. */
  readonly resultsFile: string;
  readonly results: T;
}

/** What the results of every study say of the run. */
export interface LabFacts {
  readonly machine: Machine;
  readonly seed: number;
  readonly quick: boolean;
}

const DEFAULTS: LabOptions = {
  dataDir: undefined,
  out: ".",
  seed: 1,
  quick: false,
  cacheDir: undefined,
  queries: undefined,
  set: undefined,
  features: undefined,
  weights: undefined,
  train: false,
  log: undefined,
  signal: undefined,
  onProgress: undefined,
};

export type ResolvedLabOptions = LabOptions &
  Required<Pick<LabOptions, "out" | "seed" | "quick" | "log" | "queries" | "weights">>;

/** Options with their defaults. Throws OPTION_UNKNOWN, OPTION_RANGE. */
export function labOptions(given: LabOptions = {}): ResolvedLabOptions {
  const options = resolveOptions(DEFAULTS, given);
  return {
    ...options,
    out: options.out!,
    seed: wholeNumber("seed", options.seed, 0, Number.MAX_SAFE_INTEGER),
    quick: options.quick === true,
    queries: options.queries ?? [],
    weights: options.weights ?? [],
    log: options.log ?? (() => {}),
  };
}

/** All sets of a study, or the one chosen. @throws VicinalError OPTION_RANGE */
export function chosenSets<S extends string>(names: readonly S[], chosen: string | undefined): readonly S[] {
  return chosen === undefined ? names : [oneOf("set", chosen as S, names)];
}
