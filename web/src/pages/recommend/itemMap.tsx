import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ShelfDetails, SimilarItem } from "../../../../src/server/protocol.ts";
import { shelfMap, similarItems, type Vectors } from "../../client/index.ts";
import { ErrorNote } from "../../parts/errorNote.tsx";
import { Progress } from "../../parts/progress.tsx";
import { Select } from "../../parts/select.tsx";
import { useWork } from "../../parts/useWork.ts";
import { theme } from "../../shell/theme.ts";
import { NEAREST } from "./similar.tsx";

const MARGIN = 24;
/** How near in pixels a click has to be. */
const REACH = 14;
/** Share of the things on each side that may lie outside the frame, so that a few strays do not shrink the rest. */
const STRAYS = 0.02;

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
  const [width, setWidth] = useState(0);
  const height = Math.round(Math.max(320, width * 0.5));
  const at = placer(places, width, height);
  const dark = theme.value === "dark";
  useEffect(() => {
    const watcher = new ResizeObserver(() => setWidth(canvas.current?.clientWidth ?? 0));
    watcher.observe(canvas.current!);
    return () => watcher.disconnect();
  }, []);
  useEffect(() => {
    const context = canvas.current!.getContext("2d")!;
    const density = devicePixelRatio;
    canvas.current!.width = width * density;
    canvas.current!.height = height * density;
    context.scale(density, density);
    context.fillStyle = dark ? "rgb(160 170 184 / 45%)" : "rgb(90 100 114 / 35%)";
    for (let i = 0; i < places.rows; i++) {
      const [x, y] = at(i);
      context.fillRect(x - 1, y - 1, 2, 2);
    }
    if (item !== undefined) mark(context, { titles: shelf.titles, item, near, at, width });
  }, [places, near, item, dark, width]);
  const pick = (event: MouseEvent): void => {
    const { left, top } = canvas.current!.getBoundingClientRect();
    const found = nearestPlace(places.rows, at, event.clientX - left, event.clientY - top);
    if (found !== undefined) onChoose(found);
  };
  const around = near.map((each) => shelf.titles[each.item]).join(", ");
  const label =
    item === undefined ? "All titles in the plane." : `${shelf.titles[item]}, and near it: ${around}.`;
  return (
    <>
      <p class="muted">A click on a point chooses it; so does the box above.</p>
      <canvas ref={canvas} style={{ height: `${height}px` }} role="img" aria-label={label} onClick={pick} />
    </>
  );
}

type Place = (row: number) => readonly [x: number, y: number];

/** From places of the map to pixels of a frame that nearly all of them fill. */
function placer({ data, rows }: Vectors, width: number, height: number): Place {
  const range = (axis: number): [number, number] => {
    const values = Float32Array.from({ length: rows }, (_, i) => data[i * 2 + axis]!).sort();
    const cut = Math.floor(rows * STRAYS);
    return [values[cut]!, values[rows - 1 - cut]!];
  };
  const [x0, x1] = range(0);
  const [y0, y1] = range(1);
  const scale = Math.min((width - 2 * MARGIN) / (x1 - x0 || 1), (height - 2 * MARGIN) / (y1 - y0 || 1));
  return (row) => [
    width / 2 + (data[row * 2]! - (x0 + x1) / 2) * scale,
    height / 2 + (data[row * 2 + 1]! - (y0 + y1) / 2) * scale,
  ];
}

interface Marked {
  readonly titles: readonly string[];
  readonly item: number;
  readonly near: readonly SimilarItem[];
  readonly at: Place;
  readonly width: number;
}

function mark(context: CanvasRenderingContext2D, { titles, item, near, at, width }: Marked): void {
  const style = getComputedStyle(context.canvas);
  const [accent, ink, paper] = ["--accent", "--ink", "--panel"].map((name) => style.getPropertyValue(name));
  const others = near.map((each) => each.item);
  context.strokeStyle = accent!;
  context.globalAlpha = 0.6;
  for (const place of others) {
    context.beginPath();
    context.moveTo(...at(item));
    context.lineTo(...at(place));
    context.stroke();
  }
  context.globalAlpha = 1;
  for (const place of [...others, item]) {
    context.fillStyle = place === item ? "#e8890c" : accent!;
    context.beginPath();
    context.arc(...at(place), place === item ? 6 : 4, 0, 2 * Math.PI);
    context.fill();
  }
  const taken: Line[] = [];
  for (const place of [item, ...others]) {
    context.font = `${place === item ? "600 " : ""}14px system-ui, sans-serif`;
    const text = titles[place]!.length > 34 ? `${titles[place]!.slice(0, 32)}…` : titles[place]!;
    const line = beside(...at(place), context.measureText(text).width, width);
    if (taken.some((other) => overlap(line, other))) continue;
    taken.push(line);
    context.lineWidth = 4;
    context.strokeStyle = paper!;
    context.strokeText(text, line.x, line.y + 5);
    context.fillStyle = ink!;
    context.fillText(text, line.x, line.y + 5);
  }
  context.lineWidth = 1;
}

/** Where a title is written. */
interface Line {
  readonly x: number;
  readonly y: number;
  readonly length: number;
}

/** To the right of its point, or to the left where the frame ends. */
function beside(x: number, y: number, length: number, width: number): Line {
  return { x: x + 10 + length > width ? Math.max(4, x - 10 - length) : x + 10, y, length };
}

const overlap = (a: Line, b: Line): boolean =>
  Math.abs(a.y - b.y) < 17 && a.x < b.x + b.length && b.x < a.x + a.length;

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
