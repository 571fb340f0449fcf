import { Hono } from "hono";
import type { JobEvent, Jobs } from "./jobs.ts";

/** Milliseconds after which a silent stream says that it is still there. */
const HEARTBEAT_MS = 15_000;

/** /api/jobs: what is under way, its course as server-sent events, and how to stop it. */
export function jobRoutes(jobs: Jobs): Hono {
  const app = new Hono();
  app.get("/", (context) => context.json({ jobs: jobs.list() }));
  app.get("/:id", (context) => context.json(jobs.status(context.req.param("id"))));
  app.delete("/:id", (context) => {
    jobs.cancel(context.req.param("id"));
    return context.body(null, 204);
  });
  app.get("/:id/events", (context) => {
    const headers = { "content-type": "text/event-stream", "cache-control": "no-store" };
    return context.body(eventStream(jobs, context.req.param("id")), 200, headers);
  });
  return app;
}

/** Events of a job as text; a reader too slow for all of its progress gets less of it. */
function eventStream(jobs: Jobs, id: string): ReadableStream<Uint8Array> {
  jobs.status(id);
  const encoder = new TextEncoder();
  let stop = (): void => {};
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const say = (text: string): void => controller.enqueue(encoder.encode(text));
        const heartbeat = setInterval(() => say(": still under way\n\n"), HEARTBEAT_MS);
        heartbeat.unref();
        let ended = false;
        const leave = jobs.follow(id, (event: JobEvent) => {
          const isOver = event.event !== "progress";
          if (!isOver && (controller.desiredSize ?? 0) <= 0) return;
          say(`event: ${event.event}\ndata: ${JSON.stringify(event.data)}\n\n`);
          if (!isOver) return;
          ended = true;
          clearInterval(heartbeat);
          controller.close();
        });
        if (ended) return;
        stop = () => {
          clearInterval(heartbeat);
          leave();
        };
      },
      cancel: () => stop(),
    },
    { highWaterMark: 64 },
  );
}
