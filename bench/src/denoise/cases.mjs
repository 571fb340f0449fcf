/** What the denoising bench measures; `seconds` is what one thread may take of the processor, `bytes` what a process may hold. */

/**
 * @typedef {{ name: string, title: string, side: number, method: string, seconds?: number, bytes?: number }} Case
 */

/** @type {readonly Case[]} */
export const CASES = [
  { name: "nlm", title: "non-local means, σ 25, 256²", side: 256, method: "nlm" },
  { name: "bm3d", title: "BM3D, σ 25, 256²", side: 256, method: "bm3d", seconds: 3 },
  { name: "dncnn", title: "DnCNN-17, 256²", side: 256, method: "dncnn", seconds: 1 },
  { name: "n3net", title: "N3Net, 256²", side: 256, method: "n3net", seconds: 2.5 },
];

/** One run in a process of its own, which says what it held at most. @type {Case} */
export const LARGE = { name: "large", title: "N3Net, 512²", side: 512, method: "n3net", bytes: 1.2e9 };

export const SIGMA = 25;
