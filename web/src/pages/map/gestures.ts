import { type Signal, signal } from "@preact/signals";
import { ALL, type Atlas, moveTo, showRow } from "./atlas.ts";
import { panned, type Spot, toMap, zoomed } from "./camera.ts";
import { rowsInside } from "./lasso.ts";
import { nearestPlace } from "./placed.ts";

/** How near the pointer has to be to a point, pixels. */
const REACH = 14;
/** A press that moves less than this is a click. */
const STILL = 4;
const STEP = 60;
const ZOOM = 1.35;

export interface Gestures {
  /** The lasso while it is drawn, in units of the map. */
  readonly outline: Signal<readonly Spot[]>;
  /** Listens on the stage; returns what ends it. */
  attach(stage: HTMLElement): () => void;
}

function nearestRow({ chart, view, size, shown }: Atlas, at: Spot, reach: number): number | undefined {
  const shownChart = chart.value;
  if (shownChart === undefined) return undefined;
  const spot = toMap(view.value, size.value, at);
  return nearestPlace(shownChart.grid, shownChart.places, spot, reach / view.value.scale, shown.value);
}

/** Rows inside an outline that are not hidden. */
export function gather({ chart, shown, gathered }: Atlas, outline: readonly Spot[]): void {
  if (chart.value === undefined) return;
  gathered.value = rowsInside(chart.value.grid, chart.value.places, outline).filter(shown.value);
}

export function gatherInView(atlas: Atlas): void {
  const { width, height } = atlas.size.value;
  const corners = [
    { x: 0, y: 0 },
    { x: width, y: 0 },
    { x: width, y: height },
    { x: 0, y: height },
  ];
  gather(
    atlas,
    corners.map((corner) => toMap(atlas.view.value, atlas.size.value, corner)),
  );
}

export function zoomBy(atlas: Atlas, factor: number, at?: Spot): void {
  moveTo(atlas, zoomed(atlas.view.value, atlas.size.value, factor, at));
}

export function createGestures(atlas: Atlas): Gestures {
  const outline = signal<readonly Spot[]>([]);
  return {
    outline,
    attach(stage) {
      const ends = [pointers(stage, atlas, outline), wheel(stage, atlas), keys(stage, atlas, outline)];
      return () => {
        for (const end of ends) end();
      };
    },
  };
}

function spotOf(stage: HTMLElement, event: MouseEvent): Spot {
  const { left, top } = stage.getBoundingClientRect();
  return { x: event.clientX - left - stage.clientLeft, y: event.clientY - top - stage.clientTop };
}

/** One pointer pulls the map or draws the lasso, two pinch. */
function pointers(stage: HTMLElement, atlas: Atlas, outline: Signal<readonly Spot[]>): () => void {
  const down = new Map<number, Spot>();
  let travelled = 0;
  let drawing = false;
  const onDown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    const at = spotOf(stage, event);
    stage.setPointerCapture(event.pointerId);
    down.set(event.pointerId, at);
    if (down.size === 1) travelled = 0;
    drawing = down.size === 1 && (event.shiftKey || atlas.tool.value === "lasso");
    outline.value = drawing ? [toMap(atlas.view.value, atlas.size.value, at)] : [];
    atlas.hovered.value = undefined;
  };
  const onMove = (event: PointerEvent): void => {
    const at = spotOf(stage, event);
    const from = down.get(event.pointerId);
    if (from === undefined) {
      if (event.pointerType !== "touch") atlas.hovered.value = nearestRow(atlas, at, REACH);
      return;
    }
    travelled += Math.hypot(at.x - from.x, at.y - from.y);
    if (drawing) outline.value = [...outline.value, toMap(atlas.view.value, atlas.size.value, at)];
    else if (down.size === 1) moveTo(atlas, panned(atlas.view.value, at.x - from.x, at.y - from.y));
    else if (down.size === 2) pinch(atlas, down, event.pointerId, at);
    down.set(event.pointerId, at);
  };
  const onUp = (event: PointerEvent): void => {
    const at = down.get(event.pointerId);
    if (at === undefined) return;
    const alone = down.size === 1;
    down.delete(event.pointerId);
    if (drawing && travelled >= STILL) gather(atlas, outline.value);
    else if (alone && travelled < STILL && event.type === "pointerup") {
      atlas.selected.value = nearestRow(atlas, at, event.pointerType === "touch" ? 2 * REACH : REACH);
    }
    drawing = false;
    outline.value = [];
  };
  const onLeave = (): void => {
    atlas.hovered.value = undefined;
  };
  const onDouble = (event: MouseEvent): void => zoomBy(atlas, 2, spotOf(stage, event));
  return listening(stage, {
    pointerdown: onDown,
    pointermove: onMove,
    pointerup: onUp,
    pointercancel: onUp,
    pointerleave: onLeave,
    dblclick: onDouble,
  });
}

