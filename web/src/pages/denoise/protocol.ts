import type { FloatPicture } from "./pictures.ts";

/** Names of the library's methods: DENOISERS of vicinal/apply. */
export type Method = "nlm" | "bm3d" | "dncnn" | "n3net";

export interface Likeness {
  /** In dB, of the estimate as it is, not clipped. */
  readonly psnr: number;
  readonly ssim: number;
}

export type WorkerRequest =
  | {
      readonly kind: "noise";
      readonly id: number;
      readonly clean: FloatPicture;
      readonly sigma: number;
      readonly seed: number;
    }
  | {
      readonly kind: "run";
      readonly id: number;
      readonly method: Method;
      readonly sigma: number;
      readonly noisy: FloatPicture;
      /** To compare with; absent for pictures that came with their noise. */
      readonly clean?: FloatPicture;
    }
  | { readonly kind: "network"; readonly id: number; readonly bytes: ArrayBuffer; readonly name: string }
  | { readonly kind: "abort"; readonly id: number };

export type WorkerAnswer =
  | { readonly kind: "noise"; readonly id: number; readonly noisy: FloatPicture; readonly likeness: Likeness }
  | {
      readonly kind: "progress";
      readonly id: number;
      readonly phase: string;
      readonly done: number;
      readonly total: number;
    }
  | {
      readonly kind: "done";
      readonly id: number;
      readonly estimate: FloatPicture;
      readonly milliseconds: number;
      readonly likeness?: Likeness;
    }
  | { readonly kind: "network"; readonly id: number; readonly method: Method; readonly sigma?: number }
  | { readonly kind: "failed"; readonly id: number; readonly aborted: boolean; readonly message: string };
