import { Hono } from "hono";
import { z } from "zod";
import { checkEntry } from "../../evaluate/index.ts";
import { runHeavy } from "../heavy/run.ts";
import { Refusal } from "../refusal.ts";
import { readRequest } from "../request.ts";
import type { SetContext } from "../sets/context.ts";
import { spaceOf } from "../sets/neighboursRoute.ts";

/** Values of one parameter. */
const MOST_VALUES = 100;

const REQUEST = z.strictObject({
  set: z.string(),
  feature: z.string(),
  metric: z.string(),
  k: z.int().min(1).max(100),
  queries: z.int().min(1).max(5000),
  indexes: z
    .array(
      z.strictObject({
        index: z.string().max(200),
        params: z.record(z.string().max(50), z.array(z.number()).max(MOST_VALUES)),
      }),
    )
    .min(1)
    .max(32),
});

/** POST /api/sweeps: measures indexes on a set, as a job. */
export function sweepRoutes({ library, jobs, limits }: SetContext): Hono {
  const app = new Hono();
  app.post("/", async (context) => {
    const asked = await readRequest(context, REQUEST, limits);
    const set = library.find(asked.set);
    if (set === undefined) {
      throw new Refusal("NOT_FOUND", `There is no set "${asked.set}"; see /api/sets/index.json.`);
    }
    const { vectors, metric, name } = spaceOf(
      set,
      await library.open(set),
      asked.feature,
      asked.metric,
    ).space;
    const { k, queries, indexes: entries } = asked;
    // Refused now rather than by the job; of vectors only their shape counts, which is that of float32 in the job.
    for (const entry of entries) checkEntry(entry, { ...vectors, data: new Float32Array() }, metric);
    const job = jobs.start(`sweep over ${name}`, (run) =>
      runHeavy("sweepIndexes", { vectors, metric, k, queries, entries }, run),
    );
    return context.json({ job }, 202);
  });
  return app;
}
