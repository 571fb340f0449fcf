import type { NeighboursAnswer, SetDetails, SetList } from "../../../src/server/protocol.ts";
import { ask, getBytes, getJson, hasKey, post } from "./http.ts";
import { keepLast } from "./keep.ts";
import { readNpy } from "./npy.ts";
import type { Source } from "./source.ts";

/** Paths of a set, relative to the page, so that the app works below any path. */
const pathOf = (set: string, rest: string): string => `./api/sets/${encodeURIComponent(set)}/${rest}`;

/** What is read, from files or from a server that answers as files would. Kept while it is likely to be asked again. */
export function readingSource(): Pick<Source, "listSets" | "details" | "sheet" | "vectors" | "map"> {
  const details = keepLast<SetDetails>(16);
  const sheets = keepLast<string>(64);
  return {
    listSets: async () => (await getJson<SetList>("./api/sets/index.json")).sets,
    details: (set) => details(set, () => getJson<SetDetails>(pathOf(set, "set.json"))),
    sheet: (set, n) => sheets(`${set}/${n}`, () => sheetAddress(pathOf(set, `sheets/${n}.png`))),
    vectors: async (set, feature, waiting) =>
      readNpy(await getBytes(pathOf(set, `features/${encodeURIComponent(feature)}.npy`), waiting)),
    map: async (set, feature, method, waiting) =>
      readNpy(await getBytes(pathOf(set, `maps/${encodeURIComponent(feature)}.${method}.npy`), waiting)),
  };
}

async function sheetAddress(path: string): Promise<string> {
  if (!hasKey()) return path;
  return URL.createObjectURL(new Blob([await getBytes(path)], { type: "image/png" }));
}

/** Everything by the server. */
export function serverSource(): Source {
  return {
    engine: "server",
    ...readingSource(),
    neighbours: (set, request, waiting) => ask<NeighboursAnswer>(pathOf(set, "neighbours"), request, waiting),
    run: (path, body, waiting) => post(`./api/${path}`, body, waiting),
  };
}
