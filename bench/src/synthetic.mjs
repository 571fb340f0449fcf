/**
 * Seeded vectors of low intrinsic dimension: points of overlapping Gaussian clusters in a small
 * latent space, bent by one layer of tanh into d dimensions, with a little noise on top. Distances
 * therefore concentrate as in real embeddings rather than as in uniform noise.
 */

// Chosen so that a graph needs about the efSearch for a recall that it needs on real image descriptors.
const LATENT = 20;
const CLUSTERS = 200;
/** Deviation within a cluster, when the centres themselves deviate by 1. */
const SPREAD = 1;
const NOISE = 0.05;

/** sfc32, uniform 32-bit numbers. @param {number} seed */
function generator(seed) {
  let a = seed | 0;
  let b = 0x9e3779b9 | 0;
  let c = 0x243f6a88 | 0;
  let counter = 1;
  const u32 = () => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 20; i++) u32();
  const uniform = () => (u32() + 0.5) / 0x100000000;
  return {
    u32,
    normal: () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  };
}

/**
 * `n` rows of `d` dimensions; the first rows do not depend on n.
 * @param {{ n: number, d: number, seed: number, unit: boolean }} shape
 * @returns {Float32Array} n x d, row-major
 */
export function syntheticRows({ n, d, seed, unit }) {
  const fixed = generator(seed);
  const centres = Float64Array.from({ length: CLUSTERS * LATENT }, () => fixed.normal());
  const mixing = Float64Array.from({ length: LATENT * d }, () => fixed.normal() / Math.sqrt(LATENT));
  const random = generator(seed + 1);
  const rows = new Float32Array(n * d);
  const z = new Float64Array(LATENT);
  const x = new Float64Array(d);
  for (let i = 0; i < n; i++) {
    const centre = (random.u32() % CLUSTERS) * LATENT;
    for (let j = 0; j < LATENT; j++) z[j] = centres[centre + j] + SPREAD * random.normal();
    let square = 0;
    for (let j = 0; j < d; j++) {
      let sum = 0;
      for (let l = 0; l < LATENT; l++) sum += z[l] * mixing[l * d + j];
      x[j] = Math.tanh(sum) + NOISE * random.normal();
      square += x[j] * x[j];
    }
    const scale = unit ? 1 / Math.sqrt(square) : 1;
    for (let j = 0; j < d; j++) rows[i * d + j] = x[j] * scale;
  }
  return rows;
}
