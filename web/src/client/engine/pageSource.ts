import type { NeighboursAnswer, NeighboursRequest, SetDetails } from "../../../../src/server/protocol.ts";
import { keepLast } from "../keep.ts";
import { readingSource } from "../server.ts";
import { type Source, SourceError, type Waiting } from "../source.ts";
import { averaged } from "./averaged.ts";
import type { FromEngine, ToEngine } from "./messages.ts";

interface Task {
  readonly waiting: Waiting;
  resolve(answer: NeighboursAnswer): void;
  reject(error: unknown): void;
}

/** Sets whose vectors a page may hold, in numbers. */
const MOST_NUMBERS = 60e6;
/** Sheets of pictures that are fetched before they are wanted. */
const MOST_SHEETS = 16;

/**
 * Everything in the page: sets are read as files once, from the server or from a folder of the same layout, and the
 * same engine searches them in a worker. What was loaded goes on working without a network.
 */
export function pageSource(): Source {
  const reading = readingSource(true);
  const engine = startEngine();
  const held = keepLast<void>(64);

  async function hold(set: string, feature: string, waiting: Waiting): Promise<void> {
    const details = await reading.details(set);
    const columns = details.features.find(({ name }) => name === feature)?.dimension ?? 0;
    if (details.count * columns > MOST_NUMBERS) throw tooLarge(details);
    const vectors = await reading.vectors(set, feature, waiting);
    engine.tell({ kind: "hold", space: `${set}/${feature}`, vectors }, [vectors.data.buffer]);
    keepPictures(details);
  }

  /** Sheets that were not shown yet are fetched as well, so that they are there without a network. */
  function keepPictures({ name, count, sheets }: SetDetails): void {
    const many = Math.ceil(count / (sheets?.perSheet ?? count));
    if (sheets === undefined || many > MOST_SHEETS) return;
    for (let n = 0; n < many; n++) void reading.sheet(name, n).catch(() => undefined);
  }

  /** A picture from outside becomes a vector where vectors are pictures. */
  async function withVector(set: string, request: NeighboursRequest): Promise<NeighboursRequest> {
    if (request.pixels === undefined) return request;
    const { features, sheets } = await reading.details(set);
    const to = features.find(({ name }) => name === request.feature)?.pixels;
    if (to === undefined || sheets === undefined) throw needsServer("Pictures from outside in this space");
    const { pixels, ...rest } = request;
    return { ...rest, vector: averaged(pixels, sheets.side, to.side, to.channels) };
  }

  return {
    engine: "page",
    ...reading,
    async neighbours(set, request, waiting = {}) {
      const space = `${set}/${request.feature}`;
      // Loading is shared by all who wait for it: an abort ends the waiting alone.
      const loading = held(space, () => hold(set, request.feature, { onProgress: waiting.onProgress }));
      await unlessAborted(loading, waiting.signal);
      return engine.neighbours(space, await withVector(set, request), waiting);
    },
    run: () => Promise.reject(needsServer("This")),
  };
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}

function needsServer(what: string): SourceError {
  return new SourceError("NEEDS_SERVER", `${what} needs the server; start it with: vicinal serve`);
}

function tooLarge({ title }: SetDetails): SourceError {
  return new SourceError(
    "LIMIT",
    `${title} is too large for the page's own engine; choose the server above.`,
  );
}

function startEngine() {
  const tasks = new Map<number, Task>();
  let last = 0;
  let worker: Worker | undefined;

  function tell(message: ToEngine, transfer: Transferable[] = []): void {
    worker ??= startWorker(tasks);
    worker.postMessage(message, transfer);
  }

  function neighbours(
    space: string,
    request: NeighboursRequest,
    waiting: Waiting,
  ): Promise<NeighboursAnswer> {
    const task = ++last;
    waiting.signal?.addEventListener("abort", () => {
      const waited = tasks.get(task);
      tasks.delete(task);
      tell({ kind: "stop", task });
      waited?.reject(waiting.signal!.reason);
    });
    return new Promise((resolve, reject) => {
      tasks.set(task, { waiting, resolve, reject });
      tell({ kind: "neighbours", task, space, request });
    });
  }
  return { tell, neighbours };
}

function startWorker(tasks: Map<number, Task>): Worker {
  const worker = new Worker(new URL("./engine.worker.ts", import.meta.url), { type: "module" });
  worker.addEventListener("message", ({ data }: MessageEvent<FromEngine>) => {
    const task = tasks.get(data.task);
    if (data.kind === "progress") task?.waiting.onProgress?.(data.progress);
    else {
      tasks.delete(data.task);
      if (data.kind === "answer") task?.resolve(data.answer);
      else task?.reject(new SourceError(data.code, data.message));
    }
  });
  worker.addEventListener("error", (event) => {
    for (const task of tasks.values())
      task.reject(new SourceError("INTERNAL", event.message || "The engine did not start."));
    tasks.clear();
  });
  return worker;
}
