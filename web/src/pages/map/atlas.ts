import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { createRng, permutation } from "vicinal/core";
import type { Property, SetDetails } from "../../../../src/server/protocol.ts";
import type { MapMethod } from "../../client/index.ts";
import { theme } from "../../shell/theme.ts";
import { type Camera, fittingScale, type Size, toScreen } from "./camera.ts";
import { type Colouring, colouringOf, isQuantity } from "./colouring.ts";
import { type Grid, gridOf, type Places, placeOf, placesOf } from "./placed.ts";

/** A map that is shown: which one, and where its rows are. */
export interface Chart {
  readonly details: SetDetails;
  readonly feature: string;
  readonly method: MapMethod;
  readonly places: Places;
  readonly grid: Grid;
  /** What is shown first: nearly all rows, without the few that are far out. */
  readonly home: Aim;
  /** In which rows are drawn: shuffled, so that no class lies over the others for having come last. */
  readonly order: Uint32Array;
}

/** A place on the map, and how near it is: 1 where all of the map is in sight. */
export interface Aim {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

/** The whole map. */
export const ALL: Aim = { x: 0, y: 0, zoom: 1 };

/** What the parts of the page share. */
export interface Atlas {
  readonly chart: Signal<Chart | undefined>;
  readonly size: Signal<Size>;
  /** What the reader looks at, whatever the size of the page; undefined until they move. */
  readonly aim: Signal<Aim | undefined>;
  readonly view: ReadonlySignal<Camera>;
  /** Name of the property that colours tell. */
  readonly by: Signal<string | undefined>;
  readonly property: ReadonlySignal<Property | undefined>;
  readonly colouring: ReadonlySignal<Colouring | undefined>;
  /** Groups of the colouring that are left out. */
  readonly hidden: Signal<ReadonlySet<number>>;
  readonly shown: ReadonlySignal<(row: number) => boolean>;
  readonly tool: Signal<"move" | "lasso">;
  readonly hovered: Signal<number | undefined>;
  readonly selected: Signal<number | undefined>;
  /** Neighbours of the selected row, nearest first. */
  readonly links: Signal<readonly number[]>;
  /** Rows that were gathered by a lasso. */
  readonly gathered: Signal<readonly number[]>;
}

export function createAtlas(): Atlas {
  const chart = signal<Chart | undefined>(undefined);
  const size = signal<Size>({ width: 0, height: 0 });
  const aim = signal<Aim | undefined>(undefined);
  const by = signal<string | undefined>(undefined);
  const hidden = signal<ReadonlySet<number>>(new Set());
  const property = computed(() => {
    const properties = chart.value?.details.properties ?? [];
    return properties.find(({ name }) => name === by.value) ?? telling(properties);
  });
  const colouring = computed(
    () => chart.value && colouringOf(property.value, chart.value.details.count, theme.value),
  );
  return {
    ...{ chart, size, aim, by, property, colouring, hidden },
    view: computed(() => {
      const { x, y, zoom } = aim.value ?? chart.value?.home ?? ALL;
      return { x, y, scale: zoom * fittingScale(size.value) };
    }),
    shown: computed(() => {
      const { groupOf } = colouring.value ?? {};
      const left = hidden.value;
      return (row: number) => left.size === 0 || groupOf === undefined || !left.has(groupOf[row]!);
    }),
    tool: signal<"move" | "lasso">("move"),
    hovered: signal<number | undefined>(undefined),
    selected: signal<number | undefined>(undefined),
    links: signal<readonly number[]>([]),
    gathered: signal<readonly number[]>([]),
  };
}

/** Pixels within the stage beyond which a row is not plain to see. */
const EDGE = 24;

/** The property that says most by colours: one of a few classes, if there is one. */
function telling(properties: readonly Property[]): Property | undefined {
  const classes = properties.filter((property) => property.values.length > 1 && !isQuantity(property));
  return classes.find(({ values }) => values.length <= 12) ?? classes[0] ?? properties[0];
}

export function chartOf(
  details: SetDetails,
  feature: string,
  method: MapMethod,
  data: ArrayLike<number>,
): Chart {
  const places = placesOf(data);
  const order = permutation(details.count, createRng(0, "map"));
  return { details, feature, method, places, grid: gridOf(places), home: homeOf(places), order };
}

export function moveTo({ aim, size }: Atlas, { x, y, scale }: Camera): void {
  aim.value = { x, y, zoom: scale / fittingScale(size.value) };
}

/** Moves the map so that a row is in sight, if it is not. */
export function showRow(atlas: Atlas, row: number): void {
  const { chart, view, size } = atlas;
  if (chart.value === undefined) return;
  const { x, y } = placeOf(chart.value.places, row);
  const { x: left, y: top } = toScreen(view.value, size.value, { x, y });
  const { width, height } = size.value;
  const isInside = left > EDGE && left < width - EDGE && top > EDGE && top < height - EDGE;
  if (!isInside) moveTo(atlas, { x, y, scale: view.value.scale });
}

const FAR_OUT = 0.01;
const ROOM = 1.12;

/** The box of rows that are not far out in either direction, with some room about it. */
function homeOf(places: Places): Aim {
  const span = (axis: 0 | 1): { middle: number; half: number } => {
    const values = new Float32Array(places.length / 2).map((_, row) => places[2 * row + axis]!).sort();
    const low = values[Math.floor(FAR_OUT * (values.length - 1))] ?? -1;
    const high = values[Math.ceil((1 - FAR_OUT) * (values.length - 1))] ?? 1;
    return { middle: (low + high) / 2, half: (high - low) / 2 };
  };
  const [across, up] = [span(0), span(1)];
  const half = ROOM * Math.max(across.half, up.half);
  return half === 0 || half > 0.8 ? ALL : { x: across.middle, y: up.middle, zoom: 1 / half };
}
