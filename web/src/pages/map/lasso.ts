import type { Spot } from "./camera.ts";
import { type Box, eachWithin, type Grid, type Places } from "./placed.ts";

/** Whether a line from the spot to the right crosses the outline an odd number of times. */
export function isInside(outline: readonly Spot[], x: number, y: number): boolean {
  let inside = false;
  for (let i = 0, j = outline.length - 1; i < outline.length; j = i++) {
    const a = outline[i]!;
    const b = outline[j]!;
    if (a.y > y === b.y > y) continue;
    if (x < a.x + ((y - a.y) * (b.x - a.x)) / (b.y - a.y)) inside = !inside;
  }
  return inside;
}

function boxOf(outline: readonly Spot[]): Box {
  const xs = outline.map(({ x }) => x);
  const ys = outline.map(({ y }) => y);
  return { left: Math.min(...xs), right: Math.max(...xs), bottom: Math.min(...ys), top: Math.max(...ys) };
}

/** Rows inside an outline in units of the map, ascending. */
export function rowsInside(grid: Grid, places: Places, outline: readonly Spot[]): number[] {
  const found: number[] = [];
  if (outline.length < 3) return found;
  eachWithin(grid, places, boxOf(outline), (row) => {
    if (isInside(outline, places[2 * row]!, places[2 * row + 1]!)) found.push(row);
  });
  return found.sort((a, b) => a - b);
}
