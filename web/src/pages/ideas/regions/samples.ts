import { createRng } from "vicinal/core";
import { type Draw, type Point, scattered, within } from "../points.ts";

export interface Sample extends Point {
  /** Its class: 0, 1 or 2. */
  readonly group: number;
}

export const GROUPS = 3;
const SAMPLES = 96;
/** Drawn from the same clouds and never learned from. */
const NEW_SAMPLES = 600;
export const KS: readonly number[] = Array.from({ length: 26 }, (_, i) => 2 * i + 1);

/** Width of a cloud, and how many points got a class by mere chance: so that no rule is always right. */
const SPREAD = 0.085;
const ASTRAY = 0.1;

/** Three classes of two clouds each. */
function drawer(seed: number): (n: number, draw: Draw) => Sample[] {
  const inner = (value: number): number => 0.12 + 0.76 * value;
  const middles = scattered(2 * GROUPS, createRng(seed, "clouds")).map(({ x, y }) => ({
    x: inner(x),
    y: inner(y),
  }));
  return (n, draw) =>
    Array.from({ length: n }, (_, i) => {
      const { x, y } = middles[(i % GROUPS) + GROUPS * draw.below(2)]!;
      const place = within({ x: x + SPREAD * draw.normal(), y: y + SPREAD * draw.normal() });
      return { ...place, group: draw.next() < ASTRAY ? draw.below(GROUPS) : i % GROUPS };
    });
}

export const samplesOf = (seed: number): Sample[] => drawer(seed)(SAMPLES, createRng(seed, "samples"));
export const newSamplesOf = (seed: number): Sample[] => drawer(seed)(NEW_SAMPLES, createRng(seed, "new"));
