import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { ShelfDetails, SimilarItem } from "../../../../src/server/protocol.ts";
import { shelfMap, similarItems, type Vectors } from "../../client/index.ts";
import { ErrorNote } from "../../parts/errorNote.tsx";
import { Progress } from "../../parts/progress.tsx";
import { Select } from "../../parts/select.tsx";
import { useWork } from "../../parts/useWork.ts";
import { theme } from "../../shell/theme.ts";
import { NEAREST } from "./similar.tsx";

const WIDTH = 1200;
const HEIGHT = 620;
const MARGIN = 24;
/** How near in pixels of the drawing a click has to be. */
const REACH = 14;

const chosen = signal<string | undefined>(undefined);

interface ItemMapProps {
  readonly shelf: ShelfDetails;
  readonly item: number | undefined;
  onChoose(item: number): void;
}

/** The whole shelf in the plane, with one thing and its neighbours marked. */
export function ItemMap({ shelf, item, onChoose }: ItemMapProps) {
  const spaces = shelf.spaces.filter(({ map }) => map);
  const space = spaces.find(({ name }) => name === chosen.value) ?? spaces[0];
  const places = useWork(
    (waiting) => (space === undefined ? undefined : shelfMap(shelf.name, space.name, waiting)),
    [shelf, space?.name],
  );
  const near = useWork(
    (waiting) =>
      space === undefined || item === undefined
        ? undefined
        : similarItems(shelf.name, space.name, item, NEAREST, waiting),
    [shelf, space?.name, item],
  );
  if (space === undefined) return null;
  return (
    <section aria-label="Map" class="recommend-map">
      <div class="row">
        <h2>Map</h2>
        {spaces.length > 1 && (
          <Select
            label="Places by"
            value={space.name}
            options={spaces.map(({ name, title }) => ({ value: name, title }))}
            onChange={(name) => {
              chosen.value = name;
            }}
          />
        )}
      </div>
      {places.pending && (
        <Progress what="Drawing the map" progress={places.progress} onCancel={places.cancel} />
      )}
      <ErrorNote error={places.error} onRetry={places.again} />
      {places.value && (
        <Drawing
          places={places.value}
          near={item === undefined ? [] : (near.value ?? [])}
          {...{ shelf, item, onChoose }}
        />
      )}
    </section>
  );
}

interface DrawingProps extends ItemMapProps {
  readonly places: Vectors;
  readonly near: readonly SimilarItem[];
}

function Drawing({ shelf, item, places, near, onChoose }: DrawingProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const at = placer(places);
  const dark = theme.value === "dark";
  useEffect(() => {
    const context = canvas.current!.getContext("2d")!;
    context.clearRect(0, 0, WIDTH, HEIGHT);
    context.fillStyle = dark ? "rgb(160 170 184 / 45%)" : "rgb(90 100 114 / 35%)";
    for (let i = 0; i < places.rows; i++) {
      const [x, y] = at(i);
      context.fillRect(x - 1, y - 1, 2, 2);
    }
    if (item !== undefined) mark(context, shelf.titles, item, near, at, dark);
  }, [places, near, item, dark]);
  const pick = (event: MouseEvent): void => {
    const { left, top, width } = canvas.current!.getBoundingClientRect();
    const scale = WIDTH / width;
    const found = nearestPlace(
      places.rows,
      at,
      (event.clientX - left) * scale,
      (event.clientY - top) * scale,
    );
    if (found !== undefined) onChoose(found);
  };
  const around = near.map((each) => shelf.titles[each.item]).join(", ");
  const label =
    item === undefined ? "All titles in the plane." : `${shelf.titles[item]}, and near it: ${around}.`;
  return (
    <>
      <p class="muted">A click on a point chooses it; so does the box above.</p>
      <canvas ref={canvas} width={WIDTH} height={HEIGHT} role="img" aria-label={label} onClick={pick} />
    </>
  );
}

type Place = (row: number) => readonly [x: number, y: number];

/** From places of the map to pixels of the drawing: its inner 99.8 % fill it, so that strays do not shrink the rest. */
function placer({ data, rows }: Vectors): Place {
  const range = (axis: number): [number, number] => {
    const values = Float32Array.from({ length: rows }, (_, i) => data[i * 2 + axis]!).sort();
    const cut = Math.floor(rows / 1000);
    return [values[cut]!, values[rows - 1 - cut]!];
  };
  const [x0, x1] = range(0);
  const [y0, y1] = range(1);
  const scale = Math.min((WIDTH - 2 * MARGIN) / (x1 - x0 || 1), (HEIGHT - 2 * MARGIN) / (y1 - y0 || 1));
  return (row) => [
    WIDTH / 2 + (data[row * 2]! - (x0 + x1) / 2) * scale,
    HEIGHT / 2 + (data[row * 2 + 1]! - (y0 + y1) / 2) * scale,
  ];
}

function mark(
  context: CanvasRenderingContext2D,
  titles: readonly string[],
  item: number,
  near: readonly SimilarItem[],
  at: Place,
  dark: boolean,
): void {
  const [x, y] = at(item);
  const style = getComputedStyle(context.canvas);
  const [accent, ink] = [style.getPropertyValue("--accent"), style.getPropertyValue("--ink")];
  context.strokeStyle = accent;
  context.globalAlpha = 0.6;
  for (const each of near) {
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(...at(each.item));
    context.stroke();
  }
  context.globalAlpha = 1;
  const taken: [number, number, number][] = [];
  for (const place of [item, ...near.map((each) => each.item)]) {
    const [px, py] = at(place);
    context.fillStyle = place === item ? "#e8890c" : accent;
    context.beginPath();
    context.arc(px, py, place === item ? 6 : 4, 0, 2 * Math.PI);
    context.fill();
    write(context, titles[place]!, px, py, place === item, taken, dark ? "#14181f" : "#fbfaf7", ink);
  }
}

/** A title beside its point, unless it would lie over another one. */
function write(
  context: CanvasRenderingContext2D,
  title: string,
  x: number,
  y: number,
  bold: boolean,
  taken: [x: number, y: number, width: number][],
  paper: string,
  ink: string,
): void {
  const text = title.length > 34 ? `${title.slice(0, 32)}…` : title;
  context.font = `${bold ? "600 " : ""}15px system-ui, sans-serif`;
  const width = context.measureText(text).width;
  const from = x + 10 + width > WIDTH ? x - 10 - width : x + 10;
  if (taken.some(([tx, ty, tw]) => Math.abs(ty - y) < 17 && from < tx + tw && tx < from + width)) return;
  taken.push([from, y, width]);
  context.lineWidth = 4;
  context.strokeStyle = paper;
  context.strokeText(text, from, y + 5);
  context.lineWidth = 1;
  context.fillStyle = ink;
  context.fillText(text, from, y + 5);
}

function nearestPlace(rows: number, at: Place, x: number, y: number): number | undefined {
  let best: number | undefined;
  let least = REACH ** 2;
  for (let i = 0; i < rows; i++) {
    const [px, py] = at(i);
    const distance = (px - x) ** 2 + (py - y) ** 2;
    if (distance < least) [best, least] = [i, distance];
  }
  return best;
}
