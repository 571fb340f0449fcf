/**
 * The cases of the learning bench: what each is called, and the arrays it starts from. Images are [n, height, width,
 * channels], weights of convolutions [height, width, channels in, channels out], of dense layers [in, out].
 */

/** @typedef {{ shape: number[], scale: number, shift?: number }} ArraySpec */
/** @typedef {{ name: string, title: string, conv: boolean, want: number, arrays: Record<string, ArraySpec> }} Case */

const he = (/** @type {number[]} */ ...shape) => ({
  shape,
  scale: Math.sqrt(6 / shape.slice(0, -1).reduce((product, extent) => product * extent, 1)),
});
const zeros = (/** @type {number} */ n) => ({ shape: [n], scale: 0 });
const unit = (/** @type {number[]} */ ...shape) => ({ shape, scale: 1 });

/** Weights of a denoising network (Zhang et al. 2017) of `depth` convolutions. @param {number} depth */
function denoiser(depth) {
  /** @type {Record<string, ArraySpec>} */
  const arrays = { w0: he(3, 3, 1, 64), b0: zeros(64) };
  for (let i = 1; i < depth - 1; i++) {
    arrays[`w${i}`] = he(3, 3, 64, 64);
    arrays[`gain${i}`] = { shape: [64], scale: 0.2, shift: 1 };
    arrays[`shift${i}`] = { shape: [64], scale: 0.1 };
  }
  arrays[`w${depth - 1}`] = he(3, 3, 64, 1);
  return arrays;
}

/** @type {Case[]} */
export const CASES = [
  {
    name: "mlp",
    title: "MLP 784-256-64, batch 128, step of Adam",
    conv: false,
    want: 1.2,
    arrays: {
      x: unit(128, 784),
      target: unit(128, 64),
      w0: he(784, 256),
      b0: zeros(256),
      w1: he(256, 64),
      b1: zeros(64),
    },
  },
  {
    name: "convnet",
    title: "conv 1-32-64, pool, dense 64, batch 64 of 28², step of Adam",
    conv: true,
    want: 2,
    arrays: {
      x: unit(64, 28, 28, 1),
      target: unit(64, 64),
      w0: he(3, 3, 1, 32),
      b0: zeros(32),
      w1: he(3, 3, 32, 64),
      b1: zeros(64),
      w2: he(14 * 14 * 64, 64),
      b2: zeros(64),
    },
  },
  {
    name: "dncnn6",
    title: "DnCNN-6, 64 channels, batch norm, 4 × 80², step of Adam",
    conv: true,
    want: 2.2,
    arrays: { x: unit(4, 80, 80, 1), target: unit(4, 80, 80, 1), ...denoiser(6) },
  },
  {
    name: "dncnn17",
    title: "DnCNN-17, 64 channels, inference of 256²",
    conv: true,
    want: 1.5,
    arrays: { x: unit(1, 256, 256, 1), ...denoiser(17) },
  },
  {
    name: "distances",
    title: "distances and softmax of 1000 × 64, with gradient",
    conv: false,
    want: 0,
    arrays: { x: unit(1000, 64), target: unit(1000, 1000) },
  },
];

/** Numbers of a case's array, uniform within ± scale about `shift`: the same in every run. @param {ArraySpec} spec @param {number} seed */
export function numbersOf({ shape, scale, shift = 0 }, seed) {
  let state = (seed * 2654435761 + 12345) >>> 0;
  const n = shape.reduce((product, extent) => product * extent, 1);
  return Float32Array.from({ length: n }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return shift + scale * ((state >>> 8) / 2 ** 23 - 1);
  });
}
