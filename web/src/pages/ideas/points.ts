/** Points of the plane and what the ideas need of them; no drawing here. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Random numbers as the library's `createRng` gives them. */
export interface Draw {
  next(): number;
  below(n: number): number;
  normal(): number;
}

export const distance = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y);

/** The k nearest by measuring all, nearest first, the lower number first among equals. */
export function bruteForce(points: readonly Point[], query: Point, k: number): number[] {
  const away = points.map((point) => distance(point, query));
  return points
    .map((_, i) => i)
    .sort((i, j) => away[i]! - away[j]! || i - j)
    .slice(0, k);
}

const MARGIN = 0.03;

/** Inside the board, a little away from its edge. */
export function within({ x, y }: Point): Point {
  const clamp = (value: number): number => Math.min(1 - MARGIN, Math.max(MARGIN, value));
  return { x: clamp(x), y: clamp(y) };
}

/** Points spread evenly, none closer to another than chance makes it when the best of a few tries is taken. */
export function scattered(n: number, draw: Draw): Point[] {
  const points: Point[] = [];
  const room = (point: Point): number => Math.min(...points.map((other) => distance(point, other)), 2);
  while (points.length < n) {
    const tries = Array.from({ length: 6 }, () => within({ x: draw.next(), y: draw.next() }));
    points.push(tries.reduce((best, each) => (room(each) > room(best) ? each : best)));
  }
  return points;
}

/** Points in clouds of several widths around drawn centres. */
export function clouds(n: number, centres: number, draw: Draw): Point[] {
  const middles = scattered(centres, draw).map(({ x, y }) => ({
    x: 0.14 + 0.72 * x,
    y: 0.14 + 0.72 * y,
    width: 0.03 + 0.06 * draw.next(),
  }));
  return Array.from({ length: n }, () => {
    const { x, y, width } = middles[draw.below(centres)]!;
    return within({ x: x + width * draw.normal(), y: y + width * draw.normal() });
  });
}

/** "42, 31": a place in hundredths, as labels and readouts name it. */
export const named = ({ x, y }: Point): string => `${Math.round(100 * x)}, ${Math.round(100 * y)}`;
