import { type Context, Hono } from "hono";
import { soon } from "../made.ts";
import type { SetDetails } from "../protocol.ts";
import { Refusal } from "../refusal.ts";
import type { SetContext } from "./context.ts";
import type { DataSet, Feature, LoadedSet } from "./dataSet.ts";
import { npyAnswer } from "./files.ts";
import type { MapMethod } from "./layoutMap.ts";
import type { SetLibrary } from "./library.ts";
import { mapOf } from "./maps.ts";
import { answerNeighbours } from "./neighboursRoute.ts";
import { sheetCount, sheetPng, sheetsOf } from "./sheets.ts";

/** How long browsers keep pictures, which do not change while a server runs. */
const PICTURES_CACHE = "private, max-age=600";

/** What the server says of data sets, below /api/sets. Names are looked up; none becomes a path. */
export function setRoutes(sets: SetContext): Hono {
  const { library } = sets;
  const app = new Hono();
  app.get("/index.json", async (context) => context.json(await library.list()));

  app.get("/:set/set.json", async (context) => {
    const { set, loaded } = await opened(context, library);
    return context.json(detailsOf(set, loaded));
  });

  app.get("/:set/sheets/:sheet{[0-9]+\\.png}", async (context) => {
    const { pictures, count } = (await opened(context, library)).loaded;
    const sheet = Number.parseInt(context.req.param("sheet"), 10);
    if (pictures === undefined || sheet >= sheetCount(count)) throw notThere(context);
    const png = await sheetPng(pictures, count, sheet);
    const headers = { "content-type": "image/png", "cache-control": PICTURES_CACHE };
    return context.body(png, 200, headers);
  });

  app.get("/:set/features/:file{.+\\.npy}", async (context) => {
    const { loaded } = await opened(context, library);
    const name = context.req.param("file").replace(/\.npy$/, "");
    const vectors = featureNamed(context, loaded, name).vectors();
    if (vectors === undefined) throw notThere(context);
    return npyAnswer(context, vectors);
  });

  app.post("/:set/features/:feature", async (context) => {
    const { set, loaded } = await opened(context, library);
    return makeFeature(context, sets, set, featureNamed(context, loaded, context.req.param("feature")));
  });

  app.get("/:set/maps/:file{.+\\.(?:umap|pca)\\.npy}", async (context) => {
    const { set, loaded } = await opened(context, library);
    const [, name, method] = /^(.+)\.(umap|pca)\.npy$/.exec(context.req.param("file"))!;
    const feature = featureNamed(context, loaded, name!);
    const found = mapOf(sets.maps, set, feature, method as MapMethod, sets.options.cacheDir);
    if (found === undefined) throw notThere(context);
    if (!("job" in found)) return npyAnswer(context, found);
    const map = await soon(found);
    return map === undefined ? context.json({ job: found.job }, 202) : npyAnswer(context, map);
  });

  app.post("/:set/neighbours", async (context) => {
    const { set, loaded } = await opened(context, library);
    return answerNeighbours(context, sets, set, loaded);
  });
  return app;
}

/** Starts the job that makes a feature; of one that is there, nothing is left to do. */
function makeFeature(
  context: Context,
  { features, options }: SetContext,
  set: DataSet,
  feature: Feature,
): Response {
  if (feature.make === undefined || feature.vectors() !== undefined) return context.json({ made: true });
  const { title } = feature.describe();
  const { job } = features.make(
    `${set.name}/${feature.name}`,
    `make ${title} of ${set.title}`,
    async (run) => {
      await feature.make!({ ...options, ...run });
      return true;
    },
  );
  return context.json({ job }, 202);
}

/** What pages are told of a set. */
function detailsOf({ name, title, kind }: DataSet, loaded: LoadedSet): SetDetails {
  const { count, note, titles, properties, credits, pictures, features } = loaded;
  return {
    ...{ name, title, kind, count, note, properties, credits },
    ...(titles === undefined ? {} : { titles }),
    ...(pictures === undefined ? {} : { sheets: sheetsOf(pictures) }),
    features: features.map((feature) => feature.describe()),
  };
}

/** The set named in the path. Throws Refusal NOT_FOUND, DATASET_MISSING, DEPENDENCY_MISSING. */
async function opened(context: Context, library: SetLibrary): Promise<{ set: DataSet; loaded: LoadedSet }> {
  const set = library.find(context.req.param("set") ?? "");
  if (set === undefined) throw notThere(context);
  return { set, loaded: await library.open(set) };
}

function featureNamed(context: Context, { features }: LoadedSet, name: string): Feature {
  const feature = features.find((each) => each.name === name);
  if (feature === undefined) throw notThere(context);
  return feature;
}

function notThere(context: Context): Refusal {
  return new Refusal("NOT_FOUND", `There is nothing at ${context.req.path}; see /api/sets/index.json.`);
}
