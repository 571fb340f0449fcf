import { type Matrix, row } from "../core/index.ts";
import type { Index, SearchParams } from "../indexes/contract.ts";
import type { Neighbour, SheetRow } from "./report/sheet.ts";

/** Relative margin within which distances are equal: then either of two rows is right. */
const TIE = 1e-6;
const K = 10;

interface Found {
  readonly id: number;
  readonly distance: number;
}

/** Neighbours of some rows by two indexes, and the rows whose pictures they need. */
export interface NeighbourRows {
  readonly rows: readonly SheetRow[];
  /** Row number of each picture, in the order in which the rows name them. */
  readonly pictures: readonly number[];
}

/**
 * The ten nearest rows of each row shown, itself left out, by exact and by approximate search.
 *
 * @param approximate holds `vectors`, as `exact` does, under their row numbers
 * @param params of the approximate search
 */
export function neighbourRows(
  vectors: Matrix<Float32Array>,
  exact: Index<number>,
  approximate: Index<number>,
  params: SearchParams,
  shown: readonly number[],
  describe: (row: number) => { name: string; kind: string },
): NeighbourRows {
  const pictures: number[] = [];
  const pictureOf = (id: number): number => {
    const at = pictures.indexOf(id);
    return at >= 0 ? at : pictures.push(id) - 1;
  };
  const rows = shown.map((self): SheetRow => {
    const query = row(vectors, self);
    const truth = nearest(exact, query, self);
    const found = nearest(approximate, query, self, params);
    const list = (near: readonly Found[], agrees: (n: Found) => boolean): Neighbour[] =>
      near.map((n) => ({
        picture: pictureOf(n.id),
        ...describe(n.id),
        distance: n.distance,
        shared: agrees(n),
      }));
    const has = (list: readonly Found[], { id }: Found): boolean => list.some((other) => other.id === id);
    // Where distances are equal either row is right: several places share one flag.
    const worstTrue = truth.at(-1)!.distance * (1 + TIE);
    const worstFound = found.at(-1)!.distance * (1 - TIE);
    return {
      picture: pictureOf(self),
      ...describe(self),
      exact: list(truth, (n) => has(found, n) || n.distance >= worstFound),
      approximate: list(found, (n) => has(truth, n) || n.distance <= worstTrue),
    };
  });
  return { rows, pictures };
}

function nearest(
  index: Index<number>,
  query: Float32Array,
  self: number,
  params: SearchParams = {},
): Found[] {
  const found = index.search(query, { k: K + 1, ...params }).items();
  return found
    .map(({ key, distance }) => ({ id: key, distance }))
    .filter(({ id }) => id !== self)
    .slice(0, K);
}
