// The scenario in a page. The address says what to do; the outcome is left in globalThis.outcome.

import * as vicinal from "vicinal";
import { init, open } from "vicinal";
import * as autodiff from "vicinal/autodiff";
import { failure, opened, scenario } from "./scenario.mjs";
import { startWorker } from "./start-worker.mjs";

const asked = new URLSearchParams(location.search);
let started = 0;

async function run() {
  if (asked.has("initUrl")) await init({ url: asked.get("initUrl") });
  if (asked.has("workerFile")) {
    await init({
      workerFactory: () => {
        started++;
        return startWorker(asked.get("workerFile"));
      },
    });
  }
  const facts = await scenario(vicinal, autodiff, { threads: 2 });
  const sent = await opened(vicinal, await fetch("/graph.vic"));
  const packed = await opened(vicinal, await fetch("/graph.vic?gzip"));
  const byUrl = await failure(() =>
    open(new URL("/graph.vic", location.href)).then((index) => index.close()),
  );
  const byPath = await failure(() => open("/graph.vic"));
  return { facts, sent, packed, byUrl, byPath: byPath?.code, started, isolated: crossOriginIsolated };
}

async function compileOnly() {
  return { failure: await failure(() => vicinal.build([[1, 2]])), init: await failure(() => init()) };
}

globalThis.outcome = (asked.has("compileOnly") ? compileOnly() : run()).catch((error) => ({
  error: String(error?.stack ?? error),
}));
