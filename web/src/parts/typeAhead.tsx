import type { ComponentChildren } from "preact";
import { useId, useMemo, useState } from "preact/hooks";
import { matchesOf } from "./matches.ts";
import "./typeAhead.css";

interface TypeAheadProps {
  readonly label: string;
  readonly placeholder?: string;
  readonly texts: readonly string[];
  /** What is said beside a text, such as its author. */
  detail?(place: number): string | undefined;
  /** What stands before a text, such as its picture; it says no more than the text. */
  sign?(place: number): ComponentChildren;
  onChoose(place: number): void;
}

const MOST = 12;

/** Finds one of many texts as one types; arrows move among what was found, Enter takes it, Escape closes. */
export function TypeAhead({ label, placeholder, texts, detail, sign, onChoose }: TypeAheadProps) {
  const id = useId();
  const [typed, setTyped] = useState("");
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const found = useMemo(() => matchesOf(texts, typed, MOST), [texts, typed]);
  const shown = open && typed.trim() !== "";
  const choose = (place: number | undefined): void => {
    if (place === undefined) return;
    setTyped(texts[place]!);
    setOpen(false);
    onChoose(place);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape") setOpen(false);
    if (event.key === "Enter") {
      event.preventDefault();
      choose(found[active]);
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    setOpen(true);
    const step = event.key === "ArrowDown" ? 1 : -1;
    setActive((active + step + found.length) % Math.max(1, found.length));
  };
  return (
    <div class="type-ahead field">
      <label for={id}>{label}</label>
      <input
        id={id}
        role="combobox"
        autocomplete="off"
        spellcheck={false}
        placeholder={placeholder}
        aria-expanded={shown}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={shown && found.length > 0 ? `${id}-${active}` : undefined}
        value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setActive(0);
          setOpen(true);
        }}
        onFocus={(event) => event.currentTarget.select()}
        onBlur={() => setOpen(false)}
        onKeyDown={onKeyDown}
      />
      {/* Keys are handled by the box, which keeps the focus while one chooses. */}
      <div id={`${id}-list`} class="type-ahead-list" role="listbox" aria-label={label} hidden={!shown}>
        {found.map((place, i) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the box points at it by aria-activedescendant
          <div
            key={place}
            id={`${id}-${i}`}
            role="option"
            aria-selected={i === active}
            onPointerDown={(event) => {
              event.preventDefault();
              choose(place);
            }}
          >
            {sign?.(place)}
            <span>{texts[place]}</span>
            {detail?.(place) !== undefined && <small class="muted">{detail(place)}</small>}
          </div>
        ))}
      </div>
      <span class="type-ahead-none muted" role="status">
        {shown && found.length === 0 ? `Nothing holds “${typed.trim()}”.` : ""}
      </span>
    </div>
  );
}
