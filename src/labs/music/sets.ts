import { VicinalError } from "../../core/index.ts";
import { type Interactions, interactions, type Triple } from "../../learn/index.ts";
import { delimited } from "../delimited.ts";
import { findTexts, readTexts, type TextSet } from "../textFiles.ts";

/** What is said of a set, and how models are judged by it. */
interface Described {
  readonly name: string;
  readonly title: string;
  /** What counts as an interaction and what was left out. */
  readonly note: string;
  /** What the items are, in the plural. */
  readonly things: string;
  /** Items whose similar ones are shown. */
  readonly shown: readonly string[];
  /** Lists of items for whose owner something is recommended. */
  readonly persons: readonly (readonly string[])[];
  /** Whether values differ, so that weighing them means something. */
  readonly counted: boolean;
  /** Items of each user that settings are chosen by: the more, the fewer users there are. */
  readonly validations: number;
  /** Items held out of each user, one after another, in a full run. */
  readonly repeats: number;
}

/** Who listened to, watched or read what. */
export interface MusicSet extends Described {
  readonly x: Interactions;
  /** Name of each item. */
  readonly names: readonly string[];
}

interface Source extends Described, TextSet {
  /** User, item and value by their keys, and the names of items. */
  read(texts: readonly string[]): { entries: [string, string, number][]; names: Map<string, string> };
}

/** Users with fewer items and items with fewer users tell too little to be judged by. */
export const LEAST_ITEMS = 10;
export const LEAST_USERS = 5;

const SOURCES: readonly Source[] = [
  {
    name: "lastfm",
    title: "Last.fm: listeners and artists",
    note: "An interaction is an artist that a listener played; its value is the number of plays.",
    things: "artists",
    folders: ["lastfm/hetrec2011-lastfm-2k", "hetrec2011-lastfm-2k", "lastfm"],
    files: ["user_artists.dat", "artists.dat"],
    fix: "unpack hetrec2011-lastfm-2k.zip from https://grouplens.org/datasets/hetrec-2011/ there",
    shown: ["2Pac", "Notorious B.I.G.", "Dr. Dre", "Florence + the Machine"],
    persons: [
      ["2Pac", "Notorious B.I.G.", "Dr. Dre"],
      ["Florence + the Machine", "Björk"],
      ["Sigur Rós", "múm"],
    ],
    counted: true,
    validations: 1,
    repeats: 5,
    read: ([plays, artists]) => ({
      entries: delimited(plays!, "\t")
        .filter(([user]) => /^\d+$/.test(user!))
        .map(([user, artist, weight]) => [user!, artist!, Number(weight)]),
      names: new Map(delimited(artists!, "\t").map(([id, name]) => [id!, name!])),
    }),
  },
  {
    name: "movielens",
    title: "MovieLens: viewers and films",
    note: "An interaction is a film rated 4 or more of 5; other ratings are left out, and values play no part.",
    things: "films",
    folders: ["movielens/ml-latest-small", "ml-latest-small", "movielens"],
    files: ["ratings.csv", "movies.csv"],
    fix: "unpack ml-latest-small.zip from https://grouplens.org/datasets/movielens/ there",
    shown: [
      "Toy Story (1995)",
      "Matrix, The (1999)",
      "Godfather, The (1972)",
      "Amelie (Fabuleux destin d'Amélie Poulain, Le) (2001)",
    ],
    persons: [
      ["Alien (1979)", "Blade Runner (1982)"],
      ["Toy Story (1995)", "Finding Nemo (2003)"],
    ],
    counted: false,
    validations: 3,
    repeats: 5,
    read: ([ratings, films]) => ({
      entries: delimited(ratings!, ",")
        .slice(1)
        .filter(([, , rating]) => Number(rating) >= 4)
        .map(([user, film]) => [user!, film!, 1]),
      names: new Map(delimited(films!, ",").map(([id, name]) => [id!, name!])),
    }),
  },
  {
    name: "goodbooks",
    title: "goodbooks-10k: readers and books",
    note: "An interaction is a book that a reader rated, of the first 3,000 books and readers; how well is not known.",
    things: "books",
    folders: ["books/goodbooks-10k", "goodbooks-10k"],
    files: ["interactions_3k.tsv.gz", "books.csv"],
    fix: "put interactions_3k.tsv.gz (user_id and book_id, tab-separated) and books.csv there",
    shown: [],
    persons: [["Dune (Dune Chronicles #1)", "Neuromancer"]],
    counted: false,
    validations: 1,
    repeats: 3,
    read: ([pairs, books]) => {
      const lines = delimited(books!, ",");
      const [id, title] = ["book_id", "title"].map((column) => lines[0]!.indexOf(column));
      return {
        entries: delimited(pairs!, "\t")
          .slice(1)
          .map(([user, book]) => [user!, book!, 1]),
        names: new Map(lines.slice(1).map((line) => [line[id!]!, line[title!]!])),
      };
    },
  },
];

export const MUSIC_SETS: readonly string[] = SOURCES.map(({ name }) => name);

/** The folder of a set. @throws VicinalError DATASET_MISSING */
export const findMusicSet = (name: string, dataDir?: string): Promise<string> =>
  findTexts(SOURCES.find((one) => one.name === name)!, dataDir);

/**
 * A set from the data folders, without users and items of whom too little is known.
 *
 * @throws VicinalError DATASET_MISSING, FORMAT
 */
export async function loadMusicSet(name: string, dataDir?: string): Promise<MusicSet> {
  const source = SOURCES.find((one) => one.name === name)!;
  const texts = await readTexts(source, dataDir);
  const { entries, names } = source.read(texts);
  const kept = core(entries);
  if (kept.length === 0) {
    throw new VicinalError("FORMAT", {
      what: source.files[0]!,
      rule: `users with ${LEAST_ITEMS} items and items with ${LEAST_USERS} users`,
    });
  }
  const users = numbered(kept.map(([user]) => user));
  const items = numbered(kept.map(([, item]) => item));
  const triples = kept.map(([user, item, value]): Triple => [users.get(user)!, items.get(item)!, value]);
  const { title, note, things, shown, persons, counted, validations, repeats } = source;
  const all = `${distinct(entries, 0)} people and ${distinct(entries, 1)} ${things}`;
  return {
    name,
    title,
    things,
    shown,
    persons,
    counted,
    validations,
    repeats,
    note: `${note} Of ${all}, those with ${LEAST_ITEMS} ${things} or more and ${LEAST_USERS} people or more stay.`,
    x: interactions(triples, { users: users.size, items: items.size }),
    names: [...items.keys()].map((key) => names.get(key) ?? `no. ${key}`),
  };
}

/** Entries left when users and items with too few are taken out until none is left. */
function core(entries: [string, string, number][]): [string, string, number][] {
  let left = entries.filter(([, , value]) => value > 0);
  for (;;) {
    const [perUser, perItem] = [tally(left, 0), tally(left, 1)];
    const next = left.filter(([u, i]) => perUser.get(u)! >= LEAST_ITEMS && perItem.get(i)! >= LEAST_USERS);
    if (next.length === left.length) return left;
    left = next;
  }
}

function tally(entries: [string, string, number][], column: 0 | 1): Map<string, number> {
  const counts = new Map<string, number>();
  for (const entry of entries) counts.set(entry[column], (counts.get(entry[column]) ?? 0) + 1);
  return counts;
}

const distinct = (entries: [string, string, number][], column: 0 | 1): string =>
  tally(entries, column).size.toLocaleString("en-US");

const numbered = (keys: readonly string[]): Map<string, number> =>
  new Map([...new Set(keys)].map((key, i) => [key, i]));
