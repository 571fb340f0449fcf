import { signal } from "@preact/signals";
import { pageSource } from "./engine/pageSource.ts";
import { recall, remember } from "./memory.ts";
import { serverSource } from "./server.ts";
import type { Source } from "./source.ts";

type Engine = Source["engine"];

const KEY = "vicinal.engine";
/** How long a server may take to say that it is there, milliseconds. */
const PATIENCE = 3000;

const sources: { [engine in Engine]?: Source } = {};

function sourceOf(engine: Engine): Source {
  return (sources[engine] ??= engine === "server" ? serverSource() : pageSource());
}

/** What the pages ask. Pages read `source.value` while they render, so that they ask anew when the reader changes it. */
export const source = signal<Source>(sourceOf("server"));

/** Whether there was a server when the page began, and so a choice. */
export const serverThere = signal(true);

/** Takes the reader's choice of engine, or the page's own where there is no server. To be awaited before pages ask. */
export async function chooseEngine(): Promise<void> {
  serverThere.value = await isServerThere();
  const chosen = serverThere.value ? recall(KEY) : "page";
  source.value = sourceOf(chosen === "page" ? "page" : "server");
}

export function useEngine(engine: Engine): void {
  remember(KEY, engine);
  source.value = sourceOf(engine);
}

async function isServerThere(): Promise<boolean> {
  try {
    const answer = await fetch("./healthz", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    // Hosts of files may answer anything with a page.
    return ((await answer.json()) as { status?: string }).status === "ok";
  } catch {
    return false;
  }
}
