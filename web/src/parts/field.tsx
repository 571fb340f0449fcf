import type { ComponentChildren } from "preact";
import "./field.css";

interface FieldProps {
  readonly label: string;
  /** A few words below the control. */
  readonly hint?: ComponentChildren;
  readonly class?: string;
  readonly children: ComponentChildren;
}

/** A label above its one control. */
export function Field({ label, hint, class: more = "", children }: FieldProps) {
  return (
    <div class={`field ${more}`}>
      {/* biome-ignore lint/a11y/noLabelWithoutControl: the control is among its children */}
      <label class="field-label">
        <span>{label}</span>
        {children}
      </label>
      {hint !== undefined && <small class="field-hint">{hint}</small>}
    </div>
  );
}
