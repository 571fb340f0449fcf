import type { KAccuracy } from "../neighbourAccuracy.ts";
import type { LabFacts } from "../options.ts";
import type { PictureRow } from "../report/pictureRows.ts";

/** How well nearest photographs share the label of a photograph, in one space. */
export interface PhotoSpaceFindings {
  readonly name: string;
  readonly dimension: number;
  readonly metric: "l2" | "cosine";
  /** Share of test photographs told rightly, for several k. */
  readonly accuracy: readonly KAccuracy[];
  /** k chosen on photographs kept out of learning. */
  readonly chosen: KAccuracy;
  /** Share of test photographs with one of their label among the 1, 5 and 10 nearest. */
  readonly recall: Readonly<Record<number, number>>;
  readonly mapAtR: number;
  readonly rPrecision: number;
}

export interface PhotosLabResults extends LabFacts {
  readonly lab: "photos";
  readonly threads: number;
  readonly seconds: number;
  readonly train: number;
  /** Of these, kept out of learning to choose by. */
  readonly validation: number;
  readonly test: number;
  readonly classes: readonly string[];
  readonly network: {
    readonly layers: string;
    readonly parameters: number;
    readonly width: number;
    readonly epochs: number;
    readonly trainSeconds: number;
    readonly cpuSeconds: number;
    /** Share that the network itself tells rightly. */
    readonly validation: number;
    readonly test: number;
  };
  readonly spaces: readonly PhotoSpaceFindings[];
  readonly neighbours: readonly Omit<PictureRow, "picture">[];
}
