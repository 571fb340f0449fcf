import type { Point } from "../points.ts";

/** The whole board. */
export const BOARD: readonly Point[] = [
  { x: 0, y: 0 },
  { x: 1, y: 0 },
  { x: 1, y: 1 },
  { x: 0, y: 1 },
];

/** A line of the plane: places where normal · place = offset. */
export interface Line {
  readonly normal: Point;
  readonly offset: number;
}

/** Above 0 on the side that the normal points to. */
export const side = ({ normal, offset }: Line, { x, y }: Point): number =>
  normal.x * x + normal.y * y - offset;

/** The line half-way between two places, its normal of length 1 pointing to the second. */
export function halfway(from: Point, to: Point): Line {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const normal = { x: (to.x - from.x) / length, y: (to.y - from.y) / length };
  return { normal, offset: (normal.x * (from.x + to.x) + normal.y * (from.y + to.y)) / 2 };
}

export const flipped = ({ normal, offset }: Line): Line => ({
  normal: { x: -normal.x, y: -normal.y },
  offset: -offset,
});

/** What of a convex outline lies on the line's positive side (Sutherland and Hodgman's clipping). */
export function clipped(outline: readonly Point[], line: Line): Point[] {
  return outline.flatMap((corner, i) => {
    const next = outline[(i + 1) % outline.length]!;
    const [here, there] = [side(line, corner), side(line, next)];
    const kept = here >= 0 ? [corner] : [];
    if (here >= 0 === there >= 0) return kept;
    const share = here / (here - there);
    return [
      ...kept,
      { x: corner.x + share * (next.x - corner.x), y: corner.y + share * (next.y - corner.y) },
    ];
  });
}
