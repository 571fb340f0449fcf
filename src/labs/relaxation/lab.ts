import type { LabOptions, LabResult } from "../options.ts";
import { claimsPage } from "../report/claims.ts";
import { type ClaimResults, type ClaimStudy, runClaims } from "../theory/run.ts";
import { draws } from "./draws.ts";
import { eachOwn } from "./eachOwn.ts";
import { falling } from "./falling.ts";
import { gradients } from "./gradients.ts";
import { metric } from "./metric.ts";
import { planted } from "./planted.ts";
import { temperature } from "./temperature.ts";

export interface RelaxationLabResults extends ClaimResults {
  readonly lab: "relaxation";
}

const STUDY: ClaimStudy<RelaxationLabResults> = {
  lab: "relaxation",
  parts: [falling, draws, gradients, metric, temperature, eachOwn, planted],
  page: (results, parts) =>
    claimsPage(results, parts, {
      title: "Neighbours taken softly, checked",
      lead: "k nearest neighbours as weights instead of a choice: what the weights and their gradients do as the temperature falls, and whether training through them finds neighbours that are known.",
    }),
};

/**
 * Sanity checks of the relaxation of k-NN on generated sets of which the neighbours are known: each claim with what
 * was measured for it. Needs no data.
 *
 * @throws VicinalError FILE, OPTION_RANGE, OPTION_UNKNOWN
 */
export async function runRelaxationLab(given: LabOptions = {}): Promise<LabResult<RelaxationLabResults>> {
  return runClaims(STUDY, given);
}
