import { useEffect, useRef, useState } from "preact/hooks";

/** What a worker made of an input. */
export interface Worked<In, Out> {
  readonly input: In;
  readonly output: Out;
}

interface Desk<In> {
  readonly worker: Worker;
  busy: In | undefined;
  waiting: In | undefined;
}

/**
 * The worker's answer to the latest input it got to; undefined before the first. While it computes, only the newest
 * input waits, so that dragging never queues up.
 */
export function useWorked<In, Out>(start: () => Worker, input: In): Worked<In, Out> | undefined {
  const [worked, setWorked] = useState<Worked<In, Out>>();
  const [failed, setFailed] = useState<string>();
  const desk = useRef<Desk<In>>(undefined);
  useEffect(() => {
    const worker = start();
    const here: Desk<In> = { worker, busy: undefined, waiting: undefined };
    desk.current = here;
    worker.onmessage = ({ data }: MessageEvent<Out>) => {
      setWorked({ input: here.busy!, output: data });
      here.busy = here.waiting;
      here.waiting = undefined;
      if (here.busy !== undefined) worker.postMessage(here.busy);
    };
    worker.onerror = (event) => setFailed(event.message);
    return () => worker.terminate();
  }, []);
  useEffect(() => {
    const here = desk.current!;
    if (here.busy !== undefined) here.waiting = input;
    else here.worker.postMessage((here.busy = input));
  }, [input]);
  if (failed !== undefined) throw new Error(`The worker of this picture failed: ${failed}`);
  return worked;
}
