import { useId, useMemo, useState } from "preact/hooks";
import { Field } from "../../parts/field.tsx";
import { Picture } from "../../parts/picture.tsx";
import { type Atlas, showRow } from "./atlas.ts";
import { findRows, nameOf, valuesOf } from "./rowText.ts";

const MOST = 40;

/** Rows by name: the way to select one without a pointer. */
export function Find({ atlas }: { readonly atlas: Atlas }) {
  const list = useId();
  const [text, setText] = useState("");
  const [isOpen, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const details = atlas.chart.value?.details;
  const found = useMemo(
    () => (details === undefined || !isOpen ? [] : findRows(details, text, MOST)),
    [details, text, isOpen],
  );
  if (details === undefined) return null;
  const take = (row: number | undefined): void => {
    if (row === undefined) return;
    atlas.selected.value = row;
    showRow(atlas, row);
    setOpen(false);
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (!isOpen) setOpen(true);
      else setActive((before) => (before + step + found.length) % Math.max(1, found.length));
    } else if (event.key === "Enter") {
      take(found[active]);
    } else if (event.key === "Escape") {
      setOpen(false);
    }
  };
  return (
    <div class="map-find">
      <Field label="Find a row">
        <input
          type="search"
          // biome-ignore lint/a11y/noRedundantRoles: not implied, since no datalist is meant
          role="combobox"
          autocomplete="off"
          list={undefined}
          placeholder="name, value or number"
          aria-expanded={isOpen && found.length > 0}
          aria-controls={list}
          aria-activedescendant={isOpen && found.length > 0 ? `${list}-${active}` : undefined}
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setActive(0);
            setOpen(true);
          }}
          onFocus={() => setOpen(true)}
          onBlur={() => setOpen(false)}
          onKeyDown={onKey}
        />
      </Field>
      <div
        id={list}
        role="listbox"
        aria-label="Rows found"
        class="map-found"
        hidden={!isOpen || found.length === 0}
      >
        {found.map((row, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the box above has the keys
          // biome-ignore lint/a11y/useFocusableInteractive: aria-activedescendant moves instead of the focus
          <div
            key={row}
            id={`${list}-${i}`}
            role="option"
            aria-selected={i === active}
            // Before the box loses the focus and the list goes.
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => take(row)}
          >
            <Picture set={details} row={row} size={28} />
            <span>{nameOf(details, row)}</span>
            <small class="muted">{valuesOf(details, row)[0]?.value}</small>
          </div>
        ))}
      </div>
      {isOpen && text !== "" && found.length === 0 && (
        <p class="map-found-none" role="status">
          No row holds “{text}”.
        </p>
      )}
    </div>
  );
}
