import type { Signal } from "@preact/signals";
import type { Atlas } from "./atlas.ts";
import { pointSize, type Spot, toScreen } from "./camera.ts";
import { placeOf } from "./placed.ts";

/** Above the points: the selected row with links to its neighbours, the row under the pointer, the lasso. */
export function Marks({
  atlas,
  outline,
}: {
  readonly atlas: Atlas;
  readonly outline: Signal<readonly Spot[]>;
}) {
  const { chart, view, size, selected, links, hovered } = atlas;
  const shown = chart.value;
  if (shown === undefined) return null;
  const at = (row: number): Spot => toScreen(view.value, size.value, placeOf(shown.places, row));
  const radius = pointSize(view.value, size.value, shown.details.count) / 2 + 3;
  const middle = selected.value === undefined ? undefined : at(selected.value);
  const lasso = outline.value.map((spot) => toScreen(view.value, size.value, spot));
  return (
    <svg class="map-marks" aria-hidden="true">
      {middle &&
        links.value.map((row) => {
          const { x, y } = at(row);
          return (
            <g key={row} class="map-link" data-row={row}>
              <line x1={middle.x} y1={middle.y} x2={x} y2={y} />
              <circle cx={x} cy={y} r={radius} />
            </g>
          );
        })}
      {middle && <circle class="map-selected" cx={middle.x} cy={middle.y} r={radius + 3} />}
      {hovered.value !== undefined && <Ring at={at(hovered.value)} radius={radius} />}
      {lasso.length > 1 && <polygon points={lasso.map(({ x, y }) => `${x},${y}`).join(" ")} />}
    </svg>
  );
}

function Ring({ at, radius }: { readonly at: Spot; readonly radius: number }) {
  return <circle class="map-hovered" cx={at.x} cy={at.y} r={radius + 1} />;
}
