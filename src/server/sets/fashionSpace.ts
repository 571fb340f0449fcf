import {
  FASHION_WIDTH,
  type FashionEmbedding,
  keptFashion,
  openFashion,
} from "../../labs/fashion/embedding.ts";
import { share } from "../../labs/numbers.ts";
import { runHeavy } from "../heavy/run.ts";
import type { FeatureSpace } from "../protocol.ts";
import type { GreyPictures, LearnedSpace } from "./greyPictures.ts";

const SCORE = "class told by the 5 nearest";
/** About as long as training takes on two idle processors. */
const TRAIN_SECONDS = 75;

/** The space that a small network learns to tell clothes by: there when it was trained before. */
export async function fashionSpace({ pixels, labels, train, cacheDir }: GreyPictures): Promise<LearnedSpace> {
  // Of pixels only their number counts here.
  const shape = { pixels: { ...pixels, data: new Float32Array() }, train };
  let learned = await keptFashion(shape, { cacheDir });
  const scores = (which: "raw" | "learned"): Pick<FeatureSpace, "scores"> =>
    learned === undefined ? {} : { scores: [{ name: SCORE, value: learned.scores[which] }] };
  return {
    pixelScores: () => scores("raw"),
    feature: {
      name: "learned",
      describe: () => ({
        ...{ name: "learned", title: "Learned: kinds of clothes", dimension: FASHION_WIDTH, dtype: "f32" },
        note: noteOf(learned),
        ...{ metrics: ["cosine", "l2"], maps: ["umap", "pca"], embeds: true },
        ...scores("learned"),
        ...(learned === undefined ? { toMake: { seconds: TRAIN_SECONDS } } : {}),
      }),
      vectors: () => learned?.vectors,
      async make({ signal, onProgress }) {
        const input = { pixels, labels, train, cacheDir };
        learned = openFashion(await runHeavy("learnFashion", input, { signal, onProgress }));
      },
      embed: (picture) => learned!.embed(picture),
    },
  };
}

function noteOf(learned: FashionEmbedding | undefined): string {
  const what = `${FASHION_WIDTH} numbers before the last layer of a small convolutional network`;
  if (learned === undefined) return `${what}.`;
  const { raw, learned: gained, queries } = learned.scores;
  return (
    `${what}. The five nearest training pictures tell the class of ${queries} test pictures for ${share(gained, 3)}; ` +
    `by raw pixels for ${share(raw, 3)}.`
  );
}
