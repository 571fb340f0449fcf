import { answer } from "../parts/answer.ts";
import { type Errors, errorsOf, type Regions, regionsOf, type Voting } from "./classes.ts";
import { newSamplesOf, type Sample } from "./samples.ts";

export interface RegionsInput {
  readonly samples: readonly Sample[];
  readonly seed: number;
  readonly voting: Voting;
}

export interface RegionsOutput {
  readonly regions: Regions;
  readonly errors: Errors;
}

const CELLS = 100;

answer<RegionsInput, RegionsOutput>(({ samples, seed, voting }) => ({
  regions: regionsOf(samples, voting, CELLS),
  errors: errorsOf(samples, newSamplesOf(seed), voting),
}));
