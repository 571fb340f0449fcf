import type { FloatPicture } from "./pictures.ts";
import type { Likeness, Method, WorkerAnswer, WorkerRequest } from "./protocol.ts";

export interface Course {
  signal?: AbortSignal;
  onProgress?(share: number): void;
}

type Answer<K extends WorkerAnswer["kind"]> = Extract<WorkerAnswer, { kind: K }>;
type Asked = WorkerRequest extends infer R ? (R extends { id: number } ? Omit<R, "id"> : never) : never;

let worker: Worker | undefined;
let lastId = 0;

/** A picture with seeded noise, and how far from the clean one that takes it. */
export const addNoise = (clean: FloatPicture, sigma: number, seed: number): Promise<Answer<"noise">> =>
  ask<"noise">({ kind: "noise", clean, sigma, seed } as Asked, {});

/** The picture without its noise, by one method. Rejects with the signal's reason when it is aborted. */
export const removeNoise = (
  request: { method: Method; sigma: number; noisy: FloatPicture; clean?: FloatPicture },
  course: Course,
): Promise<Answer<"done">> => ask<"done">({ kind: "run", ...request } as Asked, course);

/** Reads a file of weights; the network is then at hand for {@link removeNoise}. */
export async function openNetwork(file: File): Promise<Answer<"network">> {
  return ask<"network">({ kind: "network", bytes: await file.arrayBuffer(), name: file.name } as Asked, {});
}

function ask<K extends WorkerAnswer["kind"]>(
  request: Asked,
  { signal, onProgress }: Course,
): Promise<Answer<K>> {
  worker ??= new Worker(new URL("./denoise.worker.ts", import.meta.url), { type: "module" });
  const engine = worker;
  const id = ++lastId;
  return new Promise((resolve, reject) => {
    const abort = (): void => engine.postMessage({ kind: "abort", id });
    const listen = ({ data }: MessageEvent<WorkerAnswer>): void => {
      if (data.id !== id) return;
      if (data.kind === "progress") {
        onProgress?.(data.done / data.total);
        return;
      }
      engine.removeEventListener("message", listen);
      signal?.removeEventListener("abort", abort);
      if (data.kind !== "failed") resolve(data as Answer<K>);
      else reject(data.aborted ? signal?.reason : new Error(data.message));
    };
    engine.addEventListener("message", listen);
    signal?.addEventListener("abort", abort);
    engine.postMessage({ ...request, id });
  });
}

export type { Likeness };
