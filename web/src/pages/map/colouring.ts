import type { Property } from "../../../../src/server/protocol.ts";
import { type Colour, categoryColours, cssColour, otherColour, scaleColour } from "../../parts/palette.ts";
import type { Theme } from "../../shell/theme.ts";

/** Rows of one colour: what the legend lists and can hide. */
export interface Group {
  readonly name: string;
  readonly count: number;
  readonly colour: Colour;
}

/** Which colour each row has. */
export interface Colouring {
  readonly groups: readonly Group[];
  readonly groupOf: Uint8Array;
  /** Present where a property is a quantity: the ends of its scale. Rows without a value are the one group. */
  readonly scale?: { readonly low: number; readonly high: number; readonly shareOf: Float32Array };
}

const MOST = 10;

/** True where every value reads as a number and there are more of them than colours. */
export function isQuantity({ values }: Property): boolean {
  return (
    values.length > MOST && values.every((value) => value.trim() !== "" && Number.isFinite(Number(value)))
  );
}

/** The most frequent values by colours of their own, the rest grey. */
export function colouringOf(property: Property | undefined, count: number, theme: Theme): Colouring {
  const grey = otherColour(theme);
  if (property === undefined) {
    return {
      groups: [{ name: "all", count, colour: categoryColours(theme)[0]! }],
      groupOf: new Uint8Array(count),
    };
  }
  if (isQuantity(property)) return quantities(property, theme);
  const { values, of } = property;
  const counts = new Float64Array(values.length);
  let none = 0;
  for (const value of of) value < 0 ? none++ : counts[value]!++;
  const ranked = values.map((_, i) => i).filter((i) => counts[i]! > 0);
  if (ranked.length > MOST) ranked.sort((a, b) => counts[b]! - counts[a]! || a - b);
  const colours = categoryColours(theme);
  const groups: Group[] = ranked
    .slice(0, MOST)
    .map((i, g) => ({ name: values[i]!, count: counts[i]!, colour: colours[g]! }));
  const groupOfValue = new Uint8Array(values.length).fill(groups.length);
  for (const [g, i] of ranked.slice(0, MOST).entries()) groupOfValue[i] = g;
  const rest = ranked.slice(MOST);
  const restCount = rest.reduce((sum, i) => sum + counts[i]!, 0);
  if (rest.length > 0) groups.push({ name: `${rest.length} others`, count: restCount, colour: grey });
  const noneAt = groups.length;
  if (none > 0) groups.push({ name: "none", count: none, colour: grey });
  return { groups, groupOf: Uint8Array.from(of, (value) => (value < 0 ? noneAt : groupOfValue[value]!)) };
}

function quantities({ values, of }: Property, theme: Theme): Colouring {
  const numbers = values.map(Number);
  const low = numbers.reduce((a, b) => Math.min(a, b));
  const high = numbers.reduce((a, b) => Math.max(a, b));
  const none = of.reduce((sum, value) => sum + (value < 0 ? 1 : 0), 0);
  const shareOf = Float32Array.from(of, (value) =>
    value < 0 ? Number.NaN : (numbers[value]! - low) / (high - low || 1),
  );
  return {
    groups: none === 0 ? [] : [{ name: "none", count: none, colour: otherColour(theme) }],
    groupOf: Uint8Array.from(of, (value) => (value < 0 ? 0 : 1)),
    scale: { low, high, shareOf },
  };
}

/** Colour of a row, as the page's style sheets take it. */
export function colourOfRow({ groups, groupOf, scale }: Colouring, row: number, theme: Theme): string {
  return cssColour(groups[groupOf[row]!]?.colour ?? scaleColour(scale?.shareOf[row] ?? 0, theme));
}

const FAINT = 0.16;

/** Four bytes a row; rows of hidden groups have no opacity, and rows beside a gathered few are faint. */
export function paint(
  { groups, groupOf, scale }: Colouring,
  hidden: ReadonlySet<number>,
  gathered: readonly number[],
  theme: Theme,
): Uint8Array {
  const count = groupOf.length;
  const strong = count > 20_000 ? 0.75 : 0.9;
  const rgba = new Uint8Array(4 * count);
  const usual = Math.round(255 * (gathered.length > 0 ? FAINT : strong));
  for (let row = 0; row < count; row++) {
    const group = groups[groupOf[row]!];
    if (group !== undefined && hidden.has(groupOf[row]!)) continue;
    const colour = group?.colour ?? scaleColour(scale?.shareOf[row] ?? 0, theme);
    rgba[4 * row] = colour[0];
    rgba[4 * row + 1] = colour[1];
    rgba[4 * row + 2] = colour[2];
    rgba[4 * row + 3] = usual;
  }
  for (const row of gathered) if (rgba[4 * row + 3] !== 0) rgba[4 * row + 3] = 255;
  return rgba;
}
