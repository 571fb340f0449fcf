/**
 * Our side of the denoising bench, in a process of its own: commands come as lines, one JSON line answers each; see
 * ../process.mjs. The argument is the number of threads. Networks have weights of their initialisation: the time does
 * not depend on them, and nobody's file is needed.
 */
import * as apply from "../../../dist/apply/index.js";
import { createTape } from "../../../dist/autodiff/index.js";
import { answerCommands, timeSteps } from "../answer.mjs";
import { CASES, LARGE, SIGMA } from "./cases.mjs";

const threads = Number(process.argv[2]);

/** Waves and edges, with noise. */
function picture(side) {
  const clean = Float32Array.from({ length: side * side }, (_, i) => {
    const [y, x] = [Math.floor(i / side), i % side];
    const edge = (Math.floor(x / 37) + Math.floor(y / 29)) % 2;
    return 0.3 + 0.2 * edge + 0.15 * Math.sin((x * (1 + y / side)) / 5);
  });
  return { data: apply.addNoise(clean, SIGMA, 1), rows: side, cols: side, stride: side };
}

const NETWORKS = { dncnn: apply.dncnn, n3net: apply.n3net };

function networkOf(method) {
  const make = NETWORKS[method];
  if (make === undefined) return {};
  const tape = createTape();
  const { parameters } = make(tape);
  const bytes = apply.saveDenoisingNetwork(parameters, { kind: method, sigma: SIGMA });
  tape.dispose();
  return { network: apply.loadDenoisingNetwork(bytes) };
}

let step = () => 0;

const commands = {
  prepare(name) {
    const { side, method } = [...CASES, LARGE].find((each) => each.name === name);
    const image = picture(side);
    const options = { method, sigma: SIGMA, threads, ...networkOf(method) };
    step = () => apply.denoise(image, options).data[0];
    return {};
  },
  time: (seconds) => timeSteps(step, Number(seconds)),
  /** The most that the process ever held. */
  memory: () => ({ bytes: process.resourceUsage().maxRSS * 1024 }),
};

await answerCommands(commands);
process.exit(0);
