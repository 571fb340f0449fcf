import { signal } from "@preact/signals";
import { serverSource } from "./server.ts";
import type { Source } from "./source.ts";

export { keyWanted, retryServer, serverLost } from "./http.ts";
export { type PicturePlace, placeOf } from "./pictures.ts";
export { listShelves, openShelf, shelfMap, similarItems } from "./shelves.ts";
export { isAbort, type MapMethod, type Source, SourceError, type Vectors, type Waiting } from "./source.ts";

/** What the pages ask. Pages read `source.value` while they render, so that they ask anew when the reader changes it. */
export const source = signal<Source>(serverSource());
