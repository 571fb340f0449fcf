import { useEffect, useId, useState } from "preact/hooks";
import type { FeatureSpace, SetDetails, SetSummary, SweepRequest } from "../../../../src/server/protocol.ts";
import { source } from "../../client/index.ts";
import { Button } from "../../parts/button.tsx";
import { Field } from "../../parts/field.tsx";
import { Select } from "../../parts/select.tsx";
import { going, lines, measure } from "./bench.ts";
import { BOUNDS, entryOf, numberTrouble, type PlanLine, planLine, usualPlan } from "./plan.ts";
import { checkInPage } from "./sweeper.ts";

interface PlanFormProps {
  readonly sets: readonly SetSummary[];
  readonly details: SetDetails;
  readonly feature: FeatureSpace;
  onSet(name: string): void;
  onFeature(name: string): void;
}

/** What is to be measured. Mistakes are said at the field, in the library's words, before anything is built. */
export function PlanForm({ sets, details, feature, onSet, onFeature }: PlanFormProps) {
  const [wanted, setMetric] = useState<string | undefined>(undefined);
  const [k, setK] = useState(10);
  const [queries, setQueries] = useState(200);
  const metric = feature.metrics.find((name) => name === wanted) ?? feature.metrics[0]!;
  useEffect(() => {
    lines.value ??= usualPlan(details.count);
  }, [details]);
  const plan = lines.value ?? [];
  const troubles = useTroubles(plan, feature, metric);
  const [kTrouble, queriesTrouble] = [numberTrouble("k", k), numberTrouble("queries", queries)];
  const isReady =
    plan.length > 0 && troubles.size === 0 && kTrouble === undefined && queriesTrouble === undefined;
  const start = (): void => {
    const request: SweepRequest = {
      ...{ set: details.name, feature: feature.name, metric, k, queries },
      indexes: plan.map(entryOf),
    };
    void measure(source.value, request, `${details.title}, ${feature.title}, ${metric}`);
  };
  return (
    <form
      class="bench-plan panel"
      aria-label="What to measure"
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady && going.value === undefined) start();
      }}
    >
      <div class="row">
        <Select
          label="Data set"
          value={details.name}
          options={sets.map(({ name, title, missing }) => ({
            value: name,
            title: missing === undefined ? title : `${title} (not at hand)`,
            disabled: missing !== undefined,
          }))}
          onChange={onSet}
        />
        <Select
          label="Features"
          value={feature.name}
          options={details.features.map(({ name, title }) => ({ value: name, title }))}
          onChange={onFeature}
        />
        <Select
          label="Metric"
          value={metric}
          options={feature.metrics.map((name) => ({ value: name, title: name }))}
          onChange={setMetric}
        />
        <Whole label="Neighbours k" name="k" value={k} trouble={kTrouble} onChange={setK} />
        <Whole
          label="Queries held back"
          name="queries"
          value={queries}
          trouble={queriesTrouble}
          onChange={setQueries}
        />
      </div>
      <fieldset class="bench-lines">
        <legend>Indexes, and the parameters of their search to try</legend>
        {plan.map((line) => (
          <Line key={line.id} line={line} trouble={troubles.get(line.id)} />
        ))}
        <div class="row">
          <Button onClick={() => change([...plan, planLine()])}>+ Index</Button>
          <Button kind="quiet" onClick={() => change(usualPlan(details.count))}>
            The usual ones
          </Button>
          <a href="./docs/specifications.md" class="bench-specs">
            What can be written here
          </a>
        </div>
      </fieldset>
      <div class="row">
        <button type="submit" class="main" disabled={!isReady || going.value !== undefined}>
          Measure
        </button>
        <span class="muted">
          {details.count.toLocaleString("en")} × {feature.dimension}, one query a call, one thread
        </span>
      </div>
    </form>
  );
}

function change(next: readonly PlanLine[]): void {
  lines.value = next;
}

/** What is wrong with each line, once the reader pauses. */
function useTroubles(
  plan: readonly PlanLine[],
  feature: FeatureSpace,
  metric: string,
): ReadonlyMap<number, string> {
  const [troubles, setTroubles] = useState<ReadonlyMap<number, string>>(new Map());
  useEffect(() => {
    let wanted = true;
    const timer = setTimeout(async () => {
      const found = new Map<number, string>();
      for (const line of plan) {
        try {
          await checkInPage(entryOf(line), feature.dimension, metric);
        } catch (error) {
          found.set(line.id, error instanceof Error ? error.message : String(error));
        }
      }
      if (wanted) setTroubles(found);
    }, 250);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [plan, feature, metric]);
  return troubles;
}

function Line({ line, trouble }: { readonly line: PlanLine; readonly trouble: string | undefined }) {
  const note = useId();
  const edit = (next: Partial<PlanLine>): void =>
    change((lines.value ?? []).map((each) => (each.id === line.id ? { ...each, ...next } : each)));
  const told = trouble === undefined ? {} : { "aria-invalid": true, "aria-describedby": note };
  return (
    <div class="bench-line">
      <input
        aria-label="Index"
        placeholder="HNSW32"
        spellcheck={false}
        value={line.index}
        {...told}
        onInput={(event) => edit({ index: event.currentTarget.value })}
      />
      <input
        aria-label={`Parameters of ${line.index || "this index"}`}
        placeholder="its defaults, or efSearch=10,20,40"
        spellcheck={false}
        value={line.params}
        {...told}
        onInput={(event) => edit({ params: event.currentTarget.value })}
      />
      <Button
        kind="quiet"
        label={`Remove ${line.index || "this index"}`}
        onClick={() => change((lines.value ?? []).filter(({ id }) => id !== line.id))}
      >
        ✕
      </Button>
      {trouble !== undefined && (
        <p id={note} class="bench-trouble" role="alert">
          {trouble}
        </p>
      )}
    </div>
  );
}

interface WholeProps {
  readonly label: string;
  readonly name: keyof typeof BOUNDS;
  readonly value: number;
  readonly trouble: string | undefined;
  onChange(value: number): void;
}

function Whole({ label, name, value, trouble, onChange }: WholeProps) {
  return (
    <Field
      label={label}
      {...(trouble !== undefined && { hint: <span class="bench-trouble">{trouble}</span> })}
    >
      <input
        type="number"
        class="bench-whole"
        min={BOUNDS[name][0]}
        max={BOUNDS[name][1]}
        value={Number.isNaN(value) ? "" : value}
        aria-invalid={trouble !== undefined}
        onInput={(event) => onChange(event.currentTarget.valueAsNumber)}
      />
    </Field>
  );
}
