import { measure, type News, type Task } from "./measure.ts";

/** Sends all news of one task, then null; ended from outside when nobody wants it any more. */
addEventListener("message", ({ data }: MessageEvent<Task>) => {
  for (const news of measure(data)) postMessage(news satisfies News);
  postMessage(null);
});
