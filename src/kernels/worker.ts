// The program of a worker as a file of its own, for pages whose content security policy forbids workers from
// blobs. Pass to init() as workerFactory, in a browser with a bundler:
//   () => new Worker(new URL("vicinal/worker", import.meta.url), { type: "module" })
// and in Node: () => new Worker(new URL(import.meta.resolve("vicinal/worker"))).
import { workerPort } from "#platform";
import { teamMain } from "./team-main.ts";
import { workerMain } from "./worker-main.ts";

const port = workerPort();
if (port !== null) {
  workerMain(port);
  teamMain(port);
}
