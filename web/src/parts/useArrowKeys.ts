import { useEffect, useRef } from "preact/hooks";

interface ArrowKeys<T extends HTMLElement> {
  readonly ref: { current: T | null };
  onKeyDown(event: KeyboardEvent): void;
  onFocusIn(event: FocusEvent): void;
}

const ITEMS = "a[href], button:not(:disabled)";

/**
 * Makes the links or buttons in an element one stop of the Tab key, with arrows (also Home and End) to move among
 * them as they stand on the page. Spread over the element.
 */
export function useArrowKeys<T extends HTMLElement>(): ArrowKeys<T> {
  const ref = useRef<T>(null);
  const current = useRef(0);
  const items = (): HTMLElement[] => [...(ref.current?.querySelectorAll<HTMLElement>(ITEMS) ?? [])];
  useEffect(() => {
    const all = items();
    current.current = Math.min(current.current, Math.max(0, all.length - 1));
    all.forEach((item, i) => {
      item.tabIndex = i === current.current ? 0 : -1;
    });
  });
  return {
    ref,
    onFocusIn({ target }) {
      const all = items();
      const at = all.indexOf(target as HTMLElement);
      if (at < 0) return;
      all[current.current]?.setAttribute("tabindex", "-1");
      all[at]!.tabIndex = 0;
      current.current = at;
    },
    onKeyDown(event) {
      const next = moved(items(), document.activeElement as HTMLElement, event.key);
      if (next === undefined) return;
      event.preventDefault();
      next.focus();
    },
  };
}

function moved(items: HTMLElement[], from: HTMLElement, key: string): HTMLElement | undefined {
  const at = items.indexOf(from);
  if (at < 0) return undefined;
  if (key === "ArrowRight") return items[at + 1];
  if (key === "ArrowLeft") return items[at - 1];
  if (key === "Home") return items[0];
  if (key === "End") return items.at(-1);
  if (key !== "ArrowDown" && key !== "ArrowUp") return undefined;
  const here = from.getBoundingClientRect();
  const beyond = items
    .map((item) => ({ item, box: item.getBoundingClientRect() }))
    .filter(({ box }) => (key === "ArrowDown" ? box.top >= here.bottom - 1 : box.bottom <= here.top + 1));
  const distance = ({ box }: { box: DOMRect }): number =>
    Math.abs(box.top - here.top) * 1000 + Math.abs(box.left - here.left);
  return beyond.sort((a, b) => distance(a) - distance(b))[0]?.item;
}
