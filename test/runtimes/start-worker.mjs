/** A worker from a file, written as bundlers understand it: the package's own, or one that imports it. */
export function startWorker(way) {
  if (way === "own") return new Worker(new URL("./own-worker.mjs", import.meta.url), { type: "module" });
  return new Worker(new URL("vicinal/worker", import.meta.url), { type: "module" });
}
