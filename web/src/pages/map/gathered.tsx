import { useState } from "preact/hooks";
import { Button } from "../../parts/button.tsx";
import { Picture } from "../../parts/picture.tsx";
import { csvOf, saveFile } from "../../parts/saveFile.ts";
import { type Atlas, type Chart, showRow } from "./atlas.ts";
import { placeOf } from "./placed.ts";
import { nameOf, valueIn, valuesOf } from "./rowText.ts";

const PAGE = 60;
const MOST_VALUES = 12;

/** The rows that a lasso gathered: pictures, counts by property, and a file of them. */
export function Gathered({ atlas }: { readonly atlas: Atlas }) {
  const [most, setMost] = useState(PAGE);
  const chart = atlas.chart.value;
  const rows = atlas.gathered.value;
  if (chart === undefined || rows.length === 0) return null;
  const { details } = chart;
  const save = (kind: "json" | "csv") => () => {
    const contents = kind === "json" ? rowsAsJson(chart, rows) : rowsAsCsv(chart, rows);
    saveFile(`${details.name}-rows.${kind}`, kind === "json" ? "application/json" : "text/csv", contents);
  };
  return (
    <section class="map-gathered panel" aria-label="Gathered rows">
      <div class="map-legend-head">
        <h2>
          <span role="status">
            {rows.length.toLocaleString("en")} {rows.length === 1 ? "row" : "rows"}
          </span>
        </h2>
        <span class="map-gathered-actions">
          <Button onClick={save("json")}>JSON</Button>
          <Button onClick={save("csv")}>CSV</Button>
          <Button
            kind="quiet"
            label="Clear the list"
            onClick={() => {
              atlas.gathered.value = [];
            }}
          >
            ✕
          </Button>
        </span>
      </div>
      <Counts atlas={atlas} rows={rows} />
      <ul class={details.sheets === undefined ? "map-rows" : "map-rows map-rows-pictures"}>
        {rows.slice(0, most).map((row) => (
          <li key={row}>
            <button
              type="button"
              class="map-row"
              title={nameOf(details, row)}
              aria-label={nameOf(details, row)}
              onClick={() => {
                atlas.selected.value = row;
                showRow(atlas, row);
              }}
            >
              {details.sheets === undefined ? (
                nameOf(details, row)
              ) : (
                <Picture set={details} row={row} size={36} />
              )}
            </button>
          </li>
        ))}
      </ul>
      {rows.length > most && <Button onClick={() => setMost(most + 4 * PAGE)}>Show more</Button>}
    </section>
  );
}

/** Of the property that colours tell, how many of the rows have each value. */
function Counts({ atlas, rows }: { readonly atlas: Atlas; readonly rows: readonly number[] }) {
  const property = atlas.property.value;
  if (property === undefined) return null;
  const counts = new Map<string, number>();
  for (const row of rows) {
    const value = valueIn(property, row) ?? "none";
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const ranked = [...counts].sort((a, b) => b[1] - a[1]);
  const rest = ranked.slice(MOST_VALUES).reduce((sum, [, count]) => sum + count, 0);
  const listed = rest === 0 ? ranked : [...ranked.slice(0, MOST_VALUES), ["others", rest] as const];
  return (
    <ul class="map-counts" aria-label={`Counts by ${property.name}`}>
      {listed.map(([value, count]) => (
        <li key={value}>
          <span>{value}</span>
          <span class="map-count-bar" style={{ inlineSize: `${(100 * count) / rows.length}%` }} />
          <span class="number">{count.toLocaleString("en")}</span>
        </li>
      ))}
    </ul>
  );
}

function rowsAsJson({ details, feature, method, places }: Chart, rows: readonly number[]): string {
  const listed = rows.map((row) => ({
    row,
    name: nameOf(details, row),
    ...Object.fromEntries(valuesOf(details, row).map(({ name, value }) => [name, value])),
    ...placeOf(places, row),
  }));
  return `${JSON.stringify({ set: details.name, feature, method, rows: listed }, null, 1)}\n`;
}

function rowsAsCsv({ details, places }: Chart, rows: readonly number[]): string {
  const { properties } = details;
  return csvOf([
    ["row", "name", ...properties.map(({ name }) => name), "x", "y"],
    ...rows.map((row) => {
      const { x, y } = placeOf(places, row);
      return [row, nameOf(details, row), ...properties.map((property) => valueIn(property, row) ?? ""), x, y];
    }),
  ]);
}
