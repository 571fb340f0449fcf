// Forests of random-projection trees, callable from TypeScript (src/kernels/exports/forest.ts).

import { Scratch } from "../graph/layout";
import { Request } from "../graph/query";
import { choosePlanes, chooseSides, cutNodes } from "./grow";
import { Forest, Growth } from "./layout";
import { searchForest } from "./search";

/** Answers queries begin … end of a request. */
export function forestQuery(s: Scratch, f: Forest, r: Request, begin: i32, end: i32): void {
  searchForest(f, s, r, begin, end);
}

/** Chooses the splits of open nodes begin … end. */
export function forestPlanes(s: Scratch, g: Growth, begin: i32, end: i32): void {
  choosePlanes(g, s.code, begin, end);
}

/** Says for the items of blocks begin … end which side they are on. */
export function forestSides(_s: Scratch, g: Growth, begin: i32, end: i32): void {
  chooseSides(g, begin, end);
}

/** Brings the items of open nodes begin … end into the order of their sides. */
export function forestCut(_s: Scratch, g: Growth, begin: i32, end: i32): void {
  cutNodes(g, begin, end);
}
