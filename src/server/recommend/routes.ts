import { type Context, Hono } from "hono";
import { z } from "zod";
import { VicinalError } from "../../core/index.ts";
import { runHeavy } from "../heavy/run.ts";
import { Made, soon } from "../made.ts";
import type { ShelfDetails, ShelfList, ShelfSummary, SimilarItems } from "../protocol.ts";
import { Refusal } from "../refusal.ts";
import type { SetContext } from "../sets/context.ts";
import { npyAnswer } from "../sets/files.ts";
import { isMissing } from "../sets/library.ts";
import { SHELVES } from "./registry.ts";
import type { LoadedShelf, LoadedSpace, Shelf } from "./shelf.ts";

const MOST_K = 200;

const SIMILAR = z.object({
  item: z.coerce.number().int().min(0),
  space: z.string(),
  k: z.coerce.number().int().min(1).max(MOST_K),
});

/** /api/recommend: things like a thing, on the shelves that are at hand. */
export function recommendRoutes(sets: SetContext, shelves: readonly Shelf[] = SHELVES): Hono {
  const { options, jobs, maps } = sets;
  const loaded = new Made<LoadedShelf>(jobs, { most: shelves.length, size: () => 1 });
  const app = new Hono();

  app.get("/index.json", async (context) => {
    const list: ShelfList = { shelves: await Promise.all(shelves.map((shelf) => summarise(shelf, options))) };
    return context.json(list);
  });

  app.get("/:shelf/shelf.json", (context) =>
    withShelf(context, async ({ name, title, thing }, shelf) => {
      const { note, titles, properties, credits } = shelf;
      const spaces = shelf.spaces.map((space) => ({
        ...{ name: space.name, title: space.title, note: space.note },
        map: space.vectors !== undefined,
      }));
      const details: ShelfDetails = { name, title, thing, note, titles, properties, spaces, credits };
      return context.json(details);
    }),
  );

  app.get("/:shelf/similar.json", (context) =>
    withShelf(context, async (_, shelf) => {
      const { item, space, k } = readQuery(context);
      if (item >= shelf.titles.length) {
        const rule = `0 to ${shelf.titles.length - 1}`;
        throw new VicinalError("OPTION_RANGE", { option: "item", got: item, rule });
      }
      const near = spaceNamed(context, shelf, space).nearest(item, k);
      const items = near.map((each) => ({ ...each, why: shelf.shared(item, each.item) }));
      return context.json({ items } satisfies SimilarItems);
    }),
  );

  app.get("/:shelf/maps/:file{.+\\.npy}", (context) =>
    withShelf(context, async ({ name }, shelf) => {
      const space = spaceNamed(context, shelf, context.req.param("file").replace(/\.npy$/, ""));
      const { vectors } = space;
      if (vectors === undefined) throw notThere(context);
      const key = `shelf-${name}-${space.name}`;
      const known = maps.get(key);
      if (known !== undefined) return npyAnswer(context, known);
      const input = {
        vectors,
        method: "umap",
        metric: "cosine",
        name: key,
        cacheDir: options.cacheDir,
      } as const;
      const making = maps.make(key, `map of ${name}`, (run) => runHeavy("layoutMap", input, run));
      const map = await soon(making);
      return map === undefined ? context.json({ job: making.job }, 202) : npyAnswer(context, map);
    }),
  );
  return app;

  /** Answers of a shelf that is learned; before that the job that learns it. */
  async function withShelf(
    context: Context,
    answer: (shelf: Shelf, loaded: LoadedShelf) => Promise<Response>,
  ): Promise<Response> {
    const shelf = shelves.find(({ name }) => name === context.req.param("shelf"));
    if (shelf === undefined) throw notThere(context);
    const known = loaded.get(shelf.name);
    if (known !== undefined) return answer(shelf, known);
    await shelf.find(options);
    const making = loaded.make(shelf.name, `learn ${shelf.title}`, (run) =>
      shelf.load({ ...options, ...run }),
    );
    const made = await soon(making);
    return made === undefined ? context.json({ job: making.job }, 202) : answer(shelf, made);
  }
}

async function summarise(shelf: Shelf, options: SetContext["options"]): Promise<ShelfSummary> {
  const { name, title, thing } = shelf;
  try {
    await shelf.find(options);
    return { name, title, thing };
  } catch (error) {
    if (!isMissing(error)) throw error;
    return { name, title, thing, missing: error.message };
  }
}

function readQuery(context: Context): z.infer<typeof SIMILAR> {
  const read = SIMILAR.safeParse(context.req.query());
  if (read.success) return read.data;
  const { path, message } = read.error.issues[0]!;
  throw new VicinalError("BAD_INPUT", { what: path.join("."), got: "not accepted", rule: message });
}

function spaceNamed(context: Context, { spaces }: LoadedShelf, name: string): LoadedSpace {
  const space = spaces.find((each) => each.name === name);
  if (space === undefined) throw notThere(context);
  return space;
}

function notThere(context: Context): Refusal {
  return new Refusal("NOT_FOUND", `There is nothing at ${context.req.path}; see /api/recommend/index.json.`);
}
