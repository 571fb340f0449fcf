import { useMemo } from "preact/hooks";
import { Picture } from "../../parts/picture.tsx";
import { TypeAhead } from "../../parts/typeAhead.tsx";
import { type Atlas, showRow } from "./atlas.ts";
import { nameOf, valueIn } from "./rowText.ts";

/** Rows by name: the way to select one without a pointer. */
export function Find({ atlas }: { readonly atlas: Atlas }) {
  const details = atlas.chart.value?.details;
  const names = useMemo(
    () =>
      details === undefined ? [] : Array.from({ length: details.count }, (_, row) => nameOf(details, row)),
    [details],
  );
  if (details === undefined) return null;
  const detail = (row: number): string | undefined => {
    const value = details.properties[0] && valueIn(details.properties[0], row);
    return value === undefined || names[row]!.includes(value) ? undefined : value;
  };
  return (
    <TypeAhead
      label="Find a row"
      placeholder={details.titles === undefined ? "value or number" : "name"}
      texts={names}
      detail={detail}
      sign={(row) => <Picture set={details} row={row} size={24} />}
      onChoose={(row) => {
        atlas.selected.value = row;
        showRow(atlas, row);
      }}
    />
  );
}
