export { chooseEngine, serverThere, source, useEngine } from "./choose.ts";
export { keyWanted, retryServer, serverLost } from "./http.ts";
export { type PicturePlace, placeOf } from "./pictures.ts";
export { listShelves, openShelf, shelfMap, similarItems } from "./shelves.ts";
export { isAbort, type MapMethod, type Source, SourceError, type Vectors, type Waiting } from "./source.ts";
