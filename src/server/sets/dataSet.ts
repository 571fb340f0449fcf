import type { Matrix, RunOptions } from "../../core/index.ts";
import type { FeatureSpace, Property, SetSummary } from "../protocol.ts";

export interface SetOptions extends RunOptions {
  /** Folder with data sets; default as for every data set by name. */
  dataDir?: string;
  /** Folder for what was computed before; default the user's cache folder. */
  cacheDir?: string;
}

/** A set that pages can show: one entry of {@link DATA_SETS}. */
export interface DataSet extends Pick<SetSummary, "name" | "title" | "kind"> {
  /** How many rows it has, where that is known much sooner than it is loaded. Throws as `load` does. */
  count?(options: SetOptions): Promise<number>;
  /** Throws DATASET_MISSING, DEPENDENCY_MISSING. */
  load(options: SetOptions): Promise<LoadedSet>;
}

/** A set in memory. */
export interface LoadedSet {
  readonly count: number;
  readonly note: string;
  readonly titles?: readonly string[];
  readonly properties: readonly Property[];
  readonly credits: readonly string[];
  readonly pictures?: Pictures;
  /** At least one; the first is there without being made. */
  readonly features: readonly Feature[];
}

/** Pictures of all rows, one after another. */
export interface Pictures {
  readonly side: number;
  readonly channels: 1 | 3;
  /** count × side × side × channels, row-major. */
  readonly pixels: Uint8Array;
}

export type Vectors = Matrix<Float32Array> | Matrix<Uint8Array>;

/** A space in which the rows of a set have neighbours. */
export interface Feature {
  readonly name: string;
  /** As it is told to pages: changes when the space is made. */
  describe(): FeatureSpace;
  /** One vector a row, unless the space is still to be made. */
  vectors(): Vectors | undefined;
  /** Makes the space, when there is something to make. */
  make?(options: SetOptions): Promise<void>;
  /** The vector of a picture as the set has them: side × side × channels. */
  embed?(pixels: Uint8Array): Float32Array;
}

/** A space that is there from the beginning. */
export function givenFeature(
  facts: Omit<FeatureSpace, "dimension" | "dtype" | "embeds">,
  vectors: Vectors,
  embed?: Feature["embed"],
): Feature {
  const dtype = vectors.data instanceof Uint8Array ? "u8" : "f32";
  const embeds = embed !== undefined;
  const space: FeatureSpace = { ...facts, dimension: vectors.cols, dtype, embeds };
  return {
    name: facts.name,
    describe: () => space,
    vectors: () => vectors,
    ...(embed === undefined ? {} : { embed }),
  };
}

/** A property of rows from its values, numbered in the order given or else by their alphabet. */
export function propertyOf(
  name: string,
  rows: readonly (string | undefined)[],
  order?: readonly string[],
): Property {
  const values = order ?? [...new Set(rows.filter((value) => value !== undefined))].sort();
  const places = new Map(values.map((value, i) => [value, i]));
  return { name, values, of: rows.map((value) => (value === undefined ? -1 : (places.get(value) ?? -1))) };
}
