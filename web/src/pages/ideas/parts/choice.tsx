import "./choice.css";

interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  options: readonly (readonly [value: T, title: string])[];
  onChange: (value: T) => void;
}

/** One of a few, all in sight. */
export function Choice<T extends string>({ label, value, options, onChange }: ChoiceProps<T>) {
  return (
    <fieldset class="choice">
      <legend>{label}</legend>
      {options.map(([each, title]) => (
        <label key={each} class={each === value ? "choice-taken" : undefined}>
          <input type="radio" name={label} checked={each === value} onChange={() => onChange(each)} />
          {title}
        </label>
      ))}
    </fieldset>
  );
}
