import { effect } from "@preact/signals";
import { linkTo } from "../../shell/route.ts";
import type { Atlas } from "./atlas.ts";

const REST = 300;

/** What the address says of a map besides which it is. */
export function readAddress(atlas: Atlas, params: URLSearchParams): void {
  const number = (name: string): number | undefined => {
    const text = params.get(name);
    const value = text === null || text === "" ? Number.NaN : Number(text);
    return Number.isFinite(value) ? value : undefined;
  };
  const [row, x, y, zoom] = [number("row"), number("x"), number("y"), number("zoom")];
  const count = atlas.chart.value?.details.count ?? 0;
  const isRow = row !== undefined && Number.isInteger(row) && row >= 0 && row < count;
  atlas.selected.value = isRow ? row : undefined;
  atlas.by.value = params.get("by") ?? undefined;
  const isAim = x !== undefined && y !== undefined && zoom !== undefined && zoom > 0;
  atlas.aim.value = isAim ? { x, y, zoom } : undefined;
}

/** Keeps the address up to what is shown, a moment after it last changed, so that it can be passed on. */
export function keepAddress(atlas: Atlas): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = effect(() => {
    const [chart, aim, row, by] = [atlas.chart.value, atlas.aim.value, atlas.selected.value, atlas.by.value];
    clearTimeout(timer);
    if (chart === undefined) return;
    const { details, feature, method } = chart;
    timer = setTimeout(() => {
      const which: Record<string, string | number> =
        details.name === "generated"
          ? { generated: details.count }
          : { set: details.name, feature, map: method };
      const params = {
        ...which,
        ...(by !== undefined && { by }),
        ...(row !== undefined && { row }),
        ...(aim && { x: aim.x.toFixed(4), y: aim.y.toFixed(4), zoom: aim.zoom.toFixed(3) }),
      };
      history.replaceState(history.state, "", linkTo("map", params));
    }, REST);
  });
  return () => {
    clearTimeout(timer);
    end();
  };
}
