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
