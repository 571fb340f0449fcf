import "./mark.css";

/** Colour tokens of classes, in their order. */
export const CLASS_COLOURS = ["--first", "--second", "--third"] as const;
export const CLASS_NAMES = ["circle", "square", "triangle"] as const;

const TRIANGLE = "M0-9L8 6H-8Z";

/** The mark of a class around 0, 0: told apart by shape as well as by colour. */
export function Mark({ group, strong = false }: { group: number; strong?: boolean }) {
  const common = { class: strong ? "mark mark-strong" : "mark", fill: `var(${CLASS_COLOURS[group]})` };
  if (group === 0) return <circle r="7" {...common} />;
  if (group === 1) return <rect x="-6.5" y="-6.5" width="13" height="13" {...common} />;
  return <path d={TRIANGLE} {...common} />;
}
