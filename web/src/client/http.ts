import { signal } from "@preact/signals";
import type { JobProgress, JobStarted, Problem } from "../../../src/server/protocol.ts";
import { readEvents } from "./events.ts";
import { isAbort, SourceError, type Waiting } from "./source.ts";

/** True from a request that nobody answered until one is answered again. */
export const serverLost = signal(false);

/** Asks the reader for the server's key. */
export interface KeyQuestion {
  /** Whether a key was given before, and was not the one. */
  readonly wrong: boolean;
  /** Called with the key, or with nothing to give up. */
  answer(key?: string): void;
}

/** Present while requests wait for the reader to type the server's key. */
export const keyWanted = signal<KeyQuestion | undefined>(undefined);

let admission: Promise<boolean> | undefined;
let sessions = 0;

/** One request to the server, relative to the page. @throws SourceError with the code of the server's refusal, or LOST */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  for (;;) {
    const before = sessions;
    const response = await reach(path, init);
    if (response.ok) return response;
    if (response.status !== 401) throw await refusal(response);
    // A session opened while this was under way is tried before the reader is asked again.
    if (sessions === before && !(await admitted())) throw await refusal(response);
  }
}

/** Opens a session with the key that the reader types; false where none is given. All who wait share one question. */
function admitted(): Promise<boolean> {
  admission ??= askForKey().finally(() => {
    admission = undefined;
  });
  return admission;
}

async function askForKey(): Promise<boolean> {
  for (let wrong = false; ; wrong = true) {
    const key = await new Promise<string | undefined>((answer) => {
      keyWanted.value = { wrong, answer };
    });
    keyWanted.value = undefined;
    if (key === undefined) return false;
    // The key itself is not kept: the server answers with a cookie that no script can read.
    const headers = { authorization: `Bearer ${key}` };
    if ((await reach("./api/session", { method: "POST", headers })).ok) {
      sessions++;
      return true;
    }
  }
}

/** Asks the server for a sign of life; whether there was one. */
export async function retryServer(): Promise<boolean> {
  const answer = await reach("./healthz", { cache: "no-store" }).catch(() => undefined);
  return answer?.ok === true;
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    const response = await fetch(path, init);
    serverLost.value = false;
    return response;
  } catch (error) {
    if (isAbort(error) || init.signal?.aborted) throw error;
    serverLost.value = true;
    throw new SourceError("LOST", "The server does not answer; start it again, then retry.", {
      cause: error,
    });
  }
}

async function refusal(response: Response): Promise<SourceError> {
  const problem = (await response.json().catch(() => ({}))) as Partial<Problem>;
  return new SourceError(
    problem.code ?? `HTTP_${response.status}`,
    problem.detail ?? `The server answered ${response.status} for ${new URL(response.url).pathname}.`,
  );
}

/** JSON of something that is only read. */
export async function getJson<T>(path: string, waiting: Waiting = {}): Promise<T> {
  const response = await settled(path, {}, waiting);
  return (await response.json()) as T;
}

/** Bytes of something that is only read, with progress in bytes. */
export async function getBytes(path: string, waiting: Waiting = {}): Promise<ArrayBuffer> {
  const response = await settled(path, {}, waiting);
  return readBytes(response, waiting);
}

/** Asks by POST for something that may first have to be made. */
export async function ask<T>(path: string, body: unknown, waiting: Waiting = {}): Promise<T> {
  const response = await settled(path, posted(body), waiting);
  return (await response.json()) as T;
}

/** POSTs JSON; follows the job to its result when the answer is that one was started. */
export async function post<T>(path: string, body: unknown, waiting: Waiting = {}): Promise<T> {
  const response = await request(path, { ...posted(body), ...signalOf(waiting) });
  if (response.status !== 202) return (await response.json()) as T;
  const { job } = (await response.json()) as JobStarted;
  return followJob<T>(job, waiting);
}

const posted = (body: unknown): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});
const signalOf = ({ signal }: Waiting): RequestInit => (signal === undefined ? {} : { signal });

/** An answer that may first have to be made, part by part: each job is waited for, then it is asked for again. */
async function settled(path: string, init: RequestInit, waiting: Waiting): Promise<Response> {
  for (;;) {
    const response = await request(path, { ...init, ...signalOf(waiting) });
    if (response.status !== 202) return response;
    const { job } = (await response.json()) as JobStarted;
    try {
      await followJob(job, waiting);
    } catch (error) {
      // Somebody else who waited for the same stopped it; whoever still wants it begins it again.
      if (!isAbort(error) || waiting.signal?.aborted) throw error;
    }
  }
}

/** Listens to a job until it ends; an abort stops the job itself. */
async function followJob<T>(job: string, { signal, onProgress }: Waiting): Promise<T> {
  const stop = (): void => {
    void request(`./api/jobs/${job}`, { method: "DELETE" }).catch(() => undefined);
  };
  signal?.addEventListener("abort", stop);
  try {
    signal?.throwIfAborted();
    const response = await request(`./api/jobs/${job}/events`, { ...(signal && { signal }) });
    for await (const { event, data } of readEvents(response.body!)) {
      if (event === "progress") onProgress?.(JSON.parse(data) as JobProgress);
      if (event === "result") return JSON.parse(data) as T;
      if (event === "failed") throw problemError(JSON.parse(data) as Problem);
      if (event === "aborted") throw new DOMException("The work was stopped.", "AbortError");
    }
    throw new SourceError("LOST", "The server stopped telling of the work before it was done; try again.");
  } catch (error) {
    if (signal?.aborted) stop();
    throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

function problemError({ code, detail }: Problem): SourceError {
  return new SourceError(code, detail);
}

async function readBytes(response: Response, { onProgress }: Waiting): Promise<ArrayBuffer> {
  const total = Number(response.headers.get("content-length") ?? 0);
  const counted = total >= 1 << 20 && !response.headers.has("content-encoding");
  if (onProgress === undefined || !counted || response.body === null) return response.arrayBuffer();
  const bytes = new Uint8Array(total);
  const reader = response.body.getReader();
  for (let done = 0; ; ) {
    const part = await reader.read();
    if (part.done) return bytes.buffer;
    bytes.set(part.value, done);
    done += part.value.length;
    onProgress({ phase: "loading", done, total });
  }
}
