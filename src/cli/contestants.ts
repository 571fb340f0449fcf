import { isVicinalError, type Matrix, type Metric, type Scalars, VicinalError } from "../core/index.ts";
import { type BuildRun, type Contestant, indexShape, type Params } from "../evaluate/index.ts";
import type { Index, Key, Metadata } from "../indexes/contract.ts";
import { build, create, parseSpec } from "../indexes/index.ts";
import { readParams } from "./arguments.ts";

export interface ContestantOptions {
  base: Matrix<Scalars>;
  metric: Metric;
  /** Build parameters as `name=value`; each must be known to at least one index. */
  build?: readonly string[];
  seed?: number;
  keys?: readonly Key[];
  metadata?: readonly (Metadata | undefined)[];
}

/** Options of an index that the specification or other options of the command line decide. */
const TAKEN = new Set(["dimension", "metric", "dtype", "seed", "M", "codes", "refine"]);

/**
 * The indexes of these specifications, ready to be built over the base.
 *
 * @throws SPEC_SYNTAX, UNSUPPORTED, OPTION_UNKNOWN, OPTION_RANGE before anything is built
 */
export function contestants(specs: readonly string[], options: ContestantOptions): Contestant[] {
  const given = readParams(options.build, "--build");
  const shape = indexShape(options.base, options.metric);
  const make = (spec: string, params: Params): Index =>
    create(spec, { ...shape, seed: options.seed, ...params });
  const used = new Set<string>();
  const known = new Set<string>();
  const all = specs.map((spec): Contestant => {
    const auto = parseSpec(spec).kind === "Auto";
    // What Auto becomes depends on the rows; it knows what the graph it may choose knows.
    const stand = auto ? "HNSW16" : spec;
    const own = knownTo(stand, given, make);
    for (const name of Object.keys(own)) used.add(name);
    return {
      name: spec,
      probe: () => make(stand, own),
      build: (base, run) =>
        auto || run.targetRecall !== undefined
          ? choose(spec, base, own, options, run)
          : fill(make(spec, own), base, options, run),
    };
  });
  for (const name of Object.keys(given)) {
    if (used.has(name)) continue;
    for (const spec of specs) addKnown(parseSpec(spec).kind === "Auto" ? "HNSW16" : spec, make, known);
    throw new VicinalError("OPTION_UNKNOWN", { got: name, known: [...known] });
  }
  return all;
}

/** By build(), which decides what Auto means and tunes the search to the target. */
async function choose(
  spec: string,
  base: Matrix<Scalars>,
  own: Params,
  options: ContestantOptions,
  run: BuildRun,
): Promise<Index> {
  const { metric, keys, metadata, seed } = options;
  const { dimension, dtype } = indexShape(base, metric);
  const auto = parseSpec(spec).kind === "Auto";
  return build(base, {
    ...own,
    ...{ spec, metric, dimension, keys, metadata, seed },
    ...(auto ? {} : { dtype }),
    ...run,
  });
}

async function fill(
  index: Index,
  base: Matrix<Scalars>,
  options: Pick<ContestantOptions, "keys" | "metadata">,
  run: BuildRun,
): Promise<Index> {
  const { keys, metadata } = options;
  const { threads, signal, onProgress } = run;
  try {
    await index.addAsync(base, { keys, metadata, threads, signal, onProgress });
    return index;
  } catch (error) {
    index.close();
    throw error;
  }
}

/** The parameters that the specification knows; its index is the one to ask, made empty with each. */
function knownTo(spec: string, given: Params, make: (spec: string, params: Params) => Index): Params {
  const own: Record<string, number> = {};
  make(spec, {}).close();
  for (const [name, value] of Object.entries(given)) {
    if (TAKEN.has(name)) continue;
    try {
      make(spec, { [name]: value }).close();
      own[name] = value;
    } catch (error) {
      if (!isVicinalError(error, "OPTION_UNKNOWN")) throw error;
    }
  }
  return own;
}

/** Adds the parameters that the specification knows, as its own refusal of an impossible one tells them. */
function addKnown(spec: string, make: (spec: string, params: Params) => Index, known: Set<string>): void {
  try {
    make(spec, { "": 0 }).close();
  } catch (error) {
    if (!isVicinalError(error, "OPTION_UNKNOWN")) throw error;
    for (const each of error.params.known) if (!TAKEN.has(each)) known.add(each);
  }
}
