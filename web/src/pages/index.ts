import type { ComponentType } from "preact";

/** A page of the app: one row in {@link PAGES}, one folder, loaded when it is first opened. */
export interface Page {
  /** Its address: #/name */
  readonly name: string;
  readonly title: string;
  /** What one does there, in a few words. */
  readonly purpose: string;
  load(): Promise<{ default: ComponentType }>;
}

export const PAGES: readonly Page[] = [
  {
    name: "explore",
    title: "Explore",
    purpose: "Pick something and see what is near it",
    load: () => import("./explore/page.tsx"),
  },
  {
    name: "map",
    title: "Map",
    purpose: "A whole data set at a glance",
    load: () => import("./map/page.tsx"),
  },
  {
    name: "bench",
    title: "Bench",
    purpose: "Recall against speed, measured here",
    load: () => import("./bench/page.tsx"),
  },
  {
    name: "ideas",
    title: "Ideas",
    purpose: "How neighbours are found and used",
    load: () => import("./ideas/page.tsx"),
  },
  {
    name: "denoise",
    title: "Denoise",
    purpose: "Pictures without their noise",
    load: () => import("./denoise/page.tsx"),
  },
  {
    name: "recommend",
    title: "Recommend",
    purpose: "Books and artists near others",
    load: () => import("./recommend/page.tsx"),
  },
];
