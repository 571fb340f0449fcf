export { PAIR_DEFAULTS, PairEmbedding, type PairEmbeddingOptions, type SavedPairs } from "./pairEmbedding.ts";
export { type SavedSkipGram, SKIP_GRAM_DEFAULTS, SkipGram, type SkipGramOptions } from "./skipGram.ts";
export type { Sequences, Token } from "./vocabulary.ts";
