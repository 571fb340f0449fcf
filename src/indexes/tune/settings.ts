import type { SearchParams } from "../contract.ts";

/** Values of each parameter worth trying, ascending. */
export type Dials = Readonly<Record<string, readonly number[]>>;

/**
 * Every combination of the dials' values, each after all that are smaller in every parameter: the sums of their
 * places ascend.
 */
export function settingsOf(dials: Dials): SearchParams[] {
  let all: { params: Record<string, number>; place: number }[] = [{ params: {}, place: 0 }];
  for (const [name, values] of Object.entries(dials)) {
    all = all.flatMap(({ params, place }) =>
      values.map((value, i) => ({ params: { ...params, [name]: value }, place: place + i })),
    );
  }
  return all.toSorted((a, b) => a.place - b.place).map(({ params }) => params);
}

/** Dials with no more than so many settings: every second value goes, never the last, of the longest dial in turn. */
export function thinned(dials: Dials, most: number): Dials {
  const thin = Object.entries(dials).map(([name, values]) => ({ name, values }));
  while (thin.reduce((product, { values }) => product * values.length, 1) > most) {
    const longest = thin.reduce((a, b) => (b.values.length > a.values.length ? b : a));
    const last = longest.values.length - 1;
    longest.values = longest.values.filter((_, i) => (last - i) % 2 === 0);
  }
  return Object.fromEntries(thin.map(({ name, values }) => [name, values]));
}

/** Whether a searches no farther than b in any parameter, and is not b. */
export function isBelow(a: SearchParams, b: SearchParams): boolean {
  const names = Object.keys(a);
  return names.every((name) => a[name]! <= b[name]!) && names.some((name) => a[name] !== b[name]);
}

/** Sizes of the sample round by round, each twice the one before; the last is the whole. */
export function roundSizes(first: number, sample: number): number[] {
  const sizes: number[] = [];
  for (let size = first; size < sample; size *= 2) sizes.push(size);
  return [...sizes, sample];
}
