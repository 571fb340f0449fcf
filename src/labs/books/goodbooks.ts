import { createRng, permutation, VicinalError } from "../../core/index.ts";
import { delimited } from "../delimited.ts";
import { readTexts } from "../textFiles.ts";
import { type BookSet, normal, type Pair } from "./data.ts";

// Books of goodbooks-10k by who read them.

const SET = {
  name: "goodbooks-10k",
  folders: ["books/goodbooks-10k", "goodbooks-10k"],
  files: ["books.csv", "tags.csv", "book_tags.csv.gz", "interactions_3k.tsv.gz"],
  fix: "put books.csv, tags.csv and book_tags.csv.gz of https://github.com/zygmuntz/goodbooks-10k there, and interactions_3k.tsv.gz (user_id and book_id, tab-separated)",
};

/** What its readers say of a book and what the catalogue does; "" where nothing. */
export interface ReadBook {
  readonly title: string;
  /** The first who is named. */
  readonly author: string;
  /** The genre of {@link GENRES} whose shelves readers put the book on most often. */
  readonly genre: string;
  /** Kinds of English are one language. */
  readonly language: string;
}

export interface Reading {
  readonly books: readonly ReadBook[];
  /** Numbers of books that each reader rated. */
  readonly readers: readonly (readonly number[])[];
}

/** Books with fewer readers among those drawn are left out. */
export const LEAST_READERS = 5;

/** Genres and names of readers' shelves that mean them. */
const GENRES: Readonly<Record<string, readonly string[]>> = {
  biography: ["biography", "biographies", "biography-memoir", "autobiography", "memoir", "memoirs"],
  business: ["business", "economics", "leadership"],
  "chick lit": ["chick-lit", "chicklit", "chic-lit"],
  children: ["children", "childrens", "children-s", "children-s-books", "childrens-books", "picture-books"],
  classics: ["classics", "classic"],
  comics: ["comics", "comic-books", "graphic-novel", "graphic-novels", "comics-graphic-novels", "manga"],
  crime: ["crime", "mystery", "mysteries", "mystery-thriller", "detective", "crime-fiction"],
  dystopia: ["dystopia", "dystopian", "post-apocalyptic"],
  erotica: ["erotica", "erotic"],
  fantasy: ["fantasy", "epic-fantasy", "high-fantasy"],
  "historical fiction": ["historical-fiction", "historical"],
  history: ["history", "american-history", "war"],
  horror: ["horror"],
  humour: ["humor", "humour", "comedy"],
  paranormal: ["paranormal", "vampires", "vampire", "urban-fantasy", "paranormal-romance"],
  philosophy: ["philosophy"],
  plays: ["plays", "play", "drama"],
  poetry: ["poetry"],
  politics: ["politics"],
  psychology: ["psychology"],
  religion: ["religion", "christian", "christianity", "spirituality", "spiritual"],
  romance: ["romance", "contemporary-romance"],
  science: ["science"],
  "science fiction": ["science-fiction", "sci-fi", "scifi", "sf"],
  "self-help": ["self-help", "self-improvement", "personal-development"],
  "short stories": ["short-stories", "short-story"],
  thriller: ["thriller", "thrillers", "suspense", "legal-thriller", "espionage"],
  travel: ["travel"],
  "young adult": ["young-adult", "ya", "teen"],
};

/** @throws VicinalError DATASET_MISSING, FORMAT */
export async function loadReading(dataDir?: string): Promise<Reading> {
  const [books, tags, bookTags, pairs] = await readTexts(SET, dataDir);
  return parseReading({ books: books!, tags: tags!, bookTags: bookTags!, pairs: pairs! });
}

