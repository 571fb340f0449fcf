import { type ComponentChildren, createContext } from "preact";
import { useContext, useEffect, useRef } from "preact/hooks";
import { theme } from "../../../shell/theme.ts";
import { type Point, within } from "../points.ts";
import "./board.css";

/** Units along each side of a board's drawing; places are given from 0 to 1. */
export const SIDE = 600;

const STEP = 0.02;
const FINE_STEP = 0.005;
const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

type Locate = (event: MouseEvent) => Point;
const Place = createContext<Locate>(() => ({ x: 0, y: 0 }));

/** Colour of a token, as a canvas needs it. */
export type Ink = (token: string) => string;

interface BoardProps {
  /** What is drawn, for those who do not see it. */
  label: string;
  /** Paints the ground; called again when it is another function or the theme changes. */
  paint?: ((canvas: HTMLCanvasElement, ink: Ink) => void) | undefined;
  /** An empty place was clicked or tapped. */
  onTap?: (at: Point) => void;
  children: ComponentChildren;
}

/** A square drawing that can be touched: a canvas for the ground, SVG above it. */
export function Board({ label, paint, onTap, children }: BoardProps) {
  const drawing = useRef<SVGSVGElement>(null);
  const ground = useRef<HTMLCanvasElement>(null);
  const shown = theme.value;
  useEffect(() => {
    const canvas = ground.current;
    if (canvas === null || paint === undefined) return;
    const style = getComputedStyle(canvas);
    canvas.dataset["theme"] = shown;
    paint(canvas, (token) => style.getPropertyValue(token).trim());
  }, [paint, shown]);
  const locate: Locate = ({ clientX, clientY }) => {
    const { left, top, width, height } = drawing.current!.getBoundingClientRect();
    return within({ x: (clientX - left) / width, y: (clientY - top) / height });
  };
  return (
    <div class="board">
      {paint !== undefined && <canvas ref={ground} />}
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset cannot hold a drawing */}
      <svg ref={drawing} viewBox={`0 0 ${SIDE} ${SIDE}`} role="group" aria-label={label}>
        {/* biome-ignore lint/a11y/noStaticElementInteractions: every idea has keys and buttons for the same */}
        <rect
          class={onTap === undefined ? "board-ground" : "board-ground board-open"}
          width={SIDE}
          height={SIDE}
          onClick={(event) => onTap?.(locate(event))}
        />
        <Place.Provider value={locate}>{children}</Place.Provider>
      </svg>
    </div>
  );
}

interface HandleProps {
  at: Point;
  /** What it is; where it is will be added. */
  label: string;
  onMove: (to: Point) => void;
  /** Keys beside the arrows; true when the key was used. */
  onKey?: (key: string) => boolean;
  onFocus?: () => void;
  tabIndex?: number;
  children: ComponentChildren;
}

/** Something on a board that is dragged, or focused and moved by the arrow keys. Children are drawn around 0, 0. */
export function Handle({ at, label, onMove, onKey, onFocus, tabIndex = 0, children }: HandleProps) {
  const locate = useContext(Place);
  const move = (event: KeyboardEvent): void => {
    const arrow = ARROWS[event.key];
    if (arrow !== undefined) {
      const step = event.shiftKey ? FINE_STEP : STEP;
      onMove(within({ x: at.x + step * arrow[0], y: at.y + step * arrow[1] }));
    }
    if (arrow !== undefined || onKey?.(event.key)) event.preventDefault();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: SVG has no buttons
    <g
      class="board-handle"
      transform={`translate(${at.x * SIDE} ${at.y * SIDE})`}
      role="button"
      aria-roledescription="movable point"
      aria-label={`${label} at ${Math.round(100 * at.x)}, ${Math.round(100 * at.y)}`}
      tabIndex={tabIndex}
      onFocus={onFocus}
      onKeyDown={move}
      // Only what is dragged keeps a finger from scrolling the page; touch-action does nothing within a drawing.
      onTouchStart={(event) => event.preventDefault()}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        event.currentTarget.focus({ preventScroll: true });
      }}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) onMove(locate(event));
      }}
    >
      <circle class="board-reach" r="20" />
      {children}
    </g>
  );
}

/** The query of an idea, a cross. */
export function Query({ at, onMove }: Pick<HandleProps, "at" | "onMove">) {
  return (
    <Handle at={at} label="Query" onMove={onMove}>
      <path class="board-query" d="M-11 0H11M0-11V11" />
    </Handle>
  );
}
