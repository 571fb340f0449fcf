import { createRng, type Matrix, permutation } from "../../core/index.ts";
import { UMAP } from "../../learn/index.ts";
import { type Article, type BookSet, normal, type SetName } from "./data.ts";
import { nearestRows } from "./nearest.ts";

// What is shown of the books: who is near whom, and a map.

const SHOWN_NEIGHBOURS = 8;
const SHOWN_GENRES = 8;

export interface Answer {
  readonly title: string;
  /** Nearest books by each model shown, with their cosine. */
  readonly nearest: Readonly<Record<string, readonly { readonly title: string; readonly cosine: number }[]>>;
}

/** Numbers of the books of a title: the whole title, without "(novel)" and the like, or else those that contain it. */
export function booksNamed(titles: readonly string[], asked: string): number[] {
  const wanted = normal(asked);
  const plain = titles.map((title) => normal(title.replace(/\s*\([^)]*\)$/u, "")));
  const whole = titles.flatMap((title, i) => (normal(title) === wanted || plain[i] === wanted ? [i] : []));
  if (whole.length > 0 || wanted === "") return whole;
  return plain.flatMap((title, i) => (title.includes(wanted) ? [i] : []));
}

/** Books whose labels are usual, one of each of the largest genres, for runs in which nobody asks. */
export function exampleTitles(set: BookSet, count: number): string[] {
  return largest(set.properties.genre, count).map(
    (genre) => set.titles[set.properties.genre.indexOf(genre)]!,
  );
}

export function answer(
  book: number,
  titles: readonly string[],
  models: Readonly<Record<string, Matrix<Float32Array>>>,
): Answer {
  const nearest: Record<string, { title: string; cosine: number }[]> = {};
  for (const [name, rows] of Object.entries(models)) {
    const near = nearestRows(rows, Math.min(SHOWN_NEIGHBOURS, rows.rows - 1));
    const k = near.length / rows.rows;
    nearest[name] = Array.from(near.subarray(book * k, (book + 1) * k), (other) => ({
      title: titles[other]!,
      cosine: cosine(rows, book, other),
    }));
  }
  return { title: titles[book]!, nearest };
}

function cosine({ data, cols }: Matrix<Float32Array>, i: number, j: number): number {
  let sum = 0;
  for (let c = 0; c < cols; c++) sum += data[i * cols + c]! * data[j * cols + c]!;
  return sum;
}

function largest(values: readonly string[], count: number): string[] {
  const sizes = new Map<string, number>();
  for (const value of values) if (value !== "") sizes.set(value, (sizes.get(value) ?? 0) + 1);
  return [...sizes]
    .sort((a, b) => b[1] - a[1])
    .slice(0, count)
    .map(([value]) => value);
}

/** Books of the largest genres in the plane. */
export interface BookMap {
  readonly set: SetName;
  readonly arm: "A" | "E";
  readonly classes: readonly {
    readonly name: string;
    readonly points: readonly { x: number; y: number }[];
  }[];
}

export async function bookMap(
  arm: "A" | "E",
  rows: Matrix<Float32Array>,
  set: BookSet,
  options: { seed: number; quick: boolean; signal?: AbortSignal | undefined },
): Promise<BookMap> {
  const { seed, quick, signal } = options;
  const umap = new UMAP({ metric: "cosine", seed, ...(quick ? { nEpochs: 100 } : {}) });
  await umap.fitAsync(rows, signal === undefined ? {} : { signal });
  const { data, cols } = umap.embedding_;
  const genres = largest(set.properties.genre, SHOWN_GENRES);
  const place = (i: number): { x: number; y: number } => ({ x: data[i * cols]!, y: data[i * cols + 1]! });
  const classes = genres.map((genre) => ({
    name: genre,
    points: set.properties.genre.flatMap((own, i) => (own === genre ? [place(i)] : [])),
  }));
  return { set: set.name, arm, classes };
}

/** So many articles drawn by the seed, in the order of the file. */
export function sampleOf(articles: readonly Article[], count: number, seed: number): Article[] {
  const order = permutation(articles.length, createRng(seed, "books sample"));
  const picked = new Set(order.subarray(0, count));
  return articles.filter((_, i) => picked.has(i));
}
