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
    name: "regions",
    title: "Asking the neighbours",
    docs: ["estimators.md", "Estimators"],
    load: () => import("./regions/regions.tsx"),
  },
  {
    name: "voronoi",
    title: "Who is nearest where",
    docs: ["how-it-works.md", "How it works"],
    load: () => import("./voronoi/voronoi.tsx"),
  },
  {
    name: "metrics",
    title: "Ways to measure",
    docs: ["linear-metrics.md", "Linear metrics"],
    load: () => import("./metrics/metrics.tsx"),
  },
  {
    name: "search",
    title: "How indexes search",
    docs: ["how-it-works.md", "How it works"],
    load: () => import("./search/search.tsx"),
  },
  {
    name: "tradeoff",
    title: "Recall against speed",
    docs: ["tuning.md", "Choosing and tuning"],
    load: () => import("./tradeoff/tradeoff.tsx"),
  },
  {
    name: "codes",
    title: "Short codes",
    docs: ["quantization.md", "Codes"],
    load: () => import("./codes/codes.tsx"),
  },
  {
    name: "curse",
    title: "Many dimensions",
    docs: ["lab-theory.md", "Theory, checked"],
    load: () => import("./curse/curse.tsx"),
  },
  {
    name: "soft",
    title: "Soft neighbours",
    docs: ["neural-neighbours.md", "Neural nearest neighbours"],
    load: () => import("./soft/soft.tsx"),
  },
];
