import { isVicinalError } from "../../core/index.ts";
import type { SetList, SetSummary } from "../protocol.ts";
import type { DataSet, LoadedSet, SetOptions } from "./dataSet.ts";
import { DATA_SETS } from "./registry.ts";

/** The sets of one server, each loaded when it is first wanted and then kept. */
export interface SetLibrary {
  list(): Promise<SetList>;
  /** Undefined for a name that is none of ours. */
  find(name: string): DataSet | undefined;
  /** Throws DATASET_MISSING, DEPENDENCY_MISSING. */
  open(set: DataSet): Promise<LoadedSet>;
}

export function createLibrary(options: SetOptions, sets: readonly DataSet[] = DATA_SETS): SetLibrary {
  const opened = new Map<DataSet, Promise<LoadedSet>>();

  function open(set: DataSet): Promise<LoadedSet> {
    const known = opened.get(set);
    if (known !== undefined) return known;
    const loading = set.load(options);
    opened.set(set, loading);
    // A set that comes to hand later is found then.
    loading.catch(() => opened.delete(set));
    return loading;
  }

  async function summarise(set: DataSet): Promise<SetSummary> {
    const { name, title, kind } = set;
    try {
      const count =
        set.count === undefined || opened.has(set) ? (await open(set)).count : await set.count(options);
      return { name, title, kind, count };
    } catch (error) {
      if (!isMissing(error)) throw error;
      return { name, title, kind, count: 0, missing: error.message };
    }
  }

  return {
    open,
    find: (name) => sets.find((set) => set.name === name),
    list: async () => ({ sets: await Promise.all(sets.map(summarise)) }),
  };
}

/** Whether a set is only not here. */
export function isMissing(error: unknown): error is Error {
  return isVicinalError(error, "DATASET_MISSING") || isVicinalError(error, "DEPENDENCY_MISSING");
}
