import { createRng } from "vicinal/core";
import type { Point } from "../points.ts";
import { ballTree } from "./ballTree.ts";
import { forest } from "./forest.ts";
import { hnsw } from "./hnsw.ts";
import { invertedFile, NLIST } from "./ivf.ts";
import { kdTree } from "./kdTree.ts";
import type { Searcher } from "./trace.ts";

/** A way of searching that can be watched. */
export interface Method {
  readonly name: string;
  readonly title: string;
  readonly says: string;
  /** The dial between speed and recall; exact trees have none. */
  readonly effort?: {
    readonly label: string;
    readonly min: number;
    readonly max: number;
    readonly start: number;
  };
  /** @param seed decides what the structure leaves to chance */
  build(points: readonly Point[], seed: number): Searcher;
}

export const METHODS: readonly Method[] = [
  {
    name: "kdtree",
    title: "k-d tree",
    says: "Boxes are halved at the median, again and again. The search goes down to the query's own box, then back up, and leaves out every box that begins farther away than the neighbours it already has. The answer is exact.",
    build: (points) => kdTree(points),
  },
  {
    name: "balltree",
    title: "Ball tree",
    says: "As the k-d tree, with balls around parts of the points. The distance to a centre, less the radius, bounds what a ball can hold; this needs no axes, only a distance. The answer is exact.",
    build: (points) => ballTree(points),
  },
  {
    name: "forest",
    title: "Random trees",
    says: "Each of three trees cuts the plane by lines half-way between two random points. The query falls into one leaf of each tree; neighbours across a line are missed unless another tree, or a second try, finds them.",
    effort: { label: "Candidates: searchK =", min: 5, max: 100, start: 15 },
    build: (points, seed) => forest(points, createRng(seed, "forest")),
  },
  {
    name: "hnsw",
    title: "Graph (HNSW)",
    says: "Points are linked to a few near ones. Sparse upper layers with long links bring the search close; in the lowest it keeps a beam of the best efSearch points and looks along the links of each, until none leads closer.",
    effort: { label: "Beam: efSearch =", min: 3, max: 40, start: 3 },
    build: (points, seed) => hnsw(points, createRng(seed, "hnsw")),
  },
  {
    name: "ivf",
    title: "Lists (IVF)",
    says: "k-means gathers the points into lists, each around a centre. The search measures the centres first and then only the points of the nprobe nearest lists; what lies across a border is missed if its list stays closed.",
    effort: { label: "Lists opened: nprobe =", min: 1, max: NLIST, start: 1 },
    build: (points, seed) => invertedFile(points, createRng(seed, "ivf")),
  },
];
