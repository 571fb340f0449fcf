import { beginLab } from "../begin.ts";
import { type Machine, machine, machineLine } from "../machine.ts";
import { seconds } from "../numbers.ts";
import type { LabOptions, LabResult } from "../options.ts";
import { heading } from "../print.ts";
import { theoryPage } from "../report/theory.ts";
import { writeReport } from "../report/write.ts";
import { axioms } from "./axioms.ts";
import { cells } from "./cells.ts";
import { coverHart } from "./coverHart.ts";
import { dimensions } from "./dimensions.ts";
import { growingBall } from "./growingBall.ts";
import { type ManifoldOptions, manifolds } from "./manifolds.ts";
import { nPair } from "./nPair.ts";
import type { Claim, Part } from "./part.ts";
import { prior } from "./prior.ts";
import { roleOfK } from "./roleOfK.ts";

/** What came of one subject, without its pictures. */
export interface TheoryPart {
  readonly name: string;
  readonly title: string;
  readonly claims: readonly Claim[];
  readonly seconds: number;
  readonly numbers: object;
}

export interface TheoryLabResults {
  readonly lab: "theory";
  readonly machine: Machine;
  readonly seed: number;
  readonly quick: boolean;
  readonly claims: number;
  readonly held: number;
  readonly parts: readonly TheoryPart[];
}

const PARTS: readonly ((options: ManifoldOptions) => Promise<Part>)[] = [
  roleOfK,
  coverHart,
  growingBall,
  dimensions,
  cells,
  prior,
  axioms,
  nPair,
  manifolds,
];

/**
 * What theory says of nearest neighbours, held against experiments: each claim with what was measured for it. Needs no
 * data; where Fashion-MNIST is at hand, its intrinsic dimension is measured too.
 *
 * @throws VicinalError FILE, OPTION_RANGE, OPTION_UNKNOWN, and what reading `features` throws
 */
export async function runTheoryLab(given: LabOptions = {}): Promise<LabResult<TheoryLabResults>> {
  const options = await beginLab(given);
  const { seed, quick, log, signal, onProgress, dataDir, features } = options;
  const here = machine();
  log(machineLine(here));
  const parts: (Part & { seconds: number })[] = [];
  for (const run of PARTS) {
    signal?.throwIfAborted();
    const start = performance.now();
    const part = await run({
      ...{ seed, quick, dataDir, features },
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined ? {} : { onProgress }),
    });
    const took = (performance.now() - start) / 1000;
    parts.push({ ...part, seconds: took });
    heading(log, `${part.title} (${seconds(took)})`);
    for (const { says, measured, holds } of part.claims) {
      log(`  ${holds ? "holds" : "FAILS"}  ${says}`);
      log(`         ${measured}`);
    }
  }
  const claims = parts.flatMap((part) => part.claims);
  const results: TheoryLabResults = {
    lab: "theory",
    machine: here,
    seed,
    quick,
    claims: claims.length,
    held: claims.filter(({ holds }) => holds).length,
    parts: parts.map(({ name, title, claims: of, seconds: took, numbers }) => ({
      ...{ name, title, claims: of },
      ...{ seconds: took, numbers },
    })),
  };
  return writeReport(options.out, theoryPage(results, parts), results);
}
