import { findMusicSet } from "../../labs/music/sets.ts";
import { type Interactions, rowOf } from "../../learn/index.ts";
import { runHeavy } from "../heavy/run.ts";
import { propertyOf, type SetOptions } from "../sets/dataSet.ts";
import { FACTORS } from "./learnTaste.ts";
import { type LoadedShelf, type LoadedSpace, type Shelf, vectorSpace } from "./shelf.ts";

/** Sets of who has what, as lab music knows them. */
interface Kind {
  readonly name: string;
  readonly title: string;
  readonly thing: string;
  /** Those who have things, in the plural. */
  readonly people: string;
  readonly credit: string;
}

const KINDS: readonly Kind[] = [
  {
    name: "lastfm",
    title: "Artists of Last.fm",
    thing: "artist",
    people: "listeners",
    credit: "HetRec 2011 Last.fm data set, GroupLens; non-commercial research",
  },
  {
    name: "movielens",
    title: "Films of MovieLens",
    thing: "film",
    people: "viewers",
    credit: "MovieLens latest small, GroupLens (Harper & Konstan 2015)",
  },
  {
    name: "goodbooks",
    title: "Books of goodbooks-10k",
    thing: "book",
    people: "readers",
    credit: "goodbooks-10k, Zygmunt Zając (2017), CC BY-SA 4.0",
  },
];

export const LISTENERS: readonly Shelf[] = KINDS.map((kind) => ({
  name: kind.name,
  title: kind.title,
  thing: kind.thing,
  find: async ({ dataDir }) => void (await findMusicSet(kind.name, dataDir)),
  load: (options) => load(kind, options),
}));

async function load({ name, thing, people, credit }: Kind, options: SetOptions): Promise<LoadedShelf> {
  const { dataDir, signal, onProgress } = options;
  const learned = await runHeavy("learnTaste", { name, dataDir }, { signal, onProgress });
  const { note, names, x, factors, similar } = learned;
  const owners = ownersOf(x);
  return {
    note,
    titles: names,
    properties: [
      propertyOf(
        people,
        owners.map(({ size }) => bandOf(size)),
        BANDS.map(([, text]) => text),
      ),
    ],
    credits: [credit],
    spaces: [
      vectorSpace(
        {
          name: "factors",
          title: "Factorisation",
          note: `Cosine of ${FACTORS} numbers for each ${thing}, learned so that they tell who has what.`,
        },
        factors,
      ),
      neighbourSpace(
        {
          name: "together",
          title: `Shared ${people}`,
          note: `Cosine of the lists of ${people}, lowered where few are shared.`,
        },
        similar,
      ),
    ],
    shared(a, b) {
      const both = [...owners[a]!].filter((user) => owners[b]!.has(user)).length;
      if (both === 0) return [];
      return [`${both} of ${owners[b]!.size} ${people} have both`];
    },
  };
}

/** Nearness as it was counted, without rows. */
function neighbourSpace(
  facts: Pick<LoadedSpace, "name" | "title" | "note">,
  similar: Interactions,
): LoadedSpace {
  return {
    ...facts,
    nearest(item, k) {
      const { items, values } = rowOf(similar, item);
      return Array.from(items, (other, i) => ({ item: other, score: values[i]! }))
        .filter((each) => each.item !== item)
        .sort((a, b) => b.score - a.score || a.item - b.item)
        .slice(0, k);
    },
  };
}

/** Who has each thing. */
function ownersOf(x: Interactions): Set<number>[] {
  const owners = Array.from({ length: x.items }, () => new Set<number>());
  for (let user = 0; user < x.users; user++) {
    for (const item of rowOf(x, user).items) owners[item]!.add(user);
  }
  return owners;
}

const BANDS: readonly (readonly [most: number, text: string])[] = [
  [9, "up to 9"],
  [24, "10 to 24"],
  [74, "25 to 74"],
  [199, "75 to 199"],
  [Number.POSITIVE_INFINITY, "200 or more"],
];

const bandOf = (count: number): string => BANDS.find(([most]) => count <= most)![1];
