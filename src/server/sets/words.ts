import { datasetInfo } from "../../data/index.ts";
import { loadVocabulary } from "../../labs/words/vocabulary.ts";
import { type DataSet, givenFeature } from "./dataSet.ts";

/** The most frequent words alone, where there are more. */
const MOST_WORDS = 60_000;

export const WORDS: readonly DataSet[] = [
  wordSet("glove", "Words of Twitter (GloVe)"),
  wordSet("word2vec", "Words of news (word2vec)"),
  wordSet("glove-6b", "Words of Wikipedia (GloVe)"),
];

function wordSet(name: string, title: string): DataSet {
  return {
    ...{ name, title, kind: "words" },
    async load({ dataDir, signal, onProgress }) {
      const { words, vectors } = await loadVocabulary(name, title, {
        ...{ dataDir, signal, onProgress, limit: MOST_WORDS },
      });
      const { credit, licence } = datasetInfo(name);
      return {
        count: words.length,
        note: "Words in order of frequency; near each other are words that stand among the same words.",
        titles: words,
        properties: [],
        credits: [`${credit}; ${licence}`],
        features: [
          givenFeature(
            { name: "vectors", title: "Word vectors", metrics: ["cosine", "l2"], maps: ["umap", "pca"] },
            vectors!,
          ),
        ],
      };
    },
  };
}