/** What two fingers hold stays under them. */
function pinch(atlas: Atlas, down: ReadonlyMap<number, Spot>, moving: number, to: Spot): void {
  const from = down.get(moving)!;
  const other = [...down].find(([id]) => id !== moving)![1];
  const before = Math.hypot(from.x - other.x, from.y - other.y);
  const after = Math.hypot(to.x - other.x, to.y - other.y);
  const middle = { x: (to.x + other.x) / 2, y: (to.y + other.y) / 2 };
  const pulled = panned(atlas.view.value, (to.x - from.x) / 2, (to.y - from.y) / 2);
  moveTo(atlas, zoomed(pulled, atlas.size.value, after / Math.max(1, before), middle));
}

function wheel(stage: HTMLElement, atlas: Atlas): () => void {
  const onWheel = (event: WheelEvent): void => {
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1);
    zoomBy(atlas, Math.exp(-pixels / 400), spotOf(stage, event));
  };
  stage.addEventListener("wheel", onWheel, { passive: false });
  return () => stage.removeEventListener("wheel", onWheel);
}

function keys(stage: HTMLElement, atlas: Atlas, outline: Signal<readonly Spot[]>): () => void {
  const pan = (dx: number, dy: number) => (): void => {
    moveTo(atlas, panned(atlas.view.value, dx, dy));
  };
  const actions: Readonly<Record<string, () => void>> = {
    ArrowLeft: pan(STEP, 0),
    ArrowRight: pan(-STEP, 0),
    ArrowUp: pan(0, STEP),
    ArrowDown: pan(0, -STEP),
    "+": () => zoomBy(atlas, ZOOM),
    "=": () => zoomBy(atlas, ZOOM),
    "-": () => zoomBy(atlas, 1 / ZOOM),
    "0": () => {
      atlas.aim.value = ALL;
    },
    Enter: () => {
      const { width, height } = atlas.size.value;
      // However far that is: between islands the nearest may be out of sight.
      const row = nearestRow(atlas, { x: width / 2, y: height / 2 }, 3 * atlas.view.value.scale);
      atlas.selected.value = row;
      if (row !== undefined) showRow(atlas, row);
    },
    Escape: () => {
      if (outline.value.length > 0) outline.value = [];
      else if (atlas.gathered.value.length > 0) atlas.gathered.value = [];
      else atlas.selected.value = undefined;
    },
  };
  const onKey = (event: KeyboardEvent): void => {
    const action = actions[event.key];
    if (action === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action();
  };
  return listening(stage, { keydown: onKey });
}

type Listeners = { [E in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[E]) => void };

function listening(target: HTMLElement, listeners: Listeners): () => void {
  const all = Object.entries(listeners) as [string, EventListener][];
  for (const [name, listener] of all) target.addEventListener(name, listener);
  return () => {
    for (const [name, listener] of all) target.removeEventListener(name, listener);
  };
}
