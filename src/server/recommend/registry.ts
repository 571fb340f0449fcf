import { BOOKS } from "./books.ts";
import { LISTENERS } from "./listeners.ts";
import type { Shelf } from "./shelf.ts";

/** All shelves, the first one first; those not at hand are listed with why. */
export const SHELVES: readonly Shelf[] = [BOOKS, ...LISTENERS];
