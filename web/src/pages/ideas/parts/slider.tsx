import "./slider.css";

interface SliderProps {
  label: string;
  value: number;
  min: number;
  max: number;
  step?: number;
  /** How the value reads, default as a number. */
  reads?: (value: number) => string;
  onInput: (value: number) => void;
}

/** A named slider with its value beside it. */
export function Slider({ label, value, min, max, step = 1, reads = String, onInput }: SliderProps) {
  return (
    <label class="slider">
      <span>
        {label} <output class="number">{reads(value)}</output>
      </span>
      <input
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        aria-valuetext={reads(value)}
        onInput={(event) => onInput(Number(event.currentTarget.value))}
      />
    </label>
  );
}
