import { plotLines, plotRaster, plotScatter } from "../../evaluate/index.ts";
import type { GeoLabResults } from "../geo/lab.ts";
import type { Grid } from "../geo/sphere.ts";
import type { ClassStudy, ValueStudy } from "../geo/study.ts";
import { machineLine } from "../machine.ts";
import { count, share } from "../numbers.ts";
import { facts, type Html, page, paragraph, section, svgFigure, table, text } from "./html.ts";

/** What is drawn besides the numbers. */
export interface GeoMaps {
  readonly world: Grid;
  readonly california: Grid;
  readonly elevation: Float64Array;
  readonly zones: Float64Array;
  readonly homes: Float64Array;
  /** Held-out cities by longitude and latitude, with predicted less true elevation in metres. */
  readonly errors: readonly { readonly x: number; readonly y: number; readonly error: number }[];
}

const NAMES = { uniform: "all alike", distance: "by distance" } as const;

/** The report on neighbours on the globe. */
export function geoPage(results: GeoLabResults, maps: GeoMaps): string {
  const { elevation, zone, homes, agreement } = results;
  const byDistance = (study: ValueStudy): ValueStudy["chosen"][number] =>
    study.chosen.find(({ weights }) => weights === "distance")!;
  const zoneBest = zone.chosen.find(({ weights }) => weights === "distance")!;
  const lead =
    `<p>What a place is like, told by the places next to it: ${count(elevation.train)} cities to learn from, ${count(elevation.test)} held out; ${count(homes.train)} blocks of houses in California, ${count(homes.test)} held out.</p>` +
    `<p class="quiet">${text(machineLine(results.machine))}; seed ${results.seed}${results.quick ? "; quick run" : ""}.</p>` +
    facts([
      {
        value: `${byDistance(elevation).mae.toFixed(0)} m`,
        label: `mean error of elevation, k = ${byDistance(elevation).k} (the mean of all: ${elevation.mean.mae.toFixed(0)} m)`,
      },
      {
        value: share(zoneBest.accuracy, 3),
        label: `time zones right, k = ${zoneBest.k}, of ${zone.classes} zones`,
      },
      {
        value: `$${count(byDistance(homes).mae)}`,
        label: `mean error of a house value, k = ${byDistance(homes).k} (the mean of all: $${count(homes.mean.mae)})`,
      },
      { value: share(agreement.sameSet), label: "cities whose neighbours both metrics agree on" },
    ]);
  return page("Neighbours on the globe", lead, [
    agreementSection(results),
    elevationSection(elevation, maps),
    zoneSection(zone, maps),
    homesSection(homes, maps),
  ]);
}

function agreementSection({ agreement: a }: GeoLabResults): Html {
  const prediction =
    a.prediction === 0 ? "are equal to the bit" : `differ by ${a.prediction.toFixed(3)} m at most`;
  return section(
    "metrics",
    "Along the globe or straight through it",
    paragraph(
      text(
        `The farther along the globe, the farther straight through it: distances between unit vectors order places as haversine does, so any index for l2 serves the globe. Checked on ${count(a.queries)} held-out cities: the ${a.k} nearest by haversine (ball tree) and by l2 in three dimensions (k-d tree) are the same for ${share(a.sameSet)} of them, in the same order for ${share(a.sameOrder)}. Turned into arcs, the straight distances differ by ${a.metres.toFixed(2)} m at most, which is float32's rounding of unit vectors; predicted elevations ${prediction}.`,
      ),
    ),
  );
}

function elevationSection(study: ValueStudy, { world, elevation, errors }: GeoMaps): Html {
  const metres = (value: number): string => `${value.toFixed(0)} m`;
  const map = plotRaster(
    { values: elevation, rows: world.rows, cols: world.cols },
    {
      title: "Elevation of the world, by cities alone",
      subtitle: "mean of the nearest cities, weighted by distance; blank beyond 350 km of any",
      ...{ x: world.longitudes, y: world.latitudes, xTitle: "longitude", yTitle: "latitude" },
      ...{ range: [0, 3000], legend: "metres", height: 410 },
    },
  );
  const bands = [
    { name: "within 50 m", least: 0, most: 50, color: 5 },
    { name: "50 to 250 m", least: 50, most: 250, color: 4 },
    { name: "over 250 m", least: 250, most: Number.POSITIVE_INFINITY, color: 10 },
  ];
  const scatter = plotScatter(
    bands.map(({ name, least, most, color }) => ({
      name,
      color,
      points: errors.filter(({ error }) => Math.abs(error) >= least && Math.abs(error) < most),
    })),
    {
      title: "Where the error is",
      subtitle: "held-out cities by error of the predicted elevation",
      ...{ xTitle: "longitude", yTitle: "latitude", equal: true, size: 1.6, height: 410 },
    },
  );
  const shares = bands.map(({ name, least, most }) => {
    const inside = errors.filter(({ error }) => Math.abs(error) >= least && Math.abs(error) < most);
    return `${name} for ${share(inside.length / errors.length, 2)}`;
  });
  return section(
    "elevation",
    "Elevation: regression",
    svgFigure(
      map,
      text(
        "Every city's own elevation is what its neighbours share; ridges between towns are smoothed away.",
      ),
    ),
    svgFigure(
      scatter,
      text(`Errors are ${shares.join(", ")} of the cities; large ones lie where mountains meet plains.`),
    ),
    valueTable(study, metres, "error of the elevation of held-out cities"),
    svgFigure(
      curve(study, "Elevation: which k?"),
      text(`R² of training cities left out one at a time. ${choice(study)}`),
    ),
  );
}

