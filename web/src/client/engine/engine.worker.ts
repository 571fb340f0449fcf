import { isVicinalError } from "vicinal";
import { answer, type Space, spaceOf } from "./answer.ts";
import type { FromEngine, ToEngine } from "./messages.ts";

// The engine in the page: Vicinal in a worker, so that the page stays responsive while an index is built.

const spaces = new Map<string, Space>();
const under = new Map<number, AbortController>();
const say = (message: FromEngine): void => postMessage(message);

addEventListener("message", ({ data }: MessageEvent<ToEngine>) => {
  if (data.kind === "hold") spaces.set(data.space, spaceOf(data.space, data.vectors));
  else if (data.kind === "stop") under.get(data.task)?.abort();
  else {
    const controller = new AbortController();
    under.set(data.task, controller);
    void find(data, controller);
  }
});

type Asked = ToEngine & { kind: "neighbours" };

async function find({ task, space, request }: Asked, controller: AbortController): Promise<void> {
  try {
    const waiting = {
      signal: controller.signal,
      onProgress: (progress: { phase: string; done: number; total: number }) =>
        say({ kind: "progress", task, progress }),
    };
    say({ kind: "answer", task, answer: await answer(spaces.get(space)!, request, waiting) });
  } catch (error) {
    const code = isVicinalError(error) ? error.code : controller.signal.aborted ? "ABORTED" : "INTERNAL";
    say({ kind: "failed", task, code, message: error instanceof Error ? error.message : String(error) });
  } finally {
    under.delete(task);
  }
}
