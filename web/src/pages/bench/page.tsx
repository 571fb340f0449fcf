import { useRef, useState } from "preact/hooks";
import { source } from "../../client/index.ts";
import { Button } from "../../parts/button.tsx";
import { Empty, MissingSet } from "../../parts/empty.tsx";
import { ErrorNote } from "../../parts/errorNote.tsx";
import { Progress } from "../../parts/progress.tsx";
import { useFileDrop } from "../../parts/useFileDrop.ts";
import { useWork } from "../../parts/useWork.ts";
import { route } from "../../shell/route.ts";
import { forget, going, load, runs, series, trouble } from "./bench.ts";
import { PlanForm } from "./planForm.tsx";
import { Results } from "./results.tsx";
import type { Run } from "./series.ts";
import "./page.css";

/** Recall against speed of indexes, measured here or read from files. */
export default function BenchPage() {
  const drop = useFileDrop((files) => void load(files));
  return (
    <div class={`bench ${drop.isOver ? "bench-over" : ""}`} {...drop.handlers}>
      <h1>Bench</h1>
      <p class="lead">
        Approximate indexes trade recall, the share of true neighbours they find, for speed. Measure what the
        trade is on your data, or look at what <code>vicinal eval --json</code> measured.
      </p>
      <Plan />
      <Under />
      <ErrorNote error={trouble.value} />
      <Runs />
      {series.value.length > 0 ? (
        <Results series={series.value} runs={runs.value} />
      ) : (
        going.value === undefined && (
          <Empty title="Nothing is measured yet.">
            <p>Press Measure, or drop a file of results anywhere on this page.</p>
          </Empty>
        )
      )}
    </div>
  );
}

function Plan() {
  const from = source.value;
  const [asked, setAsked] = useState<{ set?: string; feature?: string }>(() => {
    const params = route.peek().params;
    const [set, feature] = [params.get("set"), params.get("feature")];
    return { ...(set !== null && { set }), ...(feature !== null && { feature }) };
  });
  const listing = useWork(() => from.listSets(), [from]);
  const sets = listing.value ?? [];
  const chosen =
    sets.find(({ name }) => name === asked.set) ??
    sets.find(({ missing }) => missing === undefined) ??
    sets[0];
  const isThere = chosen !== undefined && chosen.missing === undefined;
  const detailing = useWork(
    () => (isThere ? from.details(chosen.name) : undefined),
    [from, chosen?.name, isThere],
  );
  const details = detailing.value?.name === chosen?.name ? detailing.value : undefined;
  const feature = details?.features.find(({ name }) => name === asked.feature) ?? details?.features[0];
  if (listing.error !== undefined) return <ErrorNote error={listing.error} onRetry={listing.again} />;
  if (detailing.error !== undefined) return <ErrorNote error={detailing.error} onRetry={detailing.again} />;
  if (chosen !== undefined && !isThere) return <MissingSet set={chosen} />;
  if (details === undefined || feature === undefined) return <Progress what="reading the data sets" />;
  return (
    <PlanForm
      sets={sets}
      details={details}
      feature={feature}
      onSet={(set) => setAsked({ set })}
      onFeature={(name) => setAsked({ set: details.name, feature: name })}
    />
  );
}

/** How far the sweep is. */
function Under() {
  const now = going.value;
  if (now === undefined) return null;
  return <Progress what="measuring" progress={now.progress} onCancel={now.cancel} />;
}

function originOf({ state, engine }: Run): string {
  if (state === "loaded") return "from a file";
  const by = engine === "page" ? "in this page" : "by the server";
  return state === "running"
    ? `being measured ${by}`
    : `measured ${by}${state === "stopped" ? ", stopped early" : ""}`;
}

function shapeOf({ report: { dataset } }: Run): string {
  const { n, d, metric, queries } = dataset;
  return `${n.toLocaleString("en")} × ${d}, ${metric}, ${queries} queries`;
}

/** What is shown, and the way to add and to drop some of it. */
function Runs() {
  const input = useRef<HTMLInputElement>(null);
  return (
    <div class="bench-runs">
      <ul aria-label="Runs shown">
        {runs.value.map((run) => (
          <li key={run.id} class="panel">
            <strong>{run.name}</strong>
            <small class="muted">
              {originOf(run)} · {shapeOf(run)}
            </small>
            <Button
              kind="quiet"
              label={`Drop ${run.name}`}
              disabled={run.state === "running"}
              onClick={() => forget(run.id)}
            >
              ✕
            </Button>
          </li>
        ))}
      </ul>
      <input
        ref={input}
        type="file"
        accept=".json,application/json"
        multiple
        hidden
        aria-label="Files of results"
        onChange={(event) => {
          const { files } = event.currentTarget;
          void load([...(files ?? [])]);
          event.currentTarget.value = "";
        }}
      />
      <Button onClick={() => input.current?.click()}>Load results…</Button>
    </div>
  );
}
