import { isAbort } from "../client/index.ts";
import { Button } from "./button.tsx";
import "./errorNote.css";

interface ErrorNoteProps {
  readonly error: unknown;
  onRetry?(): void;
}

/** What the same question would be refused for again. */
const FOR_GOOD = /^(SPEC_|OPTION_|METRIC_|BAD_|DIM_|UNSUPPORTED|LIMIT|NEEDS_SERVER|DATASET_)/;

/** What went wrong, in the words of whoever noticed: value, rule, fix. Nothing for work that was merely stopped. */
export function ErrorNote({ error, onRetry }: ErrorNoteProps) {
  if (error === undefined || isAbort(error)) return null;
  const code =
    typeof error === "object" && error !== null && "code" in error ? String(error.code) : undefined;
  return (
    <div class="error-note" role="alert">
      <p>
        {error instanceof Error ? error.message : String(error)}
        {code !== undefined && <code> {code}</code>}
      </p>
      {onRetry && !FOR_GOOD.test(code ?? "") && <Button onClick={onRetry}>Try again</Button>}
    </div>
  );
}
