import type { LabOptions, LabResult } from "../options.ts";
import { claimsPage } from "../report/claims.ts";
import { axioms } from "./axioms.ts";
import { cells } from "./cells.ts";
import { coverHart } from "./coverHart.ts";
import { dimensions } from "./dimensions.ts";
import { growingBall } from "./growingBall.ts";
import { manifolds } from "./manifolds.ts";
import { nPair } from "./nPair.ts";
import { prior } from "./prior.ts";
import { roleOfK } from "./roleOfK.ts";
import { type ClaimResults, type ClaimStudy, runClaims } from "./run.ts";

export interface TheoryLabResults extends ClaimResults {
  readonly lab: "theory";
}

const STUDY: ClaimStudy<TheoryLabResults> = {
  lab: "theory",
  parts: [roleOfK, coverHart, growingBall, dimensions, cells, prior, axioms, nPair, manifolds],
  page: (results, parts) =>
    claimsPage(results, parts, {
      title: "Theory of neighbours, checked",
      lead: "What theory says of nearest neighbours, held against experiments on densities and shapes of which the truth is known.",
    }),
};

/**
 * What theory says of nearest neighbours, held against experiments: each claim with what was measured for it. Needs no
 * data; where Fashion-MNIST is at hand, its intrinsic dimension is measured too.
 *
 * @throws VicinalError FILE, OPTION_RANGE, OPTION_UNKNOWN, and what reading `features` throws
 */
export async function runTheoryLab(given: LabOptions = {}): Promise<LabResult<TheoryLabResults>> {
  return runClaims(STUDY, given);
}
