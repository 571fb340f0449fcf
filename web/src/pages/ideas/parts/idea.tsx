import type { ComponentChildren } from "preact";
import "./idea.css";

interface IdeaProps {
  /** Two to four sentences. */
  says: ComponentChildren;
  figure: ComponentChildren;
  controls: ComponentChildren;
  /** What the picture shows now, told when it changes. */
  readout: ComponentChildren;
  /** False while the picture runs by itself, so that not every step is told. */
  settled?: boolean;
  /** What to look for, an entry each. */
  notice: readonly ComponentChildren[];
}

/** The frame of every idea: text, picture, controls, what it shows, what to notice. */
export function Idea({ says, figure, controls, readout, settled = true, notice }: IdeaProps) {
  return (
    <div class="idea">
      <div class="idea-says">{says}</div>
      <div class="idea-figure">{figure}</div>
      <div class="idea-side">
        <div class="panel idea-controls">{controls}</div>
        <div class="idea-readout" aria-live={settled ? "polite" : "off"}>
          {readout}
        </div>
        <h3>What to notice</h3>
        <ul class="idea-notice">
          {notice.map((entry, i) => (
            <li key={i}>{entry}</li>
          ))}
        </ul>
      </div>
    </div>
  );
}

interface AddRemoveProps {
  /** Where a new point goes: "at the query". */
  where: string;
  onAdd: () => void;
  /** Enough points would be left. */
  canRemove: boolean;
  /** Of the selected point. */
  onRemove: () => void;
}

/** Buttons for points, where a board needs a mouse. */
export function AddRemove({ where, onAdd, canRemove, onRemove }: AddRemoveProps) {
  return (
    <div class="idea-buttons">
      <button type="button" onClick={onAdd}>
        Add a point {where}
      </button>
      <button type="button" disabled={!canRemove} onClick={onRemove}>
        Remove the selected point
      </button>
    </div>
  );
}

interface SeedProps {
  seed: number;
  onNew: (seed: number) => void;
}

/** Which random points are shown, and others. */
export function Seed({ seed, onNew }: SeedProps) {
  return (
    <div class="idea-seed">
      <button type="button" onClick={() => onNew(seed + 1)}>
        New points
      </button>
      <span class="muted">
        seed <span class="number">{seed}</span>
      </span>
    </div>
  );
}

/** How a board is used, below it. */
export function Hint({ many = false, tap }: { many?: boolean; tap?: string }) {
  return (
    <p class="idea-hint muted">
      {tap} Drag, or focus with Tab and move with the arrow keys (Shift: finer)
      {many && "; Page Down and Page Up go to the next point and back"}.
    </p>
  );
}
