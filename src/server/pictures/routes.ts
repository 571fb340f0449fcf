import { Hono } from "hono";
import type { PictureList } from "../protocol.ts";
import { Refusal } from "../refusal.ts";
import { type Sample, samplePictures } from "./samples.ts";

/** /api/pictures: grey pictures to try denoisers on, each read or drawn when first asked for. */
export function pictureRoutes({ dataDir }: { readonly dataDir?: string }): Hono {
  const app = new Hono();
  const kept = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

  app.get("/index.json", async (context) => {
    const pictures = (await samplePictures(dataDir)).map(({ name, title }) => ({ name, title }));
    return context.json({ pictures } satisfies PictureList);
  });

  app.get("/:file{.+\\.png}", async (context) => {
    const name = context.req.param("file").replace(/\.png$/, "");
    const sample = (await samplePictures(dataDir)).find((each) => each.name === name);
    if (sample === undefined) {
      const detail = `There is no picture ${context.req.path}; see /api/pictures/index.json.`;
      throw new Refusal("NOT_FOUND", detail);
    }
    const headers = { "content-type": "image/png", "cache-control": "private, max-age=600" };
    return context.body(await loaded(sample), 200, headers);
  });
  return app;

  function loaded(sample: Sample): Promise<Uint8Array<ArrayBuffer>> {
    const known = kept.get(sample.name);
    if (known !== undefined) return known;
    const loading = sample.load();
    kept.set(sample.name, loading);
    loading.catch(() => kept.delete(sample.name));
    return loading;
  }
}
