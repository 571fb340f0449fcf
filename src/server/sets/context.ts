import type { ServerLimits } from "../limits.ts";
import { type JobStarter, Made } from "../made.ts";
import type { BuiltIndex } from "./buildIndex.ts";
import type { DataSet, SetOptions } from "./dataSet.ts";
import { createLibrary, type SetLibrary } from "./library.ts";
import { createMaps, type MapShelf } from "./maps.ts";
import { createIndexes } from "./neighbours.ts";

/** What the routes of data sets share: sets, and all that was made of them. */
export interface SetContext {
  readonly options: Pick<SetOptions, "dataDir" | "cacheDir">;
  readonly jobs: JobStarter;
  readonly limits: Readonly<ServerLimits>;
  readonly library: SetLibrary;
  readonly indexes: Made<BuiltIndex>;
  readonly maps: MapShelf;
  /** Features that are being made. */
  readonly features: Made<true>;
  /** Lets go of what was made. */
  close(): void;
}

export function createSets(
  options: SetContext["options"],
  jobs: JobStarter,
  limits: Readonly<ServerLimits>,
  sets?: readonly DataSet[],
): SetContext {
  const indexes = createIndexes(jobs);
  return {
    ...{ options, jobs, limits, indexes },
    library: createLibrary(options, sets),
    maps: createMaps(jobs),
    features: new Made(jobs, { most: 0, least: 0, size: () => 1 }),
    close: () => indexes.clear(),
  };
}
