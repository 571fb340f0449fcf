import type { RunOptions } from "../../core/index.ts";
import { beginLab } from "../begin.ts";
import { machine, machineLine } from "../machine.ts";
import { count, share } from "../numbers.ts";
import type { LabFacts, LabOptions, LabResult } from "../options.ts";
import { heading } from "../print.ts";
import { type GeoMaps, geoPage } from "../report/geo.ts";
import { writeReport } from "../report/write.ts";
import { loadCities, loadHomes, type Split } from "./data.ts";
import { gridOver } from "./sphere.ts";
import {
  type Agreement,
  type ClassStudy,
  compareMetrics,
  errorsOf,
  mapClass,
  mapValue,
  studyClass,
  studyValue,
  type ValueStudy,
} from "./study.ts";

export interface GeoLabResults extends LabFacts {
  readonly lab: "geo";
  /** Haversine beside straight distances through the globe. */
  readonly agreement: Agreement;
  /** Elevation of cities, in metres. */
  readonly elevation: ValueStudy;
  /** Time zone of cities. */
  readonly zone: ClassStudy;
  /** Median house value of blocks in California, in dollars. */
  readonly homes: ValueStudy;
}

const ELEVATION = "elevation_dem_m";
const ZONE = "timezone";
const VALUE = "median_house_value";

/**
 * What neighbours on the globe tell: elevation and time zone of held-out cities, house values in California, and that
 * haversine and straight distances between unit vectors find the same neighbours.
 *
 * @throws VicinalError DATASET_MISSING when the tables are not at hand, FILE, OPTION_RANGE, OPTION_UNKNOWN
 */
export async function runGeoLab(given: LabOptions = {}): Promise<LabResult<GeoLabResults>> {
  const options = await beginLab(given);
  const { seed, quick, log, signal, onProgress, dataDir } = options;
  const run: RunOptions = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
  const cities = await loadCities(dataDir, seed, quick ? 8000 : Number.POSITIVE_INFINITY, run);
  const blocks = await loadHomes(dataDir, run);
  const here = machine();
  log(machineLine(here));
  log(`${count(cities.train.at.rows)} cities to learn from, ${count(cities.test.at.rows)} held out.`);

  heading(log, "Two ways to the same neighbours");
  const agreement = await compareMetrics(cities, ELEVATION, run);
  const { k, sameSet, sameOrder, metres } = agreement;
  log(
    `  the ${k} nearest by haversine and by straight distance are the same for ${share(sameSet)} of the held-out cities` +
      ` (in the same order for ${share(sameOrder)}); distances differ by ${metres.toFixed(2)} m at most`,
  );
  const leftOut = quick ? 1000 : 10_000;
  heading(log, "Elevation of a city from its neighbours'");
  const elevation = await studyValue(cities, ELEVATION, leftOut, run);
  printValues(log, elevation, (value) => `${value.toFixed(0)} m`);
  heading(log, "Time zone of a city from its neighbours'");
  const zone = await studyClass(cities, ZONE, leftOut, run);
  printZones(log, zone);
  heading(log, "House values in California, from latitude and longitude alone");
  const homes = await studyValue(blocks, VALUE, leftOut, run);
  printValues(log, homes, (value) => `$${count(value)}`);

  const maps = await drawMaps(cities, blocks, elevation, homes, quick ? 3 : 1, run);
  const results: GeoLabResults = {
    ...{ lab: "geo", machine: here, seed, quick },
    ...{ agreement, elevation, zone, homes },
  };
  return writeReport(options.out, geoPage(results, maps), results);
}

/** Predictions over the world and California, and errors at held-out cities. */
async function drawMaps(
  cities: Split,
  blocks: Split,
  elevation: ValueStudy,
  homes: ValueStudy,
  step: number,
  run: RunOptions,
): Promise<GeoMaps> {
  const world = gridOver([-57, 75], [-180, 180], step);
  const california = gridOver([32.4, 42.1], [-124.5, -114], step / 20);
  const reach = 350_000;
  const errors = await errorsOf(cities, ELEVATION, best(elevation).k, run);
  return {
    world,
    california,
    elevation: await mapValue(cities.train, ELEVATION, world, best(elevation).k, reach, run),
    zones: await mapClass(cities.train, ZONE, world, reach, run),
    homes: await mapValue(blocks.train, VALUE, california, best(homes).k, 20_000, run),
    errors: Array.from(errors, (error, i) => ({
      x: cities.test.at.data[2 * i + 1]!,
      y: cities.test.at.data[2 * i]!,
      error,
    })),
  };
}

/** The setting chosen with weights by distance. */
export function best(study: ValueStudy): ValueStudy["chosen"][number] {
  return study.chosen.find(({ weights }) => weights === "distance")!;
}

type Log = (line: string) => void;

function printValues(log: Log, study: ValueStudy, unit: (value: number) => string): void {
  for (const { k, weights, mae, rmse, r2 } of study.rows) {
    log(
      `  k ${String(k).padEnd(3)} ${weights.padEnd(9)} error ${unit(mae)} (rms ${unit(rmse)}), R² ${r2.toFixed(3)}`,
    );
  }
  log(`  the mean of all: error ${unit(study.mean.mae)} (rms ${unit(study.mean.rmse)})`);
  for (const { k, weights, mae, r2 } of study.chosen) {
    log(`  left one out, ${weights}: k = ${k}; error ${unit(mae)} on held-out places, R² ${r2.toFixed(3)}`);
  }
}

function printZones(log: Log, { classes, rows, majority, chosen }: ClassStudy): void {
  log(`  ${classes} zones; the commonest holds ${share(majority, 3)}`);
  for (const { k, weights, accuracy } of rows) {
    log(`  k ${String(k).padEnd(3)} ${weights.padEnd(9)} right ${share(accuracy)}`);
  }
  for (const { k, weights, accuracy } of chosen) {
    log(`  left one out, ${weights}: k = ${k}; right ${share(accuracy)}`);
  }
}
