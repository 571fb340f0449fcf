import { SIDE } from "../parts/board.tsx";
import type { Point } from "../points.ts";
import type { Ellipse } from "./ellipse.ts";
import { centred } from "./nearest.ts";

export type Shown = "l2" | "l1" | "linf" | "cosine" | "mahalanobis";

/** Units of the drawing in one unit of distance: the board goes from −1 to 1. */
const UNIT = SIDE / 2;
const ARC = 40;

/** Corners of the wedge of directions within `angle` of the query's, as seen from the middle of the board. */
function wedge(query: Point, angle: number): string {
  const [x, y] = centred(query);
  const middle = Math.atan2(y, x);
  const rim = Array.from({ length: ARC + 1 }, (_, i) => {
    const turn = middle + angle * ((2 * i) / ARC - 1);
    return `${UNIT + 2 * UNIT * Math.cos(turn)},${UNIT - 2 * UNIT * Math.sin(turn)}`;
  });
  return `${UNIT},${UNIT} ${rim.join(" ")}`;
}

interface BallProps {
  metric: Shown;
  query: Point;
  /** Distance to its border. */
  reach: number;
  ellipse: Ellipse;
}

/** All places at most `reach` from the query, as the metric measures. */
export function Ball({ metric, query, reach, ellipse }: BallProps) {
  const [x, y, r] = [query.x * SIDE, query.y * SIDE, reach * UNIT];
  const style = "metrics-ball";
  if (metric === "l2") return <circle class={style} cx={x} cy={y} r={r} />;
  if (metric === "linf") return <rect class={style} x={x - r} y={y - r} width={2 * r} height={2 * r} />;
  if (metric === "l1")
    return <path class={style} d={`M${x - r} ${y}L${x} ${y - r}L${x + r} ${y}L${x} ${y + r}Z`} />;
  if (metric === "cosine")
    return <polygon class={style} points={wedge(query, Math.acos(Math.max(-1, 1 - reach)))} />;
  const turn = `rotate(${(-180 / Math.PI) * ellipse.angle} ${x} ${y})`;
  return (
    <ellipse class={style} cx={x} cy={y} rx={r * ellipse.long} ry={r * ellipse.short} transform={turn} />
  );
}
