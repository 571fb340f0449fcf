/**
 * Losses on the tape: what an embedding is trained to make small. Each returns one number.
 *
 * @module
 */
export {
  ARC_FACE_DEFAULTS,
  arcFace,
  COS_FACE_DEFAULTS,
  cosFace,
  type MarginSoftmaxOptions,
  NORMALISED_SOFTMAX_DEFAULTS,
  type NormalisedSoftmaxOptions,
  normalisedSoftmax,
} from "./angular.ts";
export { type Reduction, unitRows } from "./batch.ts";
export { CIRCLE_DEFAULTS, type CircleOptions, circle } from "./circle.ts";
export { CLIP_DEFAULTS, type ClipOptions, clip, clipLogScale } from "./clip.ts";
export { CONTRASTIVE_DEFAULTS, type ContrastiveOptions, contrastive } from "./contrastive.ts";
export {
  INFO_NCE_DEFAULTS,
  type InfoNceOptions,
  infoNce,
  NT_XENT_DEFAULTS,
  type NtXentOptions,
  ntXent,
} from "./infoNce.ts";
export { LIFTED_STRUCTURE_DEFAULTS, type LiftedStructureOptions, liftedStructure } from "./lifted.ts";
export { MARGIN_DEFAULTS, type MarginOptions, marginLoss } from "./margin.ts";
export {
  MULTI_SIMILARITY_DEFAULTS,
  type MultiSimilarityOptions,
  multiSimilarity,
} from "./multiSimilarity.ts";
export { NCA_LOSS_DEFAULTS, type NcaLossOptions, ncaLoss } from "./nca.ts";
export { N_PAIR_DEFAULTS, type NPairOptions, nPair } from "./nPair.ts";
export {
  CENTRE_DEFAULTS,
  type CentreOptions,
  centre,
  PROXY_ANCHOR_DEFAULTS,
  PROXY_DEFAULTS,
  type ProxyAnchorOptions,
  type ProxyOptions,
  proxyAnchor,
  proxyNca,
  proxySoftmax,
} from "./proxies.ts";
export {
  SUPERVISED_CONTRASTIVE_DEFAULTS,
  type SupervisedContrastiveOptions,
  supervisedContrastive,
} from "./supervised.ts";
export { TRIPLET_DEFAULTS, type TripletOptions, triplet } from "./triplet.ts";
export {
  allPairs,
  allTriplets,
  type BatchLabels,
  type Pairs,
  pairsOf,
  type Triplets,
  type Tuples,
  tripletsOf,
} from "./tuples.ts";
export {
  BINARY_CROSS_ENTROPY_DEFAULTS,
  type BinaryCrossEntropyOptions,
  binaryCrossEntropy,
  CROSS_ENTROPY_DEFAULTS,
  type CrossEntropyOptions,
  crossEntropy,
  HUBER_DEFAULTS,
  type HuberOptions,
  huber,
  meanSquaredError,
  type Targets,
  type ValueOptions,
} from "./values.ts";
