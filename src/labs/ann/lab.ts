import { beginLab } from "../begin.ts";
import { machine, machineLine, workThreads } from "../machine.ts";
import { bytes, seconds, share, times } from "../numbers.ts";
import type { LabFacts, LabOptions, LabResult, ResolvedLabOptions } from "../options.ts";
import { heading, printTable } from "../print.ts";
import { annPage } from "../report/ann.ts";
import { writeReport } from "../report/write.ts";
import type { StudyInput } from "../study.ts";
import { type Crossover, crossover } from "./crossover.ts";
import { families } from "./families.ts";
import { type AnnSet, measureSet, type SummaryRow } from "./measure.ts";
import { annSets, million } from "./sets.ts";

export interface AnnLabResults extends LabFacts {
  readonly lab: "ann";
  readonly seconds: number;
  readonly sets: readonly AnnSet[];
  readonly crossovers: readonly Crossover[];
}

/**
 * Every family of indexes on the same data: search time, what is missed, size and build time; recall against speed;
 * and from which size on an index is better than comparing with every row.
 *
 * @throws VicinalError DEPENDENCY_MISSING, FILE, OPTION_RANGE, OPTION_UNKNOWN; the abort's reason
 */
export async function runAnnLab(given: LabOptions = {}): Promise<LabResult<AnnLabResults>> {
  const start = performance.now();
  const options = await beginLab(given);
  const { seed, quick, log } = options;
  const here = machine();
  log(machineLine(here));

  const sets: AnnSet[] = [];
  for (const input of await annSets(options))
    sets.push(await measured(input, options, quick ? [10, 1] : [10, 1, 100]));
  if (!quick) {
    const input = await million(options);
    sets.push(await measured(input, options, [10], (member) => member.large));
  }
  const crossovers = [await along("n", options), await along("d", options)];

  const results: AnnLabResults = {
    lab: "ann",
    machine: here,
    seed,
    quick,
    seconds: (performance.now() - start) / 1000,
    sets,
    crossovers,
  };
  return writeReport(options.out, annPage(results), results);
}

async function measured(
  input: StudyInput,
  options: ResolvedLabOptions,
  ks: readonly number[],
  takesPart: (member: ReturnType<typeof families>[number]) => boolean = () => true,
): Promise<AnnSet> {
  const { seed, quick, log, signal, onProgress } = options;
  const { rows, cols } = input.base;
  heading(log, `${input.title}: ${rows.toLocaleString("en")} × ${cols}`);
  const settings = quick ? 4 : 10;
  const how = { seed, settings, ks, rounds: quick ? 1 : 3, threads: workThreads(), signal, onProgress };
  const found = await measureSet(input, families(rows, cols).filter(takesPart), how, () => {});
  printSummary(log, found.summary);
  return found;
}

function printSummary(log: ResolvedLabOptions["log"], rows: readonly SummaryRow[]): void {
  const right = "right" as const;
  const columns = [
    { title: "index" },
    { title: "search ms", align: right },
    { title: "recall@10", align: right },
    { title: "1-R@1", align: right },
    { title: "size", align: right },
    { title: "build", align: right },
    { title: "vs plain scan", align: right },
  ];
  const cells = rows.map((row) => [
    row.index,
    row.searchMs.toFixed(3),
    share(row.recallAt10, 3),
    row.missAt1.toFixed(3),
    bytes(row.bytes),
    seconds(row.buildSeconds),
    times(row.faster),
  ]);
  printTable(log, columns, cells);
}

async function along(direction: "n" | "d", options: ResolvedLabOptions): Promise<Crossover> {
  const { seed, quick, log, signal, onProgress } = options;
  const sizes = {
    n: quick ? [100, 1000, 3000] : [100, 300, 1000, 3000, 10_000, 30_000, 100_000, 300_000, 1_000_000],
    d: quick ? [2, 16] : [2, 4, 8, 16, 32, 64, 128, 256, 512],
  };
  heading(log, direction === "n" ? "Time of a query as rows grow" : "Time of a query as components grow");
  const found = await crossover({
    along: direction,
    sizes: sizes[direction],
    fixed: direction === "n" ? (quick ? 16 : 64) : quick ? 2000 : 20_000,
    seed,
    threads: workThreads(),
    queries: quick ? 50 : 200,
    buildSeconds: quick ? 5 : 90,
    signal,
    onProgress,
  });
  const unit = direction === "n" ? "rows" : "components";
  for (const { index, size } of found.from) {
    const where =
      size === undefined
        ? "never ahead of a plain scan"
        : `ahead from ${size.toLocaleString("en")} ${unit} on`;
    log(`  ${index.padEnd(24)} ${where}`);
  }
  return found;
}
