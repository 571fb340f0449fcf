import { useId } from "preact/hooks";
import "./slider.css";

interface SliderProps {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  /** How the value reads; default as it is. */
  readonly format?: (value: number) => string;
  /** While it moves. */
  onInput?(value: number): void;
  /** Where it is let go. */
  onChange?(value: number): void;
}

const plain = (value: number): string => `${value}`;

/** A number within bounds, its value beside its label. */
export function Slider({ label, value, min, max, step = 1, format = plain, onInput, onChange }: SliderProps) {
  // By id, because a label would otherwise name the first of output and input.
  const id = useId();
  return (
    <div class="slider">
      <span>
        <label for={id}>{label}</label> <span class="number slider-value">{format(value)}</span>
      </span>
      <input
        id={id}
        type="range"
        {...{ min, max, step }}
        value={value}
        aria-valuetext={format(value)}
        onInput={(event) => onInput?.(event.currentTarget.valueAsNumber)}
        onChange={(event) => onChange?.(event.currentTarget.valueAsNumber)}
      />
    </div>
  );
}
