// Takes the noise out of pictures, one request at a time. A request may be aborted by its id.

import {
  addNoise,
  type DenoiseOptions,
  type DenoisingNetwork,
  denoiseImage,
  loadDenoisingNetwork,
} from "vicinal/apply";
import { psnr, ssim } from "vicinal/evaluate";
import type { FloatPicture } from "./pictures.ts";
import type { Likeness, WorkerAnswer, WorkerRequest } from "./protocol.ts";

const answer = (message: WorkerAnswer, transfer: Transferable[] = []): void => {
  (self as unknown as Worker).postMessage(message, transfer);
};
const running = new Map<number, AbortController>();
let network: DenoisingNetwork | undefined;

self.addEventListener("message", ({ data }: MessageEvent<WorkerRequest>) => {
  if (data.kind === "abort") {
    running.get(data.id)?.abort();
    return;
  }
  const controller = new AbortController();
  running.set(data.id, controller);
  const work =
    data.kind === "network" ? open(data) : data.kind === "noise" ? noise(data) : run(data, controller.signal);
  work
    .catch((error: unknown) => {
      const aborted = controller.signal.aborted;
      answer({
        kind: "failed",
        id: data.id,
        aborted,
        message: error instanceof Error ? error.message : String(error),
      });
    })
    .finally(() => running.delete(data.id));
});

async function open({ id, bytes, name }: Extract<WorkerRequest, { kind: "network" }>): Promise<void> {
  network = loadDenoisingNetwork(new Uint8Array(bytes), name);
  answer({ kind: "network", id, method: network.weights.kind, sigma: network.sigma });
}

async function noise({ id, clean, sigma, seed }: Extract<WorkerRequest, { kind: "noise" }>): Promise<void> {
  const noisy = { ...clean, data: new Float32Array(addNoise(clean.data, sigma, seed)) };
  answer({ kind: "noise", id, noisy, likeness: likeness(noisy, clean) });
}

async function run(request: Extract<WorkerRequest, { kind: "run" }>, signal: AbortSignal): Promise<void> {
  const { id, method, sigma, noisy, clean } = request;
  if ((method === "dncnn" || method === "n3net") && network === undefined) {
    throw new Error("Networks need a file of weights; choose one first.");
  }
  const start = performance.now();
  const options = {
    method,
    sigma,
    signal,
    onProgress: report(id),
    ...(network && isLearned(method) && { network }),
  };
  const { data } = await denoiseImage(noisy, options as DenoiseOptions);
  const estimate = { ...noisy, data: new Float32Array(data) };
  const milliseconds = performance.now() - start;
  const found = clean === undefined ? undefined : likeness(estimate, clean);
  answer({ kind: "done", id, estimate, milliseconds, likeness: found }, [estimate.data.buffer]);
}

const isLearned = (method: string): boolean => method === "dncnn" || method === "n3net";

function report(id: number): DenoiseOptions["onProgress"] {
  let last = 0;
  return ({ phase, done, total }) => {
    // A page has no use for more than twenty a second.
    if (performance.now() - last < 50) return;
    last = performance.now();
    answer({ kind: "progress", id, phase, done, total });
  };
}

/** PSNR over all channels; SSIM as the mean of its channels. */
function likeness(estimate: FloatPicture, clean: FloatPicture): Likeness {
  const { channels } = clean;
  let sum = 0;
  for (let c = 0; c < channels; c++) sum += ssim(channel(estimate, c), channel(clean, c));
  return { psnr: psnr(estimate.data, clean.data), ssim: sum / channels };
}

function channel({ width, height, channels, data }: FloatPicture, c: number) {
  const out = new Float32Array(width * height);
  for (let i = 0; i < out.length; i++) out[i] = data[i * channels + c]!;
  return { data: out, rows: height, cols: width, stride: width };
}
