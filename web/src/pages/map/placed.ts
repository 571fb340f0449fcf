import type { Spot } from "./camera.ts";

/** Coordinates of rows, x and y in turn, within −1 … 1; finite. */
export type Places = Float32Array;

/** A map as computed, centred and shrunk or grown to fill −1 … 1 with one scale for both directions. */
export function placesOf(data: ArrayLike<number>): Places {
  const low = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const high = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < data.length; i++) {
    low[i & 1] = Math.min(low[i & 1]!, data[i]!);
    high[i & 1] = Math.max(high[i & 1]!, data[i]!);
  }
  const half = Math.max(high[0]! - low[0]!, high[1]! - low[1]!) / 2 || 1;
  const middle = [(low[0]! + high[0]!) / 2, (low[1]! + high[1]!) / 2];
  return Float32Array.from(data, (value, i) => (value - middle[i & 1]!) / half);
}

export function placeOf(places: Places, row: number): Spot {
  return { x: places[2 * row]!, y: places[2 * row + 1]! };
}

/** Rows by the square of the plane they lie in, so that looking for near ones takes a few squares. */
export interface Grid {
  readonly side: number;
  /** Rows of square s are rows[starts[s]] … rows[starts[s + 1] − 1]. */
  readonly starts: Uint32Array;
  readonly rows: Uint32Array;
}

const PER_SQUARE = 4;

/** O(n). */
export function gridOf(places: Places): Grid {
  const count = places.length / 2;
  const side = Math.max(1, Math.ceil(Math.sqrt(count / PER_SQUARE)));
  const starts = new Uint32Array(side * side + 1);
  const squareOf = new Uint32Array(count);
  for (let row = 0; row < count; row++) {
    const square = lineOf(places[2 * row + 1]!, side) * side + lineOf(places[2 * row]!, side);
    squareOf[row] = square;
    starts[square + 1]!++;
  }
  for (let s = 0; s < side * side; s++) starts[s + 1]! += starts[s]!;
  const next = starts.slice();
  const rows = new Uint32Array(count);
  for (let row = 0; row < count; row++) rows[next[squareOf[row]!]!++] = row;
  return { side, starts, rows };
}

function lineOf(value: number, side: number): number {
  return Math.min(side - 1, Math.max(0, Math.floor(((value + 1) / 2) * side)));
}

export interface Box {
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
  readonly top: number;
}

/** Calls back with every row within the box, square by square. */
export function eachWithin(grid: Grid, places: Places, box: Box, take: (row: number) => void): void {
  const { side, starts, rows } = grid;
  const lastLine = lineOf(box.top, side);
  const lastColumn = lineOf(box.right, side);
  for (let line = lineOf(box.bottom, side); line <= lastLine; line++) {
    for (let column = lineOf(box.left, side); column <= lastColumn; column++) {
      const square = line * side + column;
      for (let i = starts[square]!; i < starts[square + 1]!; i++) {
        const row = rows[i]!;
        const x = places[2 * row]!;
        const y = places[2 * row + 1]!;
        if (x >= box.left && x <= box.right && y >= box.bottom && y <= box.top) take(row);
      }
    }
  }
}

/** The shown row nearest to a spot, if one is within the radius. */
export function nearestPlace(
  grid: Grid,
  places: Places,
  spot: Spot,
  radius: number,
  isShown: (row: number) => boolean,
): number | undefined {
  let best: number | undefined;
  let closest = radius * radius;
  const box = {
    left: spot.x - radius,
    right: spot.x + radius,
    bottom: spot.y - radius,
    top: spot.y + radius,
  };
  eachWithin(grid, places, box, (row) => {
    const dx = places[2 * row]! - spot.x;
    const dy = places[2 * row + 1]! - spot.y;
    const distance = dx * dx + dy * dy;
    if (distance > closest || (distance === closest && best !== undefined) || !isShown(row)) return;
    closest = distance;
    best = row;
  });
  return best;
}
