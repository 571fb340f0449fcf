/**
 * Samplers: which rows make a batch, so that losses find what they compare.
 *
 * @module
 */
export { type ClassBalancedOptions, ClassBalancedSampler } from "./classBalanced.ts";
export { Sampler, type SamplerState } from "./sampler.ts";
export {
  type PairBatch,
  PairSampler,
  type PairSamplerOptions,
  TripletSampler,
  type TripletSamplerOptions,
} from "./tuples.ts";
