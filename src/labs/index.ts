/**
 * Studies from end to end, each one command and one report. They run on Node only.
 *
 * @module
 */
import { runEmojiLab } from "./emoji/lab.ts";
import type { LabOptions, LabResult } from "./options.ts";

export { type EmojiOptions, type EmojiSet, loadEmoji } from "./emoji/dataset.ts";
export type { LabOptions, LabResult } from "./options.ts";
export { runStart, type StartResult, type StartResults } from "./start.ts";

/** A study that can be run by name. */
export interface Lab {
  /** One line for the list of studies. */
  readonly summary: string;
  run(options?: LabOptions): Promise<LabResult>;
}

/** All studies by name. */
export const LABS: Readonly<Record<string, Lab>> = {
  emoji: {
    summary: "neighbours, groups and styles of 9,000 emoji drawings, by their pixels",
    run: runEmojiLab,
  },
};
