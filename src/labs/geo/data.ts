import { access } from "node:fs/promises";
import { join } from "node:path";
import { createRng, type Matrix, permutation, type RunOptions, VicinalError } from "../../core/index.ts";
import { dataRoots, type Metadata, readVectorFile } from "../../data/index.ts";
import { floats, gather } from "../rows.ts";

/** Places on the globe: rows are [latitude, longitude] in degrees. */
export interface Places {
  readonly at: Matrix<Float32Array>;
  readonly facts: readonly Metadata[];
}

export interface Split {
  readonly train: Places;
  readonly test: Places;
}

const CITIES = "geonames-cities15000.tsv";
const HOMES = ["california-housing-train.csv", "california-housing-test.csv"] as const;

/** Cities with elevation and time zone, a fifth held out at random. Throws DATASET_MISSING. */
export async function loadCities(
  dataDir: string | undefined,
  seed: number,
  most: number,
  run: RunOptions,
): Promise<Split> {
  const path = await find(
    CITIES,
    dataDir,
    "put GeoNames' cities15000 with a header line there (docs/labs.md)",
  );
  const all = await read(path, ["name", "country", "elevation_dem_m", "timezone"], run);
  const known = all.facts.flatMap((facts, i) => {
    // −9999 stands for an elevation that is not known.
    const height = facts["elevation_dem_m"];
    const sound = typeof height === "number" && height > -1000 && typeof facts["timezone"] === "string";
    return sound ? [i] : [];
  });
  const order = permutation(known.length, createRng(seed, "geo cities"));
  const drawn = Array.from(order.slice(0, most), (i) => known[i]!);
  const held = Math.round(drawn.length / 5);
  return { train: pick(all, drawn.slice(held)), test: pick(all, drawn.slice(0, held)) };
}

/** Blocks of houses in California, as published in two parts. Throws DATASET_MISSING. */
export async function loadHomes(dataDir: string | undefined, run: RunOptions): Promise<Split> {
  const fix = "put the California housing table there in two parts (docs/labs.md)";
  const columns = ["median_house_value"];
  const [train, test] = await Promise.all(
    HOMES.map(async (file) => read(await find(file, dataDir, fix), columns, run)),
  );
  return { train: train!, test: test! };
}

async function find(file: string, dataDir: string | undefined, fix: string): Promise<string> {
  const paths = dataRoots(dataDir).map((root) => join(root, "geo", file));
  for (const path of paths) {
    const there = await access(path).then(
      () => true,
      () => false,
    );
    if (there) return path;
  }
  throw new VicinalError("DATASET_MISSING", { name: file, looked: paths, fix });
}

async function read(path: string, metadata: string[], { signal, onProgress }: RunOptions): Promise<Places> {
  const columns = { vector: ["latitude", "longitude"], metadata, key: false } as const;
  const table = await readVectorFile(path, { columns, signal, onProgress });
  return {
    at: floats(table.data, table.data.rows),
    facts: Array.from({ length: table.data.rows }, (_, i) => table.metadata?.[i] ?? {}),
  };
}

function pick({ at, facts }: Places, rows: readonly number[]): Places {
  return { at: gather(at, rows), facts: rows.map((i) => facts[i]!) };
}

/** A numeric fact of each place. */
export function numbers({ facts }: Places, name: string): Float64Array {
  return Float64Array.from(facts, (each) => Number(each[name]));
}

/** A fact of each place as text. */
export function words({ facts }: Places, name: string): string[] {
  return facts.map((each) => String(each[name]));
}
