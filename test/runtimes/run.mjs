// The scenario in a runtime with files: node, deno or bun. Prints its facts as JSON.
// Arguments: a folder to write to, and "workerFile" to start workers from vicinal/worker, or "module" to hand
// over a compiled module, which rules threads out.
import * as vicinal from "vicinal";
import * as autodiff from "vicinal/autodiff";
import { buildGraph, digest, failure, scenario } from "./scenario.mjs";

const [folder, mode] = process.argv.slice(2);
let started = 0;
if (mode === "workerFile") {
  const { Worker } = await import("node:worker_threads");
  await vicinal.init({
    workerFactory: () => {
      started++;
      return new Worker(new URL(import.meta.resolve("vicinal/worker")));
    },
  });
}
if (mode === "module") {
  const { readFile } = await import("node:fs/promises");
  const bytes = await readFile(new URL(import.meta.resolve("vicinal/wasm/vicinal.wasm")));
  await vicinal.init({ module: await WebAssembly.compile(bytes) });
}
const facts = await scenario(vicinal, autodiff, { threads: 2 });
const index = await buildGraph(vicinal, 2);
await index.save(`${folder}/graph.vic`);
const saved = await vicinal.open(`${folder}/graph.vic`);
const missing = await failure(() => vicinal.open(`${folder}/none.vic`));
process.stdout.write(
  JSON.stringify({ ...facts, saved: await digest(saved.toBytes()), missing: missing?.code, started }),
);
