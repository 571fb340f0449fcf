import type { RunOptions } from "../../core/index.ts";
import { learnBooks } from "../recommend/learnBooks.ts";
import { learnTaste } from "../recommend/learnTaste.ts";
import { layoutMap } from "../sets/layoutMap.ts";
import { learnEmoji } from "../sets/learnEmoji.ts";
import { learnFashion } from "../sets/learnFashion.ts";
import { sweepIndexes } from "../sweeps/sweep.ts";

/** Work of seconds or minutes on numbers alone: what goes in and out can be sent from thread to thread. */
export type HeavyTask<In = never, Out = unknown> = (input: In, run: RunOptions) => Promise<Out>;

/** All that may run on a thread of its own, by name. */
export const HEAVY_TASKS: {
  readonly layoutMap: typeof layoutMap;
  readonly learnEmoji: typeof learnEmoji;
  readonly learnBooks: typeof learnBooks;
  readonly learnFashion: typeof learnFashion;
  readonly learnTaste: typeof learnTaste;
  readonly sweepIndexes: typeof sweepIndexes;
} = { layoutMap, learnBooks, learnEmoji, learnFashion, learnTaste, sweepIndexes };

export type HeavyName = keyof typeof HEAVY_TASKS;
export type HeavyInput<N extends HeavyName> = Parameters<(typeof HEAVY_TASKS)[N]>[0];
export type HeavyOutput<N extends HeavyName> = Awaited<ReturnType<(typeof HEAVY_TASKS)[N]>>;