/** Texts of the files, each with its line of names. @throws VicinalError FORMAT */
export function parseReading(texts: {
  readonly books: string;
  readonly tags: string;
  readonly bookTags: string;
  readonly pairs: string;
}): Reading {
  const [catalogue, tags, bookTags, pairs] = [
    columns("books.csv", delimited(texts.books, ","), [
      ...["book_id", "goodreads_book_id", "title", "authors", "language_code"],
    ]),
    columns("tags.csv", delimited(texts.tags, ","), ["tag_id", "tag_name"]),
    columns("book_tags.csv", delimited(texts.bookTags, ","), ["goodreads_book_id", "tag_id", "count"]),
    columns("interactions_3k.tsv", delimited(texts.pairs, "\t"), ["user_id", "book_id"]),
  ];
  const genres = genresOf(tags, bookTags);
  const numbers = new Map(catalogue.map(([id], i) => [id!, i]));
  const books = catalogue.map(([, goodreads, title, authors, code]): ReadBook => {
    const author = normal(authors!.split(",")[0]!);
    const language = /^en(g|-|$)/.test(code!) ? "eng" : normal(code!);
    return { title: title!, author, genre: genres.get(goodreads!) ?? "", language };
  });
  const readers = new Map<string, Set<number>>();
  for (const [reader, id] of pairs) {
    const book = numbers.get(id!);
    if (book === undefined) continue;
    const own = readers.get(reader!);
    if (own === undefined) readers.set(reader!, new Set([book]));
    else own.add(book);
  }
  return { books, readers: [...readers.values()].map((own) => [...own]) };
}

/** The wanted columns of lines whose first names them. */
function columns(what: string, lines: readonly string[][], wanted: readonly string[]): string[][] {
  const places = wanted.map((name) => lines[0]?.indexOf(name) ?? -1);
  if (places.includes(-1)) {
    throw new VicinalError("FORMAT", { what, rule: `columns ${wanted.join(", ")}` });
  }
  return lines.slice(1).map((line, i) => {
    if (places.some((at) => line[at] === undefined)) {
      throw new VicinalError("FORMAT", { what: `${what} line ${i + 2}`, rule: `${wanted.length} columns` });
    }
    return places.map((at) => line[at]!);
  });
}

/** The genre of most shelves of each book, by its number at Goodreads. */
function genresOf(tags: readonly string[][], bookTags: readonly string[][]): Map<string, string> {
  const genreOfShelf = new Map(
    Object.entries(GENRES).flatMap(([genre, shelves]) => shelves.map((shelf) => [shelf, genre] as const)),
  );
  const genreOfTag = new Map(tags.map(([id, name]) => [id!, genreOfShelf.get(name!)]));
  const counts = new Map<string, Map<string, number>>();
  for (const [book, tag, count] of bookTags) {
    const genre = genreOfTag.get(tag!);
    if (genre === undefined) continue;
    const own = counts.get(book!) ?? new Map<string, number>();
    counts.set(book!, own.set(genre, (own.get(genre) ?? 0) + Number(count)));
  }
  const most = (own: Map<string, number>): string => [...own].reduce((a, b) => (b[1] > a[1] ? b : a))[0];
  return new Map([...counts].map(([book, own]) => [book, most(own)]));
}

/**
 * Books that enough of so many readers drawn by the seed have read, and these readers as what books are linked with.
 *
 * @throws VicinalError FORMAT when there are none
 */
export function readSet({ books, readers }: Reading, options: { readers: number; seed: number }): BookSet {
  const order = permutation(readers.length, createRng(options.seed, "books readers"));
  const drawn = [...order.subarray(0, options.readers)].sort((a, b) => a - b);
  const times = new Uint32Array(books.length);
  for (const reader of drawn) for (const book of readers[reader]!) times[book]!++;
  const kept = books.flatMap((_, book) => (times[book]! >= LEAST_READERS ? [book] : []));
  if (kept.length === 0) {
    const rule = `books with ${LEAST_READERS} readers or more`;
    throw new VicinalError("FORMAT", { what: "interactions_3k.tsv", rule });
  }
  const place = new Map(kept.map((book, i) => [book, i]));
  const pairs = drawn.flatMap((reader, link) =>
    readers[reader]!.flatMap((own): Pair[] => {
      const book = place.get(own);
      return book === undefined ? [] : [{ book, link, times: 1 }];
    }),
  );
  pairs.sort((a, b) => a.book - b.book || a.link - b.link);
  const of = (name: "author" | "genre" | "language"): string[] => kept.map((book) => books[book]![name]);
  const unknown = kept.map(() => "");
  return {
    name: "goodbooks",
    condition: "all",
    titles: kept.map((book) => books[book]!.title),
    links: drawn.map((reader) => `reader ${reader}`),
    pairs,
    properties: {
      author: of("author"),
      genre: of("genre"),
      country: unknown,
      publisher: unknown,
      language: of("language"),
    },
  };
}
