import { useEffect, useState } from "preact/hooks";
import { Picture } from "../../parts/picture.tsx";
import { type Atlas, type Chart, closeness } from "./atlas.ts";
import { type Camera, type Size, type Spot, toMap, toScreen } from "./camera.ts";
import { eachWithin, placeOf } from "./placed.ts";

/** From this near on. */
const CLOSE = 2.5;
const MOST = 260;
/** Milliseconds without a movement after which pictures are set out anew. */
const REST = 140;

interface Laid {
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
      const wanted = from?.details.sheets !== undefined && closeness(atlas) >= CLOSE;
      setLaid(wanted ? layOut(from, camera, pixels, isShown) : undefined);
    }, REST);
    return () => clearTimeout(timer);
  }, [atlas, camera, from, pixels, isShown]);
  if (laid === undefined || from === undefined || closeness(atlas) < CLOSE) return null;
  const grown = camera.scale / laid.camera.scale;
  const origin = toScreen(camera, pixels, toMap(laid.camera, laid.size, { x: 0, y: 0 }));
  const side = pictureSide(pixels);
  return (
    <div
      class="map-pictures"
      style={{ transform: `translate(${origin.x}px, ${origin.y}px) scale(${grown})` }}
    >
      {laid.pictures.map(({ row, at }) => (
        <span key={row} style={{ left: `${at.x - side / 2}px`, top: `${at.y - side / 2}px` }}>
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
function layOut(chart: Chart, camera: Camera, size: Size, isShown: (row: number) => boolean): Laid {
  const side = pictureSide(size);
  const [lower, upper] = [
    toMap(camera, size, { x: 0, y: size.height }),
    toMap(camera, size, { x: size.width, y: 0 }),
  ];
  const box = { left: lower.x, right: upper.x, bottom: lower.y, top: upper.y };
  const taken = new Map<string, Spot[]>();
  const pictures: { row: number; at: Spot }[] = [];
  eachWithin(chart.grid, chart.places, box, (row) => {
    if (pictures.length >= MOST || !isShown(row)) return;
    const at = toScreen(camera, size, placeOf(chart.places, row));
    const [column, line] = [Math.floor(at.x / side), Math.floor(at.y / side)];
    for (let i = -1; i <= 1; i++) {
      for (let j = -1; j <= 1; j++) {
        const near = taken.get(`${column + i} ${line + j}`) ?? [];
        if (near.some(({ x, y }) => Math.abs(x - at.x) < side && Math.abs(y - at.y) < side)) return;
      }
    }
    const key = `${column} ${line}`;
    taken.set(key, [...(taken.get(key) ?? []), at]);
    pictures.push({ row, at });
  });
  return { camera, size, pictures };
}
