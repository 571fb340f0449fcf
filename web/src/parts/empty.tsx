import type { ComponentChildren } from "preact";
import type { SetSummary } from "../../../src/server/protocol.ts";
import "./empty.css";

interface EmptyProps {
  readonly title: string;
  readonly children?: ComponentChildren;
}

/** In place of contents that there are none of: what is missing, and what to do about it. */
export function Empty({ title, children }: EmptyProps) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

/** A data set that is listed but not at hand. */
export function MissingSet({ set }: { readonly set: SetSummary }) {
  return (
    <Empty title={`${set.title} is not at hand.`}>
      <p>{set.missing}</p>
    </Empty>
  );
}
