import type { SetDetails } from "../../../../src/server/protocol.ts";

/** What a row has of a property, if anything. */
export function valueIn({ values, of }: SetDetails["properties"][number], row: number): string | undefined {
  const value = of[row] ?? -1;
  return value < 0 ? undefined : values[value];
}

/** What to call a row: its title, or its first value and its number. */
export function nameOf({ titles, properties }: SetDetails, row: number): string {
  const title = titles?.[row];
  if (title) return title;
  const value = properties[0] && valueIn(properties[0], row);
  return value === undefined ? `row ${row}` : `${value}, row ${row}`;
}

/** Values of a row, one a property that it has. */
export function valuesOf(details: SetDetails, row: number): { name: string; value: string }[] {
  return details.properties.flatMap((property) => {
    const value = valueIn(property, row);
    return value === undefined ? [] : [{ name: property.name, value }];
  });
}

/** The first rows whose name, number or values hold all words of the text. */
export function findRows(details: SetDetails, text: string, most: number): number[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found: number[] = [];
  for (let row = 0; row < details.count && found.length < most; row++) {
    const all = `${nameOf(details, row)} ${row} ${valuesOf(details, row)
      .map(({ value }) => value)
      .join(" ")}`.toLowerCase();
    if (words.every((word) => all.includes(word))) found.push(row);
  }
  return found;
}
