import type { DataSet } from "./dataSet.ts";
import { EMOJI, EMOJI_TWEMOJI } from "./emoji.ts";
import { FASHION, MNIST } from "./greyPictures.ts";
import { WORDS } from "./words.ts";

/** All sets that pages can show, the first one first; those not at hand are listed with why. */
export const DATA_SETS: readonly DataSet[] = [EMOJI, EMOJI_TWEMOJI, FASHION, MNIST, ...WORDS];
