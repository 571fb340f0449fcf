import { type Context, Hono } from "hono";
import { vectorChunks } from "../../data/index.ts";
import { refuse, refuseError } from "../problem.ts";
import type { SetDetails } from "../protocol.ts";
import type { DataSet, LoadedSet, SetOptions, Vectors } from "./dataSet.ts";
import { createLibrary, isMissing, type SetLibrary } from "./library.ts";
import { sheetCount, sheetPng, sheetsOf } from "./sheets.ts";

/** How long browsers keep pictures, which do not change while a server runs. */
const PICTURES_CACHE = "private, max-age=600";

/** What the server says of data sets, below /api/sets. Names are looked up; none becomes a path. */
export function setRoutes(options: SetOptions, library: SetLibrary = createLibrary(options)): Hono {
  const app = new Hono();
  app.get("/index.json", async (context) => context.json(await library.list()));

  app.get("/:set/set.json", (context) =>
    withSet(context, library, async (set, loaded) => context.json(detailsOf(set, loaded))),
  );

  app.get("/:set/sheets/:sheet{[0-9]+\\.png}", (context) =>
    withSet(context, library, async (_, { pictures, count }) => {
      const sheet = Number.parseInt(context.req.param("sheet")!, 10);
      if (pictures === undefined || sheet >= sheetCount(count)) return notThere(context);
      const png = await sheetPng(pictures, count, sheet);
      const headers = { "content-type": "image/png", "cache-control": PICTURES_CACHE };
      return context.body(new Uint8Array(png), 200, headers);
    }),
  );

  app.get("/:set/features/:file{.+\\.npy}", (context) =>
    withSet(context, library, async (_, { features }) => {
      const name = context.req.param("file")!.replace(/\.npy$/, "");
      const vectors = features.find((feature) => feature.name === name)?.vectors();
      return vectors === undefined ? notThere(context) : npyAnswer(context, vectors);
    }),
  );
  return app;
}

/** What pages are told of a set. */
export function detailsOf({ name, title, kind }: DataSet, loaded: LoadedSet): SetDetails {
  const { count, note, titles, properties, credits, pictures, features } = loaded;
  return {
    ...{ name, title, kind, count, note, properties, credits },
    ...(titles === undefined ? {} : { titles }),
    ...(pictures === undefined ? {} : { sheets: sheetsOf(pictures) }),
    features: features.map((feature) => feature.describe()),
  };
}

/** Answers with the set named in the path, or says why it is not there. */
async function withSet(
  context: Context,
  library: SetLibrary,
  answer: (set: DataSet, loaded: LoadedSet) => Promise<Response>,
): Promise<Response> {
  const set = library.find(context.req.param("set") ?? "");
  if (set === undefined) return notThere(context);
  try {
    return await answer(set, await library.open(set));
  } catch (error) {
    if (!isMissing(error)) throw error;
    return refuseError(context, error);
  }
}

function notThere(context: Context): Response {
  return refuse(context, "NOT_FOUND", `There is nothing at ${context.req.path}; see /api/sets/index.json.`);
}

/** Vectors as a file of NumPy's, sent piece by piece. */
function npyAnswer(context: Context, vectors: Vectors): Response {
  const chunks = vectorChunks(vectors, "npy")[Symbol.iterator]();
  const head = chunks.next().value as Uint8Array;
  const { rows, cols, data } = vectors;
  let next: Uint8Array | undefined = head;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (next === undefined) controller.close();
      else controller.enqueue(next);
      next = chunks.next().value as Uint8Array | undefined;
    },
  });
  return context.body(stream, 200, {
    "content-type": "application/octet-stream",
    "content-length": String(head.length + rows * cols * data.BYTES_PER_ELEMENT),
    "cache-control": "no-cache",
  });
}
