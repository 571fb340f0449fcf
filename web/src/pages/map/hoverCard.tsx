import { Picture } from "../../parts/picture.tsx";
import type { Atlas } from "./atlas.ts";
import { toScreen } from "./camera.ts";
import { placeOf } from "./placed.ts";
import { nameOf, valueIn } from "./rowText.ts";

/** What is under the pointer. */
export function HoverCard({ atlas }: { readonly atlas: Atlas }) {
  const { chart, view, size, hovered, property } = atlas;
  const row = hovered.value;
  if (chart.value === undefined || row === undefined) return null;
  const { details, places } = chart.value;
  const { x, y } = toScreen(view.value, size.value, placeOf(places, row));
  const name = nameOf(details, row);
  const value = property.value && valueIn(property.value, row);
  const side = x > size.value.width / 2 ? "left" : "right";
  const above = y > size.value.height / 2;
  return (
    <div
      class={`map-card map-card-${side} ${above ? "map-card-above" : ""}`}
      style={{ left: `${x}px`, top: `${y}px` }}
    >
      <Picture set={details} row={row} size={56} />
      <span>
        <strong>{name}</strong>
        {value !== undefined && !name.includes(value) && <span>{value}</span>}
      </span>
    </div>
  );
}
