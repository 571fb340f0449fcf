import type { Property, SetDetails } from "../../../../src/server/protocol.ts";

const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Rows spread over a set, others each round: a golden-section walk meets every region before it comes back to one. */
export function spreadRows(count: number, wanted: number, round: number): number[] {
  const most = Math.min(wanted, count);
  const rows = new Set<number>();
  for (let i = round * wanted + 1; rows.size < most && i < round * wanted + 50 * most; i++) {
    rows.add(Math.floor(((i * GOLDEN) % 1) * count));
  }
  return [...rows];
}

/** Something that everybody knows, to begin with. */
const WELL_KNOWN = ["red apple", "king", "The Hobbit", "Radiohead"];

export function firstRow(set: SetDetails): number {
  for (const name of WELL_KNOWN) {
    const row = set.titles?.indexOf(name) ?? -1;
    if (row >= 0) return row;
  }
  return spreadRows(set.count, 1, 0)[0] ?? 0;
}

/** What rows are told apart by: the property with fewest values, but more than one. */
export function mainProperty({ properties, count }: SetDetails): Property | undefined {
  const telling = properties.filter(({ values }) => values.length > 1 && values.length < count / 4);
  return telling.find(({ name }) => /class|group|genre/.test(name)) ?? telling[0];
}

export function valueIn(property: Property | undefined, row: number): string | undefined {
  return property?.values[property.of[row] ?? -1];
}

/** How a row is called. */
export function titleOf(set: SetDetails, row: number): string {
  return set.titles?.[row] ?? `${valueIn(mainProperty(set), row) ?? "row"} #${row}`;
}
