import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readVectorFile } from "../../src/data/index.ts";
import { type App, createApp } from "../../src/server/index.ts";
import type {
  JobStarted,
  Problem,
  ShelfDetails,
  ShelfList,
  SimilarItems,
} from "../../src/server/protocol.ts";

const ARTISTS = 24;
const USERS = 60;
/** Each listener plays 11 artists of the own half, another one each, and one of the other half. */
const plays = Array.from({ length: USERS }, (_, user) => {
  const half = user % 2;
  const own = Array.from({ length: 12 }, (_, i) => i).filter((i) => i !== (user >> 1) % 12);
  return [...own.map((i) => 12 * half + i), 12 * (1 - half) + (user % 12)];
});

let folder = "";
let app: App;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "vicinal-recommend-"));
  const music = join(folder, "data", "lastfm");
  const books = join(folder, "data", "books", "wikipedia");
  for (const each of [music, books]) mkdirSync(each, { recursive: true });
  const lines = plays.flatMap((artists, user) =>
    artists.map((artist) => `${user + 1}\t${artist + 100}\t${10 + artist}`),
  );
  writeFileSync(join(music, "user_artists.dat"), lines.join("\n"));
  const names = Array.from({ length: ARTISTS }, (_, artist) => `${artist + 100}\tArtist ${artist}`);
  writeFileSync(join(music, "artists.dat"), names.join("\n"));
  const articles = Array.from({ length: 30 }, (_, book) => {
    const kind = book % 3;
    const links = Array.from({ length: 12 }, (_, l) => `Page ${kind}.${l}`).filter(
      (_, l) => (l + book) % 4 !== 0,
    );
    return JSON.stringify([`Book ${book}`, { author: `Writer ${kind}` }, links]);
  });
  writeFileSync(join(books, "p15_books.ndjson"), articles.join("\n"));
  const cacheDir = join(folder, "cache");
  app = await createApp({ webFiles: new Map(), dataDir: join(folder, "data"), cacheDir });
});
afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true, force: true });
});

async function settled(path: string): Promise<Response> {
  for (;;) {
    const answer = await app.request(path);
    if (answer.status !== 202) return answer;
    const outcome = await app.jobs.outcome(((await answer.json()) as JobStarted).job);
    expect(outcome.event, JSON.stringify(outcome.data)).toBe("result");
  }
}

async function json<T>(path: string): Promise<T> {
  const answer = await settled(path);
  expect(answer.status, path).toBe(200);
  return (await answer.json()) as T;
}

test("shelves that are not at hand are listed with what to do", async () => {
  const { shelves } = await json<ShelfList>("/api/recommend/index.json");
  const named = Object.fromEntries(shelves.map((shelf) => [shelf.name, shelf]));
  expect(named["lastfm"]).toEqual({ name: "lastfm", title: "Artists of Last.fm", thing: "artist" });
  expect(named["wikipedia-books"]!.missing).toBeUndefined();
  if (named["goodbooks"]!.missing !== undefined)
    expect(named["goodbooks"]!.missing).toContain("interactions_3k.tsv.gz");
});

test("what is near an artist is of its half, and why counts the listeners of both", async () => {
  const shelf = await json<ShelfDetails>("/api/recommend/lastfm/shelf.json");
  expect([...shelf.titles].sort()).toEqual(Array.from({ length: ARTISTS }, (_, i) => `Artist ${i}`).sort());
  const numberOf = (item: number): number => Number(shelf.titles[item]!.slice("Artist ".length));
  const listeners = (artist: number): number[] =>
    [...plays.keys()].filter((user) => plays[user]!.includes(artist));
  for (const { name } of shelf.spaces) {
    const path = `/api/recommend/lastfm/similar.json?item=3&space=${name}&k=8`;
    const { items } = await json<SimilarItems>(path);
    expect(items.length).toBe(8);
    const scores = items.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    const own = listeners(numberOf(3));
    for (const { item, why } of items) {
      expect(item).not.toBe(3);
      expect(numberOf(item) >= 12, name).toBe(numberOf(3) >= 12);
      const theirs = listeners(numberOf(item));
      const both = theirs.filter((user) => own.includes(user)).length;
      expect(why).toEqual([`${both} of ${theirs.length} listeners have both`]);
    }
  }
}, 60_000);

test("what is near a book is of its kind, by its author and the pages both link to; all have a place on the map", async () => {
  const shelf = await json<ShelfDetails>("/api/recommend/wikipedia-books/shelf.json");
  expect(shelf.spaces.map(({ name }) => name)).toEqual(["layer", "plain"]);
  const { items } = await json<SimilarItems>(
    "/api/recommend/wikipedia-books/similar.json?item=4&space=layer&k=3",
  );
  for (const { item, why } of items) {
    expect(item % 3).toBe(1);
    expect(why[0]).toBe("author: writer 1");
    expect(why.slice(1).every((link) => link.startsWith("page 1."))).toBe(true);
  }
  const answer = await settled("/api/recommend/wikipedia-books/maps/plain.npy");
  const { data } = await readVectorFile(new Uint8Array(await answer.arrayBuffer()), { format: "npy" });
  expect([data.rows, data.cols]).toEqual([30, 2]);
}, 60_000);

test("unknown shelves, spaces and things are refused", async () => {
  const code = async (path: string): Promise<[number, string]> => {
    const answer = await settled(`/api/recommend/${path}`);
    return [answer.status, ((await answer.json()) as Problem).code];
  };
  expect(await code("none/shelf.json")).toEqual([404, "NOT_FOUND"]);
  expect(await code("lastfm/maps/together.npy")).toEqual([404, "NOT_FOUND"]);
  expect(await code("lastfm/similar.json?item=3&space=none&k=3")).toEqual([404, "NOT_FOUND"]);
  expect(await code("lastfm/similar.json?item=24&space=factors&k=3")).toEqual([400, "OPTION_RANGE"]);
  expect(await code("lastfm/similar.json?item=-1&space=factors&k=3")).toEqual([400, "BAD_INPUT"]);
  expect(await code("lastfm/similar.json?item=1&space=factors&k=1e9")).toEqual([400, "BAD_INPUT"]);
  expect(await code("lastfm/similar.json?space=factors")).toEqual([400, "BAD_INPUT"]);
});
