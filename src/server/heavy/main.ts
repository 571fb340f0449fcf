import { parentPort, workerData } from "node:worker_threads";
import { isVicinalError, type Progress } from "../../core/index.ts";
import type { HeavyMessage } from "./run.ts";
import { HEAVY_TASKS, type HeavyName, type HeavyTask } from "./tasks.ts";

/** More reports of progress than this are of no use to anyone, milliseconds apart. */
const REPORT_MS = 30;

const { name, input } = workerData as { name: HeavyName; input: unknown };
const say = (message: HeavyMessage): void => parentPort!.postMessage(message);

let last = 0;
let said: Progress["phase"] | undefined;
const onProgress = (progress: Progress): void => {
  const now = performance.now();
  const tellsMore = "report" in progress;
  if (now - last < REPORT_MS && progress.phase === said && !tellsMore) return;
  last = now;
  said = progress.phase;
  say({ progress });
};

try {
  const task = HEAVY_TASKS[name] as HeavyTask<unknown, unknown>;
  say({ result: await task(input, { onProgress }) });
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  say({ failed: isVicinalError(error) ? { message, code: error.code, params: error.params } : { message } });
}
