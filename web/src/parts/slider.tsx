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
  return (
    <label class="slider">
      <span>
        {label} <output class="number">{format(value)}</output>
      </span>
      <input
        type="range"
        {...{ min, max, step }}
        value={value}
        aria-valuetext={format(value)}
        onInput={(event) => onInput?.(event.currentTarget.valueAsNumber)}
        onChange={(event) => onChange?.(event.currentTarget.valueAsNumber)}
      />
    </label>
  );
}
