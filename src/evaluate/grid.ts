import { VicinalError } from "../core/index.ts";

/** Values to try for each named parameter. */
export type Grid = Readonly<Record<string, readonly number[]>>;

/** One choice of parameters. */
export type Params = Readonly<Record<string, number>>;

/**
 * Reads `name=v1,v2,…` items; a name given twice collects both lists.
 *
 * @throws USAGE when an item has another form or a value is not a finite number
 */
export function parseGrid(items: readonly string[], option = "parameter"): Grid {
  const grid: Record<string, number[]> = Object.create(null);
  for (const item of items) {
    const [, name, list] = /^([A-Za-z][A-Za-z0-9]*)=(.+)$/.exec(item) ?? [];
    const values = list?.split(",").map(readNumber);
    if (name === undefined || values === undefined || values.includes(undefined)) {
      throw new VicinalError("USAGE", {
        why: `${option} is "${item}"; it must be name=value or name=v1,v2,… with numbers, as efSearch=20,40,80.`,
      });
    }
    const known = (grid[name] ??= []);
    for (const value of values as number[]) if (!known.includes(value)) known.push(value);
  }
  return { ...grid };
}

function readNumber(text: string): number | undefined {
  const word = text.trim();
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(word)) return undefined;
  const value = Number(word);
  return Number.isFinite(value) ? value : undefined;
}

/** Every combination, the last name varying fastest; of an empty grid, the one empty choice. */
export function gridPoints(grid: Grid): Params[] {
  let points: Record<string, number>[] = [{}];
  for (const [name, values] of Object.entries(grid)) {
    points = points.flatMap((point) => values.map((value) => ({ ...point, [name]: value })));
  }
  return points;
}

/** The part of the grid whose names are known. */
export function gridFor(grid: Grid, known: readonly string[]): Grid {
  return Object.fromEntries(Object.entries(grid).filter(([name]) => known.includes(name)));
}
