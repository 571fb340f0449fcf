import { beginLab } from "../begin.ts";
import { machine, machineLine } from "../machine.ts";
import { seconds } from "../numbers.ts";
import type { LabFacts, LabOptions, LabResult } from "../options.ts";
import { heading } from "../print.ts";
import { writeReport } from "../report/write.ts";
import type { Claim, Part, PartOptions } from "./part.ts";

/** What came of one subject, without its pictures. */
export interface PartResults {
  readonly name: string;
  readonly title: string;
  readonly claims: readonly Claim[];
  readonly seconds: number;
  readonly numbers: object;
}

/** What came of a study made of claims. */
export interface ClaimResults extends LabFacts {
  readonly lab: string;
  readonly claims: number;
  readonly held: number;
  readonly parts: readonly PartResults[];
}

export type TimedPart = Part & { readonly seconds: number };

/** Where a part may look for data besides. */
export interface ClaimOptions extends PartOptions {
  readonly dataDir?: string | undefined;
  readonly features?: string | undefined;
}

/** A study made of claims: its parts one after another, and the page that shows them. */
export interface ClaimStudy<R extends ClaimResults> {
  readonly lab: R["lab"];
  readonly parts: readonly ((options: ClaimOptions) => Promise<Part>)[];
  page(results: R, parts: readonly TimedPart[]): string;
}

/** Runs each part, says which of its claims held, and writes the report. */
export async function runClaims<R extends ClaimResults>(
  study: ClaimStudy<R>,
  given: LabOptions,
): Promise<LabResult<R>> {
  const options = await beginLab(given);
  const { seed, quick, log, signal, onProgress, dataDir, features } = options;
  const here = machine();
  log(machineLine(here));
  const parts: TimedPart[] = [];
  for (const run of study.parts) {
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
  const results = {
    lab: study.lab,
    machine: here,
    seed,
    quick,
    claims: claims.length,
    held: claims.filter(({ holds }) => holds).length,
    parts: parts.map(({ name, title, claims: of, seconds: took, numbers }) => ({
      ...{ name, title, claims: of },
      ...{ seconds: took, numbers },
    })),
  } as ClaimResults as R;
  return writeReport(options.out, study.page(results, parts), results);
}
