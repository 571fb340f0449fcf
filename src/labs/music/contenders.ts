import type { RunOptions } from "../../core/index.ts";
import { scorePlaces } from "../../evaluate/index.ts";
import {
  BPR,
  type BprOptions,
  Ease,
  type EaseOptions,
  ImplicitALS,
  type ImplicitAlsOptions,
  type Interactions,
  ItemKnn,
  type ItemKnnOptions,
  type ItemScorer,
  Popularity,
} from "../../learn/index.ts";
import { type HeldOut, placesOf } from "./protocol.ts";

/** A model that can be fitted and judged. */
export interface Learner extends ItemScorer {
  fitAsync(x: Interactions, run?: RunOptions): Promise<unknown>;
}

/** A way to recommend, with the settings that are tried. */
export interface Contender {
  readonly name: string;
  readonly settings: readonly object[];
  make(setting: object): Learner;
}

/** What came of trying a contender's settings on the validation items. */
export interface Tuned {
  readonly contender: Contender;
  readonly setting: object;
  /** NDCG@10 on the validation items of each setting tried, in order; the chosen one has the highest. */
  readonly tried: readonly { readonly setting: object; readonly ndcg: number }[];
  readonly ndcg: number;
}

const ALL = Number.POSITIVE_INFINITY;

/** Popularity in the shape of the others. */
class Popular extends Popularity implements Learner {
  async fitAsync(x: Interactions): Promise<this> {
    return this.fit(x);
  }
}

/** All contenders, for counted interactions or plain ones; in a quick run with settings found before. */
export function contenders(counted: boolean, quick: boolean, seed: number): Contender[] {
  const als = (setting: ImplicitAlsOptions): Learner => new ImplicitALS({ ...setting, seed });
  const bpr = (setting: BprOptions): Learner => new BPR({ ...setting, seed });
  return [
    { name: "popularity", settings: [{}], make: () => new Popular() },
    {
      name: "item-kNN",
      settings: quick ? [knnSettings(counted).at(-1)!] : knnSettings(counted),
      make: (setting: ItemKnnOptions) => new ItemKnn(setting),
    },
    {
      name: "EASE",
      settings: quick ? [] : easeSettings(counted),
      make: (setting: EaseOptions) => new Ease(setting),
    },
    { name: "BPR", settings: bprSettings(quick), make: bpr },
    { name: "ALS", settings: quick ? [quickAls(counted)] : alsSettings(counted), make: als },
  ].filter(({ settings }) => settings.length > 0);
}

function knnSettings(counted: boolean): ItemKnnOptions[] {
  const weightings = counted
    ? (["binary", "log", "relative", "tfidf", "bm25"] as const)
    : (["binary", "tfidf", "bm25"] as const);
  const profiles = counted ? (["binary", "weighted"] as const) : (["weighted", "binary"] as const);
  return weightings.flatMap((weighting) =>
    profiles
      .filter((profile) => weighting !== "binary" || profile === "weighted")
      .flatMap((profile) =>
        [0, 10].flatMap((shrink) =>
          [100, ALL].map((neighbors) => ({ neighbors, weighting, profile, shrink })),
        ),
      ),
  );
}

function easeSettings(counted: boolean): EaseOptions[] {
  if (!counted) return [100, 250].map((regularization) => ({ regularization, weighting: "binary" }));
  return [
    { regularization: 75, weighting: "binary" },
    { regularization: 1500, weighting: "log" },
    { regularization: 3000, weighting: "log" },
  ];
}

function bprSettings(quick: boolean): BprOptions[] {
  if (quick) return [{ factors: 32, epochs: 20, learningRate: 0.15, regularization: 0.01 }];
  return [0.005, 0.01].flatMap((regularization) =>
    [80, 160].map((epochs) => ({ factors: 96, epochs, learningRate: 0.05, regularization })),
  );
}

const quickAls = (counted: boolean): ImplicitAlsOptions =>
  counted
    ? { factors: 64, weighting: "relative", alpha: 15, regularization: 25, iterations: 6 }
    : { factors: 64, weighting: "binary", alpha: 5, regularization: 25, iterations: 6 };

function alsSettings(counted: boolean): ImplicitAlsOptions[] {
  const tries = counted
    ? ([
        [96, "relative", 15, 30],
        [96, "relative", 20, 40],
        [192, "log", 2, 45],
        [192, "relative", 15, 30],
        [192, "relative", 15, 45],
        [192, "relative", 20, 40],
      ] as const)
    : ([
        [64, "binary", 2, 20],
        [64, "binary", 5, 30],
        [128, "binary", 2, 15],
        [128, "binary", 2, 20],
        [128, "binary", 5, 30],
        [128, "binary", 10, 40],
      ] as const);
  return tries.map(([factors, weighting, alpha, regularization]) => ({
    ...{ factors, weighting, alpha, regularization },
    iterations: 10,
  }));
}

/** Tries a contender's settings on the validation items. */
export async function tune(
  contender: Contender,
  validations: readonly HeldOut[],
  { signal, onProgress }: RunOptions,
): Promise<Tuned> {
  const tried: { setting: object; ndcg: number }[] = [];
  for (const [i, setting] of contender.settings.entries()) {
    onProgress?.({ phase: `tune ${contender.name}`, done: i, total: contender.settings.length });
    const model = contender.make(setting);
    await model.fitAsync(validations[0]!.train, { signal });
    let ndcg = 0;
    for (const held of validations) {
      ndcg += scorePlaces(await placesOf(model, held, signal), 10).ndcg / validations.length;
    }
    tried.push({ setting, ndcg });
  }
  const best = tried.reduce((a, b) => (b.ndcg > a.ndcg ? b : a));
  return { contender, setting: best.setting, ndcg: best.ndcg, tried };
}
