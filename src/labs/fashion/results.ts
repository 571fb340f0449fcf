import type { ConfusionMatrix } from "../../evaluate/index.ts";
import type { KAccuracy } from "../neighbourAccuracy.ts";
import type { LabFacts } from "../options.ts";
import type { PictureRow } from "../report/pictureRows.ts";
import type { Study } from "../study.ts";

/** A network that was trained, and what it and the neighbours among its features tell. */
export interface ModelFindings {
  readonly name: string;
  /** Layers in words. */
  readonly layers: string;
  /** Numbers it learned. */
  readonly parameters: number;
  /** Numbers a picture becomes in the layer before the last; undefined where there is none. */
  readonly width: number | undefined;
  readonly epochs: number;
  readonly trainSeconds: number;
  /** Of all threads together. */
  readonly cpuSeconds: number;
  /** Share that the network itself tells rightly, of pictures kept out of learning. */
  readonly validation: number;
  /** The same of the test pictures. */
  readonly test: number;
  /** Neighbours among the features; the k is chosen on the pictures kept out of learning. */
  readonly neighbours?: FeatureAccuracy;
}

/** k-NN among features, k chosen on pictures kept out of learning. */
export interface FeatureAccuracy {
  readonly k: number;
  readonly metric: "cosine" | "l2";
  readonly validation: number;
  readonly test: number;
}

/** How one metric fares among the features of one width. */
export interface WidthFindings {
  readonly width: number;
  readonly epochs: number;
  readonly cpuSeconds: number;
  readonly byMetric: readonly FeatureAccuracy[];
}

/** An index among pixels and among features. */
export interface SearchComparison {
  readonly raw: string;
  readonly learned: string;
  readonly rawQps: number;
  readonly learnedQps: number;
  readonly rawRecall: number;
  readonly learnedRecall: number;
  readonly faster: number;
  /** Share of all test pictures told rightly at those settings. */
  readonly rawAccuracy: number;
  readonly learnedAccuracy: number;
}

export interface FashionLabResults extends LabFacts {
  readonly lab: "fashion";
  readonly threads: number;
  readonly seconds: number;
  readonly train: number;
  /** Of these, kept out of learning to choose by. */
  readonly validation: number;
  readonly test: number;
  readonly classes: readonly string[];
  /** Pixels: accuracy on the test pictures for several k, exactly. */
  readonly raw: readonly KAccuracy[];
  readonly models: readonly ModelFindings[];
  readonly widths: readonly WidthFindings[];
  /** The features that part C and D look at. */
  readonly features: FeatureAccuracy & {
    readonly model: string;
    readonly width: number;
    readonly accuracy: readonly KAccuracy[];
  };
  readonly search: { readonly raw: Study; readonly learned: Study };
  readonly comparison: readonly SearchComparison[];
  readonly confusion: { readonly raw: ConfusionMatrix; readonly learned: ConfusionMatrix };
  /** Test pictures that features tell rightly and pixels wrongly, and the other way round. */
  readonly changed: { readonly repaired: number; readonly spoiled: number };
  readonly mistakes: readonly Omit<PictureRow, "picture">[];
}
