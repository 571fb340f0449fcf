import type { NeighboursAnswer, SetDetails, SetList, SetSummary } from "../../../src/server/protocol.ts";
import { ask, getBytes, getJson, post } from "./http.ts";
import { keepLast } from "./keep.ts";
import { readNpy } from "./npy.ts";
import type { Source } from "./source.ts";

/** Paths of a set, relative to the page, so that the app works below any path. */
const pathOf = (set: string, rest: string): string => `./api/sets/${encodeURIComponent(set)}/${rest}`;

type Reading = Pick<Source, "listSets" | "details" | "refresh" | "sheet" | "vectors" | "map">;

/**
 * What is read, from files or from a server that answers as files would; kept while it is likely to be asked again.
 * With `inMemory` pictures are kept too, as addresses that need no network later.
 */
export function readingSource(inMemory: boolean): Reading {
  const lists = keepLast<readonly SetSummary[]>(1);
  const details = keepLast<SetDetails>(16);
  const sheets = keepLast<string>(256);
  return {
    listSets: () => lists("", async () => (await getJson<SetList>("./api/sets/index.json")).sets),
    details: (set) => details(set, () => getJson<SetDetails>(pathOf(set, "set.json"))),
    refresh(set) {
      lists.forget("");
      details.forget(set);
    },
    sheet: (set, n) => sheets(`${set}/${n}`, () => sheetAddress(pathOf(set, `sheets/${n}.png`), inMemory)),
    vectors: async (set, feature, waiting) =>
      readNpy(await getBytes(pathOf(set, `features/${encodeURIComponent(feature)}.npy`), waiting)),
    map: async (set, feature, method, waiting) =>
      readNpy(await getBytes(pathOf(set, `maps/${encodeURIComponent(feature)}.${method}.npy`), waiting)),
  };
}

async function sheetAddress(path: string, inMemory: boolean): Promise<string> {
  if (!inMemory) return path;
  return URL.createObjectURL(new Blob([await getBytes(path)], { type: "image/png" }));
}

/** Everything by the server. */
export function serverSource(): Source {
  return {
    engine: "server",
    ...readingSource(false),
    neighbours: (set, request, waiting) => ask<NeighboursAnswer>(pathOf(set, "neighbours"), request, waiting),
    run: (path, body, waiting) => post(`./api/${path}`, body, waiting),
  };
}
