import { useState } from "preact/hooks";
import type { FeatureSpace, JobProgress, SetDetails } from "../../../../src/server/protocol.ts";
import { source } from "../../client/index.ts";
import { Button } from "../../parts/button.tsx";
import { Empty } from "../../parts/empty.tsx";
import { ErrorNote } from "../../parts/errorNote.tsx";
import { seconds } from "../../parts/format.ts";
import { Progress } from "../../parts/progress.tsx";

interface ToMakeProps {
  readonly set: SetDetails;
  readonly space: FeatureSpace;
  onMade(): void;
}

/** A space that has to be learned first. */
export function ToMake({ set, space, onMade }: ToMakeProps) {
  const [work, setWork] = useState<AbortController>();
  const [progress, setProgress] = useState<JobProgress>();
  const [error, setError] = useState<unknown>();
  const make = async (): Promise<void> => {
    const controller = new AbortController();
    setWork(controller);
    setError(undefined);
    const from = source.value;
    try {
      const path = `sets/${encodeURIComponent(set.name)}/features/${encodeURIComponent(space.name)}`;
      await from.run(path, {}, { signal: controller.signal, onProgress: setProgress });
      from.refresh(set.name);
      onMade();
    } catch (failed) {
      setError(failed);
    }
    setWork(undefined);
    setProgress(undefined);
  };
  return (
    <section class="explore-results">
      <Empty title={`${space.title} is not made yet.`}>
        <p>
          {space.note} To make it takes about {seconds(space.toMake!.seconds)}, once; it is kept.
        </p>
        {work === undefined && (
          <Button kind="main" onClick={() => void make()}>
            Make it
          </Button>
        )}
      </Empty>
      {work !== undefined && <Progress what="Learning" progress={progress} onCancel={() => work.abort()} />}
      <ErrorNote error={error} />
    </section>
  );
}
