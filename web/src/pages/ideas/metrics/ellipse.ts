import type { Point } from "../points.ts";

/** Half of the short axis, on a board from −1 to 1. */
const SHORT = 0.15;
const [LEAST, MOST] = [0.15, 0.75];

/** A unit ball stretched along one direction. */
export interface Ellipse {
  readonly long: number;
  readonly short: number;
  /** Of the long axis against the first axis, in radians, y up. */
  readonly angle: number;
}

/** The ellipse whose long axis ends at `tip`, as seen from its middle with y up. */
export function ellipseTo(tip: readonly [number, number]): Ellipse {
  const long = Math.min(MOST, Math.max(LEAST, Math.hypot(...tip)));
  return { long, short: SHORT, angle: Math.atan2(tip[1], tip[0]) };
}

export const tipOf = ({ long, angle }: Ellipse): Point => ({
  x: long * Math.cos(angle),
  y: long * Math.sin(angle),
});

/** The inverse covariance whose unit ball is the ellipse: R diag(1/long², 1/short²) Rᵀ. */
export function matrixOf({ long, short, angle }: Ellipse): number[][] {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const [p, q] = [1 / long ** 2, 1 / short ** 2];
  return [
    [p * c * c + q * s * s, (p - q) * c * s],
    [(p - q) * c * s, p * s * s + q * c * c],
  ];
}
