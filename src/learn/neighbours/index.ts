/** Neighbours that gradients pass through: weights instead of a choice. */
export {
  IMAGE_NEIGHBOR_BLOCK_DEFAULTS,
  type ImageNeighborBlockOptions,
  imageNeighborBlock,
  type NeighborBlock,
  type NeighborBlockOptions,
  type NeighborNetworkOptions,
  neighborBlock,
  neighborNetwork,
} from "./block.ts";
export { allOthers, windowCandidates } from "./candidates.ts";
export type { DistancesInput } from "./distances.ts";
export {
  RELAXED_DEFAULTS,
  type RelaxedGradient,
  type RelaxedNeighbors,
  type RelaxedOptions,
  relaxedNeighbors,
  relaxedNeighborsGradient,
} from "./relaxation.ts";
export {
  SAMPLE_NEIGHBORS_DEFAULTS,
  type SampledNeighbors,
  type SampleNeighborsOptions,
  sampleNeighbors,
} from "./sampling.ts";
export { type Searchable, type SoftNeighbors, type SoftNeighborsOptions, softNeighbors } from "./soft.ts";
