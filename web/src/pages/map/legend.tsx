import { Button } from "../../parts/button.tsx";
import { cssColour, scaleColour } from "../../parts/palette.ts";
import { theme } from "../../shell/theme.ts";
import type { Atlas } from "./atlas.ts";

/** What colours mean; each group of rows can be left out. */
export function Legend({ atlas }: { readonly atlas: Atlas }) {
  const { colouring, property, hidden } = atlas;
  const shown = colouring.value;
  if (shown === undefined) return null;
  const toggle = (group: number) => () => {
    const next = new Set(hidden.value);
    if (!next.delete(group)) next.add(group);
    hidden.value = next;
  };
  const only = (group: number) => () => {
    hidden.value = new Set(shown.groups.map((_, g) => g).filter((g) => g !== group));
  };
  return (
    <section class="map-legend" aria-label="Legend">
      <div class="map-legend-head">
        <h2>{property.value?.name ?? "Rows"}</h2>
        {hidden.value.size > 0 && (
          <Button
            kind="quiet"
            onClick={() => {
              hidden.value = new Set();
            }}
          >
            Show all
          </Button>
        )}
      </div>
      {shown.scale && <Scale low={shown.scale.low} high={shown.scale.high} />}
      <ul>
        {shown.groups.map(({ name, count, colour }, group) => (
          <li key={name}>
            <button
              type="button"
              class="map-group"
              aria-pressed={!hidden.value.has(group)}
              title="Click to leave out or show, double-click to show nothing else"
              onClick={toggle(group)}
              onDblClick={only(group)}
            >
              <span class="map-swatch" style={{ background: cssColour(colour) }} />
              <span class="map-legend-name">{name}</span>
              <span class="number">{count.toLocaleString("en")}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Scale({ low, high }: { readonly low: number; readonly high: number }) {
  const stops = Array.from({ length: 11 }, (_, i) => cssColour(scaleColour(i / 10, theme.value)));
  return (
    <div class="map-scale">
      <div style={{ background: `linear-gradient(to right, ${stops.join(", ")})` }} />
      <span class="number">{low}</span>
      <span class="number">{high}</span>
    </div>
  );
}