function zoneSection(study: ClassStudy, { world, zones }: GeoMaps): Html {
  const map = plotRaster(
    { values: zones, rows: world.rows, cols: world.cols },
    {
      title: "Time zones of the world, by the nearest city",
      subtitle:
        "twelve colours for all zones, so that some far apart share one; blank beyond 350 km of any city",
      ...{ x: world.longitudes, y: world.latitudes, xTitle: "longitude", yTitle: "latitude" },
      ...{ scale: "classes" as const, height: 410 },
    },
  );
  const columns = [
    { title: "k" },
    { title: "votes alike", align: "right" as const },
    { title: "votes by distance", align: "right" as const },
  ];
  const rows = study.rows
    .filter(({ weights }) => weights === "uniform")
    .map(({ k, accuracy }) => {
      const other = study.rows.find((row) => row.k === k && row.weights === "distance")!;
      return [String(k), share(accuracy), share(other.accuracy)];
    });
  const chosen = study.chosen.map(
    ({ k, weights, accuracy }) =>
      `k = ${k} for votes ${NAMES[weights]}, which is right for ${share(accuracy)}`,
  );
  return section(
    "zones",
    "Time zones: classification",
    svgFigure(
      map,
      text("Cells of the map take the zone of the nearest city: borders are edges of Voronoi cells."),
    ),
    table(columns, rows, `share of held-out cities whose zone is told rightly, of ${study.classes} zones`),
    paragraph(
      text(
        `Leaving training cities out one at a time chooses ${chosen.join(" and ")}. Always saying the commonest zone would be right for ${share(study.majority, 3)}.`,
      ),
    ),
  );
}

function homesSection(study: ValueStudy, { california, homes }: GeoMaps): Html {
  const dollars = (value: number): string => `$${count(value)}`;
  const map = plotRaster(
    { values: homes, rows: california.rows, cols: california.cols },
    {
      title: "House values in California",
      subtitle:
        "mean of the nearest blocks, weighted by distance; blank beyond 20 km of any (census of 1990)",
      ...{ x: california.longitudes, y: california.latitudes, xTitle: "longitude", yTitle: "latitude" },
      ...{ range: [0, 500_000], legend: "dollars", height: 720 },
    },
  );
  return section(
    "homes",
    "House values in California, from latitude and longitude alone",
    svgFigure(map, text("The coast, the Bay Area and Los Angeles stand out.")),
    valueTable(study, dollars, "error of the median house value of held-out blocks"),
    svgFigure(
      curve(study, "House values: which k?"),
      text(`R² of training blocks left out one at a time. ${choice(study)}`),
    ),
  );
}

function valueTable(study: ValueStudy, unit: (value: number) => string, caption: string): Html {
  const right = "right" as const;
  const columns = [
    { title: "k" },
    ...(["uniform", "distance"] as const).flatMap((weights) => [
      { title: `mean error, ${NAMES[weights]}`, align: right },
      { title: "rms", align: right, wide: true },
      { title: "R²", align: right },
    ]),
  ];
  const rows = study.rows
    .filter(({ weights }) => weights === "uniform")
    .map((row) => {
      const other = study.rows.find(({ k, weights }) => k === row.k && weights === "distance")!;
      const cells = [row, other].flatMap(({ mae, rmse, r2 }) => [unit(mae), unit(rmse), r2.toFixed(3)]);
      return [String(row.k), ...cells];
    });
  const { mae, rmse } = study.mean;
  rows.push(["mean of all", unit(mae), unit(rmse), "0", "", "", ""]);
  return table(columns, rows, `${caption}; neighbours count alike, or as 1 / (distance + 1 km)`);
}

function curve(study: ValueStudy, title: string): string {
  const series = study.chosen.map(({ weights, scores }) => ({
    name: NAMES[weights],
    points: scores.map(({ k, score }) => ({ x: k, y: score })),
  }));
  return plotLines(series, {
    title,
    xTitle: "k",
    yTitle: "R²",
    xScale: "linear",
    yScale: "linear",
    height: 420,
  });
}

function choice(study: ValueStudy): string {
  const parts = study.chosen.map(
    ({ k, weights, r2 }) => `k = ${k} ${NAMES[weights]} (R² ${r2.toFixed(3)} on held-out places)`,
  );
  return `Best: ${parts.join(", ")}.`;
}
