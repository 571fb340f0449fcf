/** What was published of a method on a set: means over its pictures, and of each picture where known. */
export interface Published {
  readonly psnr: number;
  readonly ssim?: number;
  readonly pictures?: readonly number[];
}

/** Names of Set12's pictures, in the order of its files. */
export const SET12: readonly string[] = [
  ...["cameraman", "house", "peppers", "starfish", "monarch", "airplane"],
  ...["parrot", "lena", "barbara", "boat", "man", "couple"],
];

type Table = Readonly<Record<string, Readonly<Record<number, Published>>>>;

/**
 * Published means in decibels, by set, method and σ, as later papers quote them. The rows of single pictures of BM3D and
 * DnCNN (Zhang et al. 2017) agree with those means.
 */
const TABLES: Readonly<Record<string, Table>> = {
  Set12: {
    bm3d: {
      25: {
        ...{ psnr: 29.97, ssim: 0.8504 },
        pictures: [29.45, 32.85, 30.16, 28.56, 29.25, 28.42, 28.93, 32.07, 30.71, 29.9, 29.61, 29.71],
      },
      50: {
        ...{ psnr: 26.72, ssim: 0.7676 },
        pictures: [26.13, 29.69, 26.68, 25.04, 25.82, 25.1, 25.9, 29.05, 27.22, 26.78, 26.81, 26.46],
      },
    },
    dncnn: {
      25: {
        psnr: 30.44,
        pictures: [30.18, 33.06, 30.87, 29.41, 30.28, 29.13, 29.43, 32.44, 30.0, 30.21, 30.1, 30.12],
      },
      50: {
        psnr: 27.18,
        pictures: [27.03, 30.0, 27.32, 25.7, 26.78, 25.87, 26.48, 29.39, 26.22, 27.2, 27.24, 26.9],
      },
    },
    n3net: { 25: { psnr: 30.55, ssim: 0.8651 }, 50: { psnr: 27.43, ssim: 0.795 }, 70: { psnr: 25.9 } },
  },
  BSD68: {
    bm3d: { 25: { psnr: 28.57, ssim: 0.8013 }, 50: { psnr: 25.62, ssim: 0.6864 } },
    dncnn: { 25: { psnr: 29.23 }, 50: { psnr: 26.23 } },
    n3net: { 25: { psnr: 29.3, ssim: 0.8329 }, 50: { psnr: 26.39, ssim: 0.7302 }, 70: { psnr: 25.14 } },
  },
};

/** What was published of a method, or nothing. */
export const published = (set: string, method: string, sigma: number): Published | undefined =>
  TABLES[set]?.[method]?.[sigma];
