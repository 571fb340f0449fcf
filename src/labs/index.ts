/**
 * Studies from end to end, each one command and one report. They run on Node only.
 *
 * @module
 */
import { runAnnLab } from "./ann/lab.ts";
import { runBooksLab } from "./books/lab.ts";
import { runClipLab } from "./clip/lab.ts";
import { runDenoiseLab } from "./denoise/lab.ts";
import { runDigitsLab } from "./digits/lab.ts";
import { runEmojiLab } from "./emoji/lab.ts";
import { runFashionLab } from "./fashion/lab.ts";
import { runGeoLab } from "./geo/lab.ts";
import { runMusicLab } from "./music/lab.ts";
import type { LabOptions, LabResult } from "./options.ts";
import { runPhotosLab } from "./photos/lab.ts";
import { runRelaxationLab } from "./relaxation/lab.ts";
import { runSiameseLab } from "./siamese/lab.ts";
import { runTheoryLab } from "./theory/lab.ts";
import { runWordsLab } from "./words/lab.ts";

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
  ann: {
    summary:
      "every family of indexes on the same data: search time, recall, size, build time, and when each pays",
    run: runAnnLab,
  },
  books: {
    summary:
      "books by links and by readers, with and without a neighbour layer; books near a title (--query)",
    run: runBooksLab,
  },
  clip: {
    summary: "emoji pictures and their names in one space: pictures for any text (--query)",
    run: runClipLab,
  },
  denoise: {
    summary:
      "Set12 and BSD68 without their noise: every method at hand, beside what was published (--weights)",
    run: runDenoiseLab,
  },
  digits: {
    summary: "handwritten digits told by their nearest in pixels",
    run: runDigitsLab,
  },
  emoji: {
    summary: "neighbours, groups and styles of 9,000 emoji drawings, by their pixels",
    run: runEmojiLab,
  },
  fashion: {
    summary: "clothes told by their nearest: raw pixels against features that a small network learns",
    run: runFashionLab,
  },
  geo: {
    summary: "elevation, time zones and house values told by the nearest places on the globe",
    run: runGeoLab,
  },
  music: {
    summary: "artists, films and books recommended by factorisation, against popularity and item neighbours",
    run: runMusicLab,
  },
  photos: {
    summary: "photographs beside their nearest: by pixels, and by 128 features that a network learns",
    run: runPhotosLab,
  },
  relaxation: {
    summary: "neighbours taken softly: what the weights do as t falls, and metrics learned through them",
    run: runRelaxationLab,
  },
  siamese: {
    summary:
      "the same emoji in a style never seen: pixels against a network trained on pairs, triplets, N pairs",
    run: runSiameseLab,
  },
  theory: {
    summary: "what theory says of neighbours, held against experiments: each claim with its numbers",
    run: runTheoryLab,
  },
  words: {
    summary: "most similar words and sums of words, exhaustively and approximately",
    run: runWordsLab,
  },
};
