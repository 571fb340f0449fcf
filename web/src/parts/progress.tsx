import type { JobProgress } from "../../../src/server/protocol.ts";
import { Button } from "./button.tsx";
import "./progress.css";

interface ProgressProps {
  /** What is being done; the work itself says at which part of it. */
  readonly what: string;
  readonly progress?: JobProgress | undefined;
  onCancel?(): void;
}

/** How far a long work is, and the way to stop it. */
export function Progress({ what, progress, onCancel }: ProgressProps) {
  const known = progress !== undefined && progress.total > 0;
  const share = known ? Math.min(1, progress.done / progress.total) : 0;
  return (
    <div class="progress">
      <div class="progress-words">
        <span>
          {what}
          {progress === undefined ? "" : `: ${progress.phase}`} …
        </span>
        {known && <span class="number">{Math.round(100 * share)} %</span>}
      </div>
      <progress aria-label={what} {...(known ? { max: 1, value: share } : {})} />
      {onCancel && <Button onClick={onCancel}>Cancel</Button>}
    </div>
  );
}
