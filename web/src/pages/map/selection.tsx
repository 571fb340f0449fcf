import { useEffect } from "preact/hooks";
import { Button } from "../../parts/button.tsx";
import { ErrorNote } from "../../parts/errorNote.tsx";
import { Picture } from "../../parts/picture.tsx";
import { Progress } from "../../parts/progress.tsx";
import { Slider } from "../../parts/slider.tsx";
import { useWork } from "../../parts/useWork.ts";
import { linkTo } from "../../shell/route.ts";
import { type Atlas, type Chart, showRow } from "./atlas.ts";
import type { MapSource } from "./generated.ts";
import { nameOf, valuesOf } from "./rowText.ts";

interface SelectionProps {
  readonly atlas: Atlas;
  readonly from: MapSource;
  readonly k: number;
  onK(k: number): void;
}

/** The selected row and its neighbours, by looking at every row in the space that the map was made from. */
export function Selection({ atlas, from, k, onK }: SelectionProps) {
  const chart = atlas.chart.value;
  const row = atlas.selected.value;
  const metric = chart?.details.features.find(({ name }) => name === chart.feature)?.metrics[0] ?? "l2";
  const work = useWork(
    ({ signal, onProgress }) => {
      if (chart === undefined || row === undefined) return undefined;
      const request = { feature: chart.feature, metric, index: "Flat", k, row };
      return from
        .neighbours(chart.details.name, request, { signal, onProgress })
        .then((answer) => ({ row, chart, ...answer.exact }));
    },
    [from, chart, row, k],
  );
  const found = work.value?.row === row && work.value?.chart === chart ? work.value : undefined;
  useEffect(() => {
    atlas.links.value = found?.rows ?? [];
  }, [atlas, found]);
  if (chart === undefined || row === undefined) return null;
  const { details } = chart;
  return (
    <section class="map-selection panel" aria-label="Selected row">
      <Selected chart={chart} row={row} onClear={() => clear(atlas)} />
      <Slider label="Neighbours" min={1} max={30} value={k} onInput={onK} />
      {work.pending && found === undefined && (
        <Progress what="finding neighbours" progress={work.progress} onCancel={work.cancel} />
      )}
      <ErrorNote error={work.error} onRetry={work.again} />
      <ol class="map-neighbours">
        {(found?.rows ?? []).map((neighbour, i) => (
          <li key={neighbour}>
            <button type="button" class="map-neighbour" onClick={() => walk(atlas, neighbour)}>
              <Picture set={details} row={neighbour} size={28} />
              <span class="map-neighbour-name">{nameOf(details, neighbour)}</span>
              <span class="number muted">{Number(found!.distances[i]!.toPrecision(3))}</span>
            </button>
          </li>
        ))}
      </ol>
      <p class="map-selection-foot muted">
        Exact, by {metric}.{" "}
        {details.name !== "generated" && (
          <a href={linkTo("explore", { set: details.name, f: chart.feature, q: row })}>
            Look closer in Explore
          </a>
        )}
      </p>
      <p class="map-said" role="status">
        {found &&
          `${nameOf(details, row)}: nearest are ${found.rows
            .slice(0, 3)
            .map((n) => nameOf(details, n))
            .join(", ")}`}
      </p>
    </section>
  );
}

interface SelectedProps {
  readonly chart: Chart;
  readonly row: number;
  onClear(): void;
}

function Selected({ chart: { details }, row, onClear }: SelectedProps) {
  return (
    <div class="map-selected-row">
      <Picture set={details} row={row} size={64} />
      <div>
        <h2>{nameOf(details, row)}</h2>
        <dl>
          {valuesOf(details, row)
            .filter(({ value }) => value !== nameOf(details, row))
            .map(({ name, value }) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
        </dl>
      </div>
      <Button kind="quiet" label="Clear the selection" onClick={onClear}>
        ✕
      </Button>
    </div>
  );
}

function clear(atlas: Atlas): void {
  atlas.selected.value = undefined;
}

function walk(atlas: Atlas, row: number): void {
  atlas.selected.value = row;
  showRow(atlas, row);
}
