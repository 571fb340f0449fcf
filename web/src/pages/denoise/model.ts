// What the page shows, and the work that brings it about: every change starts anew and stops what was under way.

import { signal } from "@preact/signals";
import {
  drawnPicture,
  type FloatPicture,
  fetchSample,
  listSamples,
  readPicture,
  type Sample,
} from "./pictures.ts";
import type { Likeness, Method } from "./protocol.ts";
import { addNoise, openNetwork, removeNoise } from "./worker.ts";

export interface Estimate {
  readonly method: Method;
  readonly state: "waiting" | "running" | "done" | "failed" | "stopped";
  /** Of the work, from 0 to 1. */
  readonly share: number;
  readonly picture?: FloatPicture;
  readonly likeness?: Likeness;
  readonly milliseconds?: number;
  readonly message?: string;
}

/** Where a picture comes from. */
export type Source =
  | { readonly kind: "drawn" }
  | { readonly kind: "sample"; readonly name: string }
  | { readonly kind: "file"; readonly file: File };

export const samples = signal<readonly Sample[]>([]);
export const source = signal<Source>({ kind: "drawn" });
export const colour = signal(false);
/** Deviation of the noise that is added, or that a picture is said to have. */
export const sigma = signal(25);
export const seed = signal(1);
/** Whether the picture came with its noise: none is added, and there is nothing to compare with. */
export const own = signal(false);
export const chosen = signal<readonly Method[]>(["nlm", "bm3d"]);
export const network = signal<
  { readonly method: Method; readonly name: string; readonly sigma?: number } | undefined
>(undefined);

export const clean = signal<FloatPicture | undefined>(undefined);
export const noisy = signal<FloatPicture | undefined>(undefined);
export const noisyLikeness = signal<Likeness | undefined>(undefined);
export const estimates = signal<readonly Estimate[]>([]);
export const problem = signal<string | undefined>(undefined);

let current = new AbortController();

/** Stops what is under way; what is done stays. */
export function stop(): void {
  current.abort();
  estimates.value = estimates.value.map((each) =>
    each.state === "done" || each.state === "failed" ? each : { ...each, state: "stopped" },
  );
}

/** The samples of the server, and a first picture. */
export async function begin(): Promise<void> {
  samples.value = await listSamples();
  const first = samples.value[0];
  if (first !== undefined && source.value.kind === "drawn")
    source.value = { kind: "sample", name: first.name };
  await load();
}

/** Reads the chosen picture, then works on it. */
export async function load(): Promise<void> {
  problem.value = undefined;
  const wanted = source.value;
  try {
    const picture = await pictureOf(wanted);
    if (source.value !== wanted) return;
    clean.value = picture;
    await work();
  } catch (error) {
    if (source.value === wanted) problem.value = messageOf(error);
  }
}

async function pictureOf(from: Source): Promise<FloatPicture> {
  if (from.kind === "drawn") return drawnPicture();
  if (from.kind === "sample") return fetchSample(from.name, colour.value);
  try {
    return await readPicture(from.file, colour.value);
  } catch {
    throw new Error(`${from.file.name} is not a picture that this browser can read; try PNG, JPEG or WebP.`);
  }
}

/** Adds the noise, and runs the chosen methods one after another. */
export async function work(): Promise<void> {
  stop();
  const picture = clean.value;
  if (picture === undefined) return;
  current = new AbortController();
  const { signal: mine } = current;
  const methods = chosen.value;
  estimates.value = methods.map((method) => ({ method, state: "waiting", share: 0 }));
  if (own.value) {
    noisy.value = picture;
    noisyLikeness.value = undefined;
  } else {
    const made = await addNoise(picture, sigma.value, seed.value);
    if (mine.aborted) return;
    noisy.value = made.noisy;
    noisyLikeness.value = made.likeness;
  }
  for (const method of methods) {
    if (!mine.aborted) await one(method, picture, mine);
  }
}

async function one(method: Method, picture: FloatPicture, mine: AbortSignal): Promise<void> {
  const update = (change: Partial<Estimate>): void => {
    if (mine.aborted) return;
    estimates.value = estimates.value.map((each) => (each.method === method ? { ...each, ...change } : each));
  };
  update({ state: "running" });
  try {
    const request = {
      method,
      sigma: sigma.value,
      noisy: noisy.value!,
      clean: own.value ? undefined : picture,
    };
    const done = await removeNoise(request, { signal: mine, onProgress: (share) => update({ share }) });
    update({
      state: "done",
      share: 1,
      picture: done.estimate,
      likeness: done.likeness,
      milliseconds: done.milliseconds,
    });
  } catch (error) {
    update({ state: "failed", message: messageOf(error) });
  }
}

/** Takes a file of weights, and adds its network to the methods. */
export async function useNetwork(file: File): Promise<void> {
  problem.value = undefined;
  try {
    const { method, sigma: trained } = await openNetwork(file);
    network.value = { method, name: file.name, sigma: trained };
    chosen.value = [...chosen.value.filter((each) => each === "nlm" || each === "bm3d"), method];
    if (trained !== undefined) sigma.value = Math.round(trained);
    await work();
  } catch (error) {
    problem.value = messageOf(error);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
