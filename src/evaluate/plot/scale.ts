/** A tick: where in [0, 1] of the axis, and what it says (nothing for a minor tick). */
export interface Tick {
  readonly at: number;
  readonly label: string;
}

/** An axis: a value's place in [0, 1], and the ticks to draw. */
export interface Scale {
  place(value: number): number;
  readonly ticks: readonly Tick[];
}

/** Shares at which a recall axis may be labelled; the axis opens up towards 1. */
const RECALLS = [
  0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999,
  0.99999,
];

/**
 * An axis of recall on the scale −log₁₀(1 − r), on which 0.9, 0.99 and 0.999 are equally far apart.
 * A recall of exactly 1 has no place there: it stands at the right end, a little beyond the best
 * imperfect value, so the gap before it has no size to read.
 */
export function recallScale(values: readonly number[]): Scale {
  const imperfect = values.filter((v) => v < 1);
  const perfect = imperfect.length < values.length;
  const worst = imperfect.length === 0 ? 0.9 : Math.min(...imperfect);
  const best = imperfect.length === 0 ? 0.99 : Math.max(...imperfect);
  const low = RECALLS.findLast((r) => r <= worst) ?? 0;
  const high = RECALLS.find((r) => r >= best && r > low) ?? 0.99999;
  const u = (r: number): number => -Math.log10(1 - r);
  const span = u(Math.max(high, best)) - u(low);
  const end = perfect ? 0.93 : 1;
  const place = (r: number): number => (r >= 1 ? 1 : ((u(Math.max(0, r)) - u(low)) / span) * end);
  const ticks: Tick[] = [];
  for (const r of RECALLS) {
    if (r < low || r > high) continue;
    const at = place(r);
    // Labels need room; those nearest to the ends of the axis win.
    const crowded = ticks.some((t) => t.label !== "" && at - t.at < 0.055);
    ticks.push({ at, label: crowded ? "" : String(r) });
  }
  if (perfect) ticks.push({ at: 1, label: "1" });
  return { place, ticks };
}

/** A logarithmic axis from below the smallest to above the largest value, ticked at 1, 2 and 5. */
export function logScale(values: readonly number[]): Scale {
  const positive = values.filter((v) => v > 0 && Number.isFinite(v));
  const steps = stepsAround(Math.min(...positive, Number.MAX_VALUE), Math.max(...positive, Number.MIN_VALUE));
  const low = Math.log10(steps[0]!);
  const span = Math.log10(steps.at(-1)!) - low;
  const place = (v: number): number => (v > 0 ? (Math.log10(v) - low) / span : 0);
  const labelAll = steps.length <= 13;
  const ticks = steps.map((v) => ({
    at: place(v),
    label: labelAll || isPowerOfTen(v) ? shortNumber(v) : "",
  }));
  return { place, ticks };
}

/** 1, 2, 5, 10, … enclosing [low, high], at least two of them. */
function stepsAround(low: number, high: number): number[] {
  if (!(low <= high)) return [1, 10];
  const steps: number[] = [];
  for (let e = Math.floor(Math.log10(low)) - 1; e <= Math.ceil(Math.log10(high)) + 1; e++) {
    for (const m of [1, 2, 5]) steps.push(Number(`${m}e${e}`));
  }
  const first = steps.findLastIndex((s) => s <= low);
  const last = steps.findIndex((s) => s >= high);
  return steps.slice(first === last ? first - 1 : first, last + 1);
}

function isPowerOfTen(v: number): boolean {
  return Number.isInteger(Math.round(Math.log10(v) * 1e9) / 1e9);
}

/** 1e-5, 500, 20k, 1M. */
export function shortNumber(v: number): string {
  if (v >= 1e6) return `${trim(v / 1e6)}M`;
  if (v >= 1e3) return `${trim(v / 1e3)}k`;
  return trim(v);
}

function trim(v: number): string {
  if (v !== 0 && Math.abs(v) < 1e-3)
    return v.toExponential().length <= 7 ? v.toExponential() : v.toExponential(2);
  return String(Number(v.toPrecision(3)));
}

/**
 * A linear axis from below the smallest to above the largest value, ticked at multiples of 1, 2 or 5 times a power of
 * ten.
 *
 * @param exact ends the axis at the extreme values themselves
 */
export function linearScale(
  values: readonly number[],
  { exact = false, ticks: most = 7 }: { exact?: boolean; ticks?: number } = {},
): Scale {
  const finite = values.filter(Number.isFinite);
  let low = finite.length === 0 ? 0 : finite.reduce((a, b) => Math.min(a, b));
  let high = finite.length === 0 ? 1 : finite.reduce((a, b) => Math.max(a, b));
  const size = Math.max(Math.abs(low), Math.abs(high));
  // Too close to be told apart by the digits of a tick.
  if (size < 1e-280) [low, high] = [0, 1];
  else if (high - low < 1e-9 * size) [low, high] = [Math.min(0, 2 * low), Math.max(0, 2 * high)];
  const power = 10 ** Math.floor(Math.log10((high - low) / most));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => (high - low) / s <= most)!;
  const first = exact ? Math.ceil(low / step - 1e-9) : Math.floor(low / step + 1e-9);
  const last = exact ? Math.floor(high / step + 1e-9) : Math.ceil(high / step - 1e-9);
  if (!exact) [low, high] = [first * step, last * step];
  const place = (v: number): number => (v - low) / (high - low);
  const ticks: Tick[] = [];
  for (let i = first; i <= last; i++) {
    // The digits of the step alone: 3 × 0.1 is 0.3.
    const value = Number((i * step).toPrecision(12));
    ticks.push({ at: place(value), label: Math.abs(value) < 1e4 ? String(value) : shortNumber(value) });
  }
  return { place, ticks };
}
