import type {
  ShelfDetails,
  ShelfList,
  ShelfSummary,
  SimilarItem,
  SimilarItems,
} from "../../../src/server/protocol.ts";
import { getBytes, getJson } from "./http.ts";
import { readNpy } from "./npy.ts";
import type { Vectors, Waiting } from "./source.ts";

const pathOf = (shelf: string, rest: string): string =>
  `./api/recommend/${encodeURIComponent(shelf)}/${rest}`;

/** Things of which one may be recommended for another; they need the server. */
export async function listShelves(): Promise<readonly ShelfSummary[]> {
  return (await getJson<ShelfList>("./api/recommend/index.json")).shelves;
}

/** All titles of a shelf, once it is learned, which may take a minute the first time. */
export const openShelf = (shelf: string, waiting: Waiting): Promise<ShelfDetails> =>
  getJson<ShelfDetails>(pathOf(shelf, "shelf.json"), waiting);

/** The k things nearest to one, in one of the shelf's spaces. */
export async function similarItems(
  shelf: string,
  space: string,
  item: number,
  k: number,
  waiting: Waiting,
): Promise<readonly SimilarItem[]> {
  const query = new URLSearchParams({ item: `${item}`, space, k: `${k}` });
  return (await getJson<SimilarItems>(pathOf(shelf, `similar.json?${query}`), waiting)).items;
}

/** A place in the plane for each thing: two columns. */
export async function shelfMap(shelf: string, space: string, waiting: Waiting): Promise<Vectors> {
  return readNpy(await getBytes(pathOf(shelf, `maps/${encodeURIComponent(space)}.npy`), waiting));
}
