/**
 * Our side of the learning bench, in a process of its own: commands come as lines, one JSON line answers each; see
 * ../process.mjs. Arguments: the folder with the cases' arrays, and the number of threads.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as ad from "../../../dist/autodiff/index.js";
import { answerCommands, timeSteps } from "../answer.mjs";
import { CASES } from "./cases.mjs";

const [folder, threads] = [process.argv[2], Number(process.argv[3])];

/** Sum of squares over n, as PyTorch's mse_loss. */
const meanSquare = (a, b) => ad.mean(ad.square(ad.sub(a, b)));

/** Each gives the loss of a step, or the output, from its parameters p by name and its inputs. */
const NETWORKS = {
  mlp: (p, { x, target }) => meanSquare(ad.linear(ad.relu(ad.linear(x, p.w0, p.b0)), p.w1, p.b1), target),
  convnet(p, { x, target }) {
    const first = ad.relu(ad.convolve(x, p.w0, { bias: p.b0 }));
    const second = ad.maxPool(ad.relu(ad.convolve(first, p.w1, { bias: p.b1 })), 2);
    return meanSquare(ad.linear(ad.reshape(second, [64, -1]), p.w2, p.b2), target);
  },
  dncnn6: (p, { x, target }, running) => meanSquare(denoise(p, x, running, 6), target),
  dncnn17: (p, { x }, running) => denoise(p, x, running, 17),
  distances(p, { target }) {
    const near = ad.softmax(ad.mul(ad.squaredDistances(p.x, p.x), -0.05));
    return ad.sum(ad.mul(near, target));
  },
};

function denoise(p, x, running, depth) {
  let h = ad.relu(ad.convolve(x, p.w0, { bias: p.b0 }));
  for (let i = 1; i < depth - 1; i++) {
    const [gain, shift] = [p[`gain${i}`], p[`shift${i}`]];
    h = x.tape.scope(() => ad.batchNorm(ad.convolve(h, p[`w${i}`]), running[i], { gain, shift, relu: true }));
  }
  return ad.sub(x, ad.convolve(h, p[`w${depth - 1}`]));
}

/** Which arrays are inputs; the rest are parameters. */
const isInput = (name, array) => array === "target" || (array === "x" && name !== "distances");

function prepare({ name, arrays }) {
  const tape = ad.createTape({ threads });
  const given = {};
  const parameters = {};
  for (const [array, { shape }] of Object.entries(arrays)) {
    const bytes = readFileSync(join(folder, `${name}.${array}`));
    const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    if (isInput(name, array)) given[array] = { values, shape };
    else parameters[array] = tape.parameter(shape, values);
  }
  const running = Array.from({ length: 17 }, () => ({
    mean: tape.buffer([64]),
    variance: tape.buffer([64], new Float32Array(64).fill(1)),
  }));
  const inputs = () =>
    Object.fromEntries(
      Object.entries(given).map(([array, { values, shape }]) => [array, tape.tensor(values, shape)]),
    );
  const network = NETWORKS[name];
  if (name === "dncnn17") {
    const output = () => tape.inference(() => network(parameters, inputs(), running).values());
    return { step: () => output()[0], output: () => [output()] };
  }
  const optimiser = name === "distances" ? undefined : ad.adam(parameters, { learningRate: 1e-4 });
  const step = () =>
    tape.step(() => {
      const loss = network(parameters, inputs(), running);
      tape.backward(loss);
      optimiser?.step();
      return loss.item();
    });
  const output = () =>
    tape.step(() => {
      const loss = network(parameters, inputs(), running);
      tape.backward(loss);
      return [[loss.item()], ...Object.values(parameters).map((each) => each.gradient())];
    });
  return { step, output };
}

let current = { step: () => 0, output: () => [] };

const commands = {
  prepare(name) {
    current = prepare(CASES.find((each) => each.name === name));
    return {};
  },
  outputs(path) {
    writeFileSync(path, new Float64Array(current.output().flatMap((each) => [...each])));
    return {};
  },
  time: (seconds) => timeSteps(current.step, Number(seconds)),
  facts: () => ({ version: `Node ${process.version}` }),
};

await answerCommands(commands);
process.exit(0);
