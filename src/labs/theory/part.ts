import type { RunOptions } from "../../core/index.ts";

/** A statement with what was measured for it, and whether it held. */
export interface Claim {
  readonly says: string;
  readonly measured: string;
  readonly holds: boolean;
}

/** Cells are plain text; all columns but the first stand to the right. */
export interface PartTable {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Picture {
  readonly svg: string;
  readonly caption: string;
  /** Half of the width: two such stand side by side. */
  readonly half?: boolean;
}

/** One subject: what theory says, an experiment on it, and what came of it. */
export interface Part {
  readonly name: string;
  readonly title: string;
  /** Why it is so, for a first reader. */
  readonly why: string;
  readonly claims: readonly Claim[];
  readonly tables: readonly PartTable[];
  readonly pictures: readonly Picture[];
  /** What was measured, for results.json. */
  readonly numbers: object;
}

export interface PartOptions extends RunOptions {
  readonly seed: number;
  readonly quick: boolean;
}

/** A mean with its standard error. */
export interface Mean {
  readonly mean: number;
  readonly se: number;
}

export function meanOf(values: ArrayLike<number>): Mean {
  const n = values.length;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += values[i]!;
  const mean = sum / n;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (values[i]! - mean) ** 2;
  return { mean, se: n > 1 ? Math.sqrt(squares / (n - 1) / n) : 0 };
}

/** Slope of the least-squares line through the points. */
export function slopeOf(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const [mx, my] = [meanOf(x).mean, meanOf(y).mean];
  let up = 0;
  let down = 0;
  for (let i = 0; i < x.length; i++) {
    up += (x[i]! - mx) * (y[i]! - my);
    down += (x[i]! - mx) ** 2;
  }
  return up / down;
}

/** Standard errors within which a mean must lie: a right claim fails once in 16,000 times. */
export const WIDE = 4;

/** "0.1587 ± 0.0012", of a 95 % interval. */
export function interval({ mean, se }: Mean, digits = 4): string {
  return `${mean.toFixed(digits)} ± ${(1.96 * se).toFixed(digits)}`;
}

/** Volume of the ball of radius 1 in d dimensions. */
export function ballVolume(d: number): number {
  // V(d) = V(d − 2) · 2π / d
  let volume = d % 2 === 0 ? 1 : 2;
  for (let i = d % 2 === 0 ? 2 : 3; i <= d; i += 2) volume *= (2 * Math.PI) / i;
  return volume;
}

/** The integral of f over [from, to] by Simpson's rule. */
export function integral(f: (x: number) => number, from: number, to: number, steps = 4000): number {
  const h = (to - from) / steps;
  let sum = f(from) + f(to);
  for (let i = 1; i < steps; i++) sum += f(from + i * h) * (i % 2 === 1 ? 4 : 2);
  return (sum * h) / 3;
}
