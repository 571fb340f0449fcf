import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import type { Point } from "../points.ts";
import { Handle } from "./board.tsx";

interface HandlesProps {
  points: readonly Point[];
  /** What point i is. */
  label: (i: number) => string;
  onMove: (i: number, to: Point) => void;
  /** Delete takes a point away. */
  onRemove?: (i: number) => void;
  /** The point that buttons beside the board act on. */
  selected: number;
  onSelect: (i: number) => void;
  /** Draws point i around 0, 0. */
  draw: (i: number) => ComponentChildren;
}

/**
 * Many movable points as one stop of the tab key: Page Down and Page Up go from point to point, arrows move, Delete
 * removes.
 */
export function Handles({ points, label, onMove, onRemove, selected, onSelect, draw }: HandlesProps) {
  const group = useRef<SVGGElement>(null);
  const current = Math.min(selected, points.length - 1);
  // Focus moves at once, so that no key pressed right after goes to the point before.
  const go = (to: number): void => {
    const at = (to + points.length) % points.length;
    (group.current!.children[at] as SVGElement).focus();
    onSelect(at);
  };
  const keys = (i: number) => (key: string) => {
    if (key === "PageDown") go(i + 1);
    else if (key === "PageUp") go(i - 1);
    else if (key === "Delete" && onRemove !== undefined) {
      if (i === points.length - 1) go(i - 1);
      onRemove(i);
    } else return false;
    return true;
  };
  return (
    <g ref={group}>
      {points.map((point, i) => (
        <Handle
          key={i}
          at={point}
          label={label(i)}
          tabIndex={i === current ? 0 : -1}
          onMove={(to) => onMove(i, to)}
          onFocus={() => onSelect(i)}
          onKey={keys(i)}
        >
          {draw(i)}
        </Handle>
      ))}
    </g>
  );
}
