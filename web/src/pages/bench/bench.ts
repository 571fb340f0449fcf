import { computed, signal } from "@preact/signals";
import type { JobProgress, SweepReport, SweepRequest } from "../../../../src/server/protocol.ts";
import { isAbort, type Source } from "../../client/index.ts";
import type { PlanLine } from "./plan.ts";
import { readReports } from "./readReport.ts";
import { type Run, seriesOf } from "./series.ts";
import { runSweep } from "./sweeper.ts";

// Kept while the reader looks at other pages, where a sweep goes on.

/** What was measured or loaded, oldest first. */
export const runs = signal<readonly Run[]>([]);
export const lines = signal<readonly PlanLine[] | undefined>(undefined);
export const target = signal(0.95);
/** Present while a sweep is under way. */
export const going = signal<{ readonly progress?: JobProgress; cancel(): void } | undefined>(undefined);
export const trouble = signal<unknown>(undefined);
export const series = computed(() => seriesOf(runs.value.filter(({ report }) => report.results.length > 0)));

let ids = 0;

/** Measures; what was measured is kept however it ends. */
export async function measure(source: Source, request: SweepRequest, title: string): Promise<void> {
  const abort = new AbortController();
  const id = ++ids;
  const same = runs.value.filter(({ name }) => name === title || name.startsWith(`${title} · `)).length;
  const name = same === 0 ? title : `${title} · ${same + 1}`;
  let report: SweepReport | undefined;
  const keep = (state: Run["state"]): void => {
    const others = runs.value.filter((run) => run.id !== id);
    runs.value =
      report === undefined ? others : [...others, { id, name, report, state, engine: source.engine }];
  };
  const cancel = (): void => abort.abort();
  going.value = { cancel };
  trouble.value = undefined;
  try {
    const told = await runSweep(source, request, {
      signal: abort.signal,
      onProgress: ({ report: soFar, ...progress }) => {
        going.value = { progress, cancel };
        // Most reports of progress tell nothing new, and drawing is dear.
        if (soFar === undefined || sizeOf(soFar) === sizeOf(report)) return;
        report = soFar;
        keep("running");
      },
    });
    report = told;
    keep("done");
  } catch (error) {
    report = report && withPoints(report);
    keep("stopped");
    if (!isAbort(error)) trouble.value = error;
  } finally {
    going.value = undefined;
  }
}

/** Grows with every build and every setting measured. */
function sizeOf(report: SweepReport | undefined): number {
  return (report?.results ?? []).reduce((sum, { points }) => sum + 1 + points.length, 0);
}

/** Without an index that was built but not measured. */
function withPoints({ dataset, results }: SweepReport): SweepReport | undefined {
  const measured = results.filter(({ points }) => points.length > 0);
  return measured.length === 0 ? undefined : { dataset, results: measured };
}

/** Adds what files hold; one that is wrong adds nothing, and says why. */
export async function load(files: Iterable<File>): Promise<void> {
  trouble.value = undefined;
  for (const file of files) {
    try {
      const found = await readReports(file);
      const name = file.name.replace(/\.json$/i, "");
      const added = found.map(
        (report, i): Run => ({
          id: ++ids,
          name: found.length === 1 ? name : `${name} ${i + 1}`,
          report,
          state: "loaded",
        }),
      );
      runs.value = [...runs.value, ...added];
    } catch (error) {
      trouble.value = error;
    }
  }
}

export function forget(id: number): void {
  runs.value = runs.value.filter((run) => run.id !== id);
}
