import { Field } from "./field.tsx";

interface Option<T extends string> {
  readonly value: T;
  readonly title: string;
  readonly disabled?: boolean;
}

interface SelectProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly Option<T>[];
  readonly hint?: string | undefined;
  onChange(value: T): void;
}

/** One of a few, from a list that opens. */
export function Select<T extends string>({ label, value, options, hint, onChange }: SelectProps<T>) {
  return (
    <Field label={label} {...(hint !== undefined && { hint })}>
      <select value={value} onChange={(event) => onChange(event.currentTarget.value as T)}>
        {options.map((option) => (
          <option key={option.value} value={option.value} disabled={option.disabled ?? false}>
            {option.title}
          </option>
        ))}
      </select>
    </Field>
  );
}
