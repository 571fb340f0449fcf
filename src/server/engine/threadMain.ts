import { parentPort, workerData } from "node:worker_threads";
import type { ServerLimits } from "../limits.ts";
import { Host } from "./host.ts";
import type { ToThread } from "./messages.ts";

// The program of a thread that holds indexes.
if (parentPort !== null) {
  const port = parentPort;
  const host = new Host(
    (message, transfer) => port.postMessage(message, transfer as ArrayBuffer[]),
    workerData as ServerLimits,
  );
  port.on("message", (message: ToThread) => host.hear(message));
}
