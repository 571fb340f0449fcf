/** How far a search goes: a parameter of some kinds of index, and values worth trying. */
export interface Dial {
  readonly name: string;
  /** What one sets with it, in plain words. */
  readonly about: string;
  readonly stops: readonly number[];
}

export interface OfferedIndex {
  readonly spec: string;
  readonly title: string;
  /** How it finds neighbours, in a sentence. */
  readonly about: string;
}

const EF: Dial = {
  name: "efSearch",
  about: "candidates kept on the way through the graph",
  stops: [10, 15, 20, 30, 50, 80, 120, 200, 400],
};
const NPROBE: Dial = {
  name: "nprobe",
  about: "lists looked into",
  stops: [1, 2, 3, 4, 6, 8, 12, 16, 24, 32],
};
const SEARCH_K: Dial = {
  name: "searchK",
  about: "candidates collected from the trees",
  stops: [20, 50, 100, 200, 400, 800, 1600, 3200],
};
const LEAVES: Dial = {
  name: "maxLeaves",
  about: "leaves of the tree looked into",
  stops: [1, 2, 4, 8, 16, 32, 64, 128, 256],
};

const DIALS: readonly [RegExp, Dial][] = [
  [/^(HNSW|NNDESCENT|ANNG|ONNG|VAMANA|QG)/i, EF],
  [/(^|,)\s*(IVF|SCANN)/i, NPROBE],
  [/^RPFOREST/i, SEARCH_K],
  [/^(KD|BALL)TREE/i, LEAVES],
];

/** The one parameter that the page lets one set for an index, if it has one. */
export function dialOf(spec: string): Dial | undefined {
  return DIALS.find(([pattern]) => pattern.test(spec.trim()))?.[1];
}

/** Lists of an inverted file over that many rows: about the square root, as a power of two. */
function listsFor(count: number): number {
  return 2 ** Math.max(3, Math.round(Math.log2(Math.sqrt(count))));
}

/** Indexes worth trying on a set of that size; any other can be typed. */
export function offeredIndexes(count: number): OfferedIndex[] {
  const lists = listsFor(count);
  return [
    {
      spec: `IVF${lists},Flat`,
      title: `IVF${lists},Flat · lists`,
      about: "Rows are sorted into lists by nearness; it looks only into the lists nearest to the query.",
    },
    {
      spec: "HNSW16",
      title: "HNSW16 · graph",
      about: "It walks from row to row along links, always to where it is nearer.",
    },
    {
      spec: "HNSW16,SQ7,Refine",
      title: "HNSW16,SQ7,Refine · graph, codes",
      about: "It walks a graph by rows rounded to 7 bits, then compares the best exactly.",
    },
    {
      spec: "ScaNN",
      title: "ScaNN · lists, codes",
      about: "It scores short codes in a few lists, then compares the best exactly.",
    },
    {
      spec: "RPForest50",
      title: "RPForest50 · random trees",
      about: "Each tree cuts space by random planes; rows that share leaves with the query are compared.",
    },
    {
      spec: "NNDescent30",
      title: "NNDescent30 · graph",
      about: "It walks a graph in which every row is linked to its own nearest rows.",
    },
    {
      spec: "KDTree",
      title: "KDTree · exact tree",
      about: "It cuts space along one component at a time and leaves out what cannot hold anything nearer.",
    },
    {
      spec: "RaBitQ",
      title: "RaBitQ · one bit each",
      about: "It compares all rows, but each only by the signs of its rotated components.",
    },
  ];
}
