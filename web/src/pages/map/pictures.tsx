import { useEffect, useState } from "preact/hooks";
import { Picture } from "../../parts/picture.tsx";
import { theme } from "../../shell/theme.ts";
import type { Atlas, Chart } from "./atlas.ts";
import { type Camera, type Size, type Spot, toMap, toScreen } from "./camera.ts";
import { colourOfRow } from "./colouring.ts";
import { eachWithin, placeOf } from "./placed.ts";

/** With more rows in sight than this, points tell more than the few pictures that there is room for. */
const CROWD = 1500;
/** Milliseconds without a movement after which pictures are set out anew. */
const REST = 140;

interface Laid {
  readonly chart: Chart;
  readonly camera: Camera;
  readonly size: Size;
  readonly pictures: readonly { readonly row: number; readonly at: Spot }[];
}

/** Where the map is near, pictures stand in for points, as many as have room. While it moves they go along. */
export function Pictures({ atlas }: { readonly atlas: Atlas }) {
  const { chart, view, size, shown } = atlas;
  const [laid, setLaid] = useState<Laid | undefined>(undefined);
  const [camera, from, pixels, isShown] = [view.value, chart.value, size.value, shown.value];
  useEffect(() => {
    const timer = setTimeout(() => {
      setLaid(from?.details.sheets === undefined ? undefined : layOut(from, camera, pixels, isShown));
    }, REST);
    return () => clearTimeout(timer);
  }, [camera, from, pixels, isShown]);
  if (laid === undefined || from === undefined || laid.chart !== from) return null;
  const grown = camera.scale / laid.camera.scale;
  const origin = toScreen(camera, pixels, toMap(laid.camera, laid.size, { x: 0, y: 0 }));
  const side = pictureSide(pixels);
  const colours = atlas.colouring.value;
  return (
    <div
      class="map-pictures"
      style={{ transform: `translate(${origin.x}px, ${origin.y}px) scale(${grown})` }}
    >
      {laid.pictures.map(({ row, at }) => (
        <span
          key={row}
          style={{
            left: `${at.x - side / 2}px`,
            top: `${at.y - side / 2}px`,
            ...(colours && { outlineColor: colourOfRow(colours, row, theme.value) }),
          }}
        >
          <Picture set={from.details} row={row} size={side} />
        </span>
      ))}
    </div>
  );
}

function pictureSide({ width }: Size): number {
  return width < 500 ? 26 : 34;
}

/** Rows in sight whose pictures do not overlap, those drawn first going first. */
function layOut(
  chart: Chart,
  camera: Camera,
  size: Size,
  isShown: (row: number) => boolean,
): Laid | undefined {
  const side = pictureSide(size);
  const [lower, upper] = [
    toMap(camera, size, { x: 0, y: size.height }),
    toMap(camera, size, { x: size.width, y: 0 }),
  ];
  const box = { left: lower.x, right: upper.x, bottom: lower.y, top: upper.y };
  const inSight: number[] = [];
  eachWithin(chart.grid, chart.places, box, (row) => {
    if (isShown(row)) inSight.push(row);
  });
  if (inSight.length > CROWD) return undefined;
  const taken = new Map<string, Spot[]>();
  const pictures: { row: number; at: Spot }[] = [];
  for (const row of inSight) {
    const at = toScreen(camera, size, placeOf(chart.places, row));
    if (hasNear(taken, at, side)) continue;
    const key = keyOf(Math.floor(at.x / side), Math.floor(at.y / side));
    taken.set(key, [...(taken.get(key) ?? []), at]);
    pictures.push({ row, at });
  }
  return { chart, camera, size, pictures };
}

const keyOf = (column: number, line: number): string => `${column} ${line}`;

/** Whether a picture there would lie over one that is set out already; they are kept by squares of their size. */
function hasNear(taken: ReadonlyMap<string, Spot[]>, at: Spot, side: number): boolean {
  for (let i = -1; i <= 1; i++) {
    for (let j = -1; j <= 1; j++) {
      const near = taken.get(keyOf(Math.floor(at.x / side) + i, Math.floor(at.y / side) + j)) ?? [];
      if (near.some(({ x, y }) => Math.abs(x - at.x) < side && Math.abs(y - at.y) < side)) return true;
    }
  }
  return false;
}
