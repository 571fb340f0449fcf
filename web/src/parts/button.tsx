import type { ComponentChildren } from "preact";

interface ButtonProps {
  /** `main` is what the page is for (one at most), `quiet` has no frame. */
  readonly kind?: "plain" | "main" | "quiet";
  readonly disabled?: boolean;
  /** What it does, where its contents are a mere sign. */
  readonly label?: string;
  readonly class?: string;
  /** For a button that is on or off. */
  readonly pressed?: boolean;
  readonly children: ComponentChildren;
  onClick(): void;
}

export function Button(props: ButtonProps) {
  const { kind = "plain", disabled = false, label, pressed, children, onClick } = props;
  return (
    <button
      type="button"
      class={[kind === "plain" ? "" : kind, props.class ?? ""].join(" ").trim()}
      disabled={disabled}
      aria-label={label}
      title={label}
      aria-pressed={pressed}
      onClick={onClick}
    >
      {children}
    </button>
  );
}
