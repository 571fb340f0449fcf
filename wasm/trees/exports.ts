// Exact trees as TypeScript calls them.
export { growPieces, splitRange } from "./split";
export { kdFill, kdUnite } from "./kdfill";
export { kdQuery } from "./kdsearch";
export { kdWithin } from "./kdwithin";
export { arrangeQueries } from "./arrange";
