import { isVicinalError, type Matrix, type Metric, type Scalars, VicinalError } from "../core/index.ts";
import { type Contestant, indexShape, type Params } from "../evaluate/index.ts";
import type { Index, Key, Metadata } from "../indexes/contract.ts";
import { create } from "../indexes/index.ts";
import { readParams } from "./arguments.ts";

export interface ContestantOptions {
  base: Matrix<Scalars>;
  metric: Metric;
  /** Build parameters as `name=value`; each must be known to at least one index. */
  build?: readonly string[];
  seed?: number;
  /** What Auto builds for. */
  targetRecall?: number;
  k?: number;
  keys?: readonly Key[];
  metadata?: readonly (Metadata | undefined)[];
}

/** Names that a specification's options have for what other options of the command line say. */
const TAKEN = new Set(["dimension", "metric", "dtype", "seed", "keys", "metadata", "threads"]);

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
    const own = knownTo(spec, given, make, known);
    for (const name of Object.keys(own)) used.add(name);
    return {
      name: spec,
      probe: () => make(spec, own),
      async build(base, { threads, signal, onProgress }) {
        const index = make(spec, own);
        try {
          const { keys, metadata } = options;
          await index.addAsync(base, { keys, metadata, threads, signal, onProgress });
          return index;
        } catch (error) {
          index.close();
          throw error;
        }
      },
    };
  });
  for (const name of Object.keys(given)) {
    if (!used.has(name)) throw new VicinalError("OPTION_UNKNOWN", { got: name, known: [...known] });
  }
  return all;
}

/** The parameters that the specification knows; its index is the one to ask, made empty with each. */
function knownTo(
  spec: string,
  given: Params,
  make: (spec: string, params: Params) => Index,
  known: Set<string>,
): Params {
  const own: Record<string, number> = {};
  make(spec, {}).close();
  for (const [name, value] of Object.entries(given)) {
    if (TAKEN.has(name)) continue;
    try {
      make(spec, { [name]: value }).close();
      own[name] = value;
    } catch (error) {
      if (!isVicinalError(error, "OPTION_UNKNOWN")) throw error;
      for (const each of error.params.known) if (!TAKEN.has(each)) known.add(each);
    }
  }
  return own;
}
