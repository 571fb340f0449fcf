import type { ComponentType } from "preact";

/** One idea: a row here, a folder beside this file, loaded when it is first opened. */
export interface IdeaEntry {
  /** Its address: #/ideas?idea=name */
  readonly name: string;
  readonly title: string;
  /** The page of docs/ that goes deeper, and what it is called. */
  readonly docs: readonly [file: string, title: string];
  load(): Promise<{ default: ComponentType }>;
}

export const IDEAS: readonly IdeaEntry[] = [
  {
    name: "voronoi",
    title: "Who is nearest where",
    docs: ["how-it-works.md", "How it works"],
    load: () => import("./voronoi/voronoi.tsx"),
  },
];
