import {
  FASHION_WIDTH,
  type FashionEmbedding,
  keptFashion,
  openFashion,
} from "../../labs/fashion/embedding.ts";
import { share } from "../../labs/numbers.ts";
import { runHeavy } from "../heavy/run.ts";
import type { GreyPictures } from "./greyPictures.ts";
import { type LearnedSpace, learnedSpace } from "./learnedSpace.ts";

/** The space that a small network learns to tell clothes by: there when it was trained before. */
export async function fashionSpace({ pixels, labels, train, cacheDir }: GreyPictures): Promise<LearnedSpace> {
  // Of pixels only their number counts here.
  const shape = { pixels: { ...pixels, data: new Float32Array() }, train };
  return learnedSpace(await keptFashion(shape, { cacheDir }), {
    title: "Learned: kinds of clothes",
    dimension: FASHION_WIDTH,
    score: "class told by the 5 nearest",
    seconds: 75,
    noteOf,
    train: async (run) =>
      openFashion(await runHeavy("learnFashion", { pixels, labels, train, cacheDir }, run)),
  });
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
