/** Kernels of density estimates: 1 where the distance is nothing, falling with distance over bandwidth x. */
export const DENSITY_KERNELS = [
  "gaussian",
  "exponential",
  "tophat",
  "epanechnikov",
  "linear",
  "cosine",
] as const;

/**
 * - `gaussian`: exp(−x²/2); `exponential`: exp(−x)
 * - within the bandwidth only: `tophat`: 1; `epanechnikov`: 1 − x²; `linear`: 1 − x; `cosine`: cos(πx/2)
 */
export type DensityKernel = (typeof DENSITY_KERNELS)[number];

/** log Γ(n / 2) for a whole number n > 0. */
function logGammaHalf(n: number): number {
  let sum = n % 2 === 0 ? 0 : Math.log(Math.PI) / 2;
  for (let x = n / 2 - 1; x > 0; x--) sum += Math.log(x);
  return sum;
}

/** log of the volume of the unit ball in d dimensions, π^(d/2) / Γ(d/2 + 1). */
export function logBallVolume(d: number): number {
  return (d / 2) * Math.log(Math.PI) - logGammaHalf(d + 2);
}

/** ∫ r^m cos(πr/2) dr from 0 to 1, by a recurrence downwards, in which errors shrink. */
function cosineMoment(m: number): number {
  let moment = 0;
  for (let n = m + 80; n > m; n -= 2) moment = ((2 / Math.PI - moment) * (Math.PI / 2) ** 2) / (n * (n - 1));
  return moment;
}

/** log of ∫ K over d-dimensional space, for bandwidth h. */
export function logKernelIntegral(kernel: DensityKernel, d: number, h: number): number {
  const scale = d * Math.log(h);
  // A shell at radius r has d·V·r^(d−1) of surface.
  const shell = logBallVolume(d) + Math.log(d);
  switch (kernel) {
    case "gaussian":
      return scale + (d / 2) * Math.log(2 * Math.PI);
    case "exponential":
      return scale + shell + logGammaHalf(2 * d);
    case "tophat":
      return scale + logBallVolume(d);
    case "epanechnikov":
      return scale + logBallVolume(d) + Math.log(2 / (d + 2));
    case "linear":
      return scale + logBallVolume(d) - Math.log(d + 1);
    case "cosine":
      return scale + shell + Math.log(cosineMoment(d - 1));
  }
}
