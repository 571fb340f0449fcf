import { useState } from "preact/hooks";
import type { SetDetails, SetSummary } from "../../../../src/server/protocol.ts";
import { Button } from "../../parts/button.tsx";
import { Field } from "../../parts/field.tsx";
import { count } from "../../parts/format.ts";
import { Select } from "../../parts/select.tsx";
import { Slider } from "../../parts/slider.tsx";
import { dialOf, type OfferedIndex, offeredIndexes } from "./specs.ts";
import { change, changeSet, indexOf, type State, spaceOf } from "./state.ts";

const METRICS: Readonly<Record<string, string>> = {
  l2: "L2 (straight line)",
  l2sq: "L2 squared",
  l1: "L1 (sum of steps)",
  linf: "L∞ (largest step)",
  cosine: "Cosine (angle)",
  ip: "Inner product",
  hamming: "Hamming (bits)",
};

interface ControlsProps {
  readonly state: State;
  readonly sets: readonly SetSummary[];
  readonly set: SetDetails;
}

export function Controls({ state, sets, set }: ControlsProps) {
  const { space, metric } = spaceOf(state, set);
  const index = indexOf(state, set.count);
  return (
    <section class="panel explore-controls" aria-label="What is searched, and how">
      <SetSelect sets={sets} chosen={set.name} />
      <Select
        label="Features"
        value={space.name}
        options={set.features.map(({ name, title, toMake }) => ({
          value: name,
          title: toMake === undefined ? title : `${title} (to be made)`,
        }))}
        onChange={(feature) => change({ feature, metric: undefined })}
      />
      <Select
        label="Distance"
        value={metric}
        options={space.metrics.map((name) => ({ value: name, title: METRICS[name] ?? name }))}
        onChange={(chosen) => change({ metric: chosen })}
      />
      <IndexControl key={index} {...{ state, index }} offered={offeredIndexes(set.count)} />
      <Select
        label="Neighbours"
        value={`${state.k}`}
        options={[...new Set([5, 10, 20, 50, state.k])]
          .sort((a, b) => a - b)
          .map((k) => ({ value: `${k}`, title: `${k}` }))}
        onChange={(k) => change({ k: Number(k) })}
      />
    </section>
  );
}

export function SetSelect({
  sets,
  chosen,
}: {
  readonly sets: readonly SetSummary[];
  readonly chosen: string;
}) {
  return (
    <Select
      label="Data set"
      value={chosen}
      options={sets.map(({ name, title, count: rows, missing }) => ({
        value: name,
        title: missing === undefined ? `${title} (${count(rows)})` : `${title} (not at hand)`,
      }))}
      onChange={changeSet}
    />
  );
}

const OTHER = "other";

interface IndexControlProps {
  readonly state: State;
  readonly index: string;
  readonly offered: OfferedIndex[];
}

/** An index from the list or as a specification, and its dial. */
function IndexControl({ state, index, offered }: IndexControlProps) {
  const listed = offered.some(({ spec }) => spec === index);
  const [free, setFree] = useState(!listed);
  const dial = dialOf(index);
  const options = [
    ...offered.map(({ spec, title }) => ({ value: spec, title })),
    { value: OTHER, title: "Another specification…" },
  ];
  return (
    <>
      <Select
        label="Index"
        value={free ? OTHER : index}
        options={options}
        onChange={(spec) => (spec === OTHER ? setFree(true) : change({ index: spec }))}
      />
      {free && <SpecField spec={index} />}
      {dial !== undefined && (
        <Slider
          label={dial.name}
          min={0}
          max={dial.stops.length}
          value={state.dial === undefined ? 0 : dial.stops.findIndex((stop) => stop >= state.dial!) + 1}
          format={(place) => (place === 0 ? "default" : `${dial.stops[place - 1]}`)}
          onInput={(place) => change({ dial: place === 0 ? undefined : dial.stops[place - 1] })}
        />
      )}
    </>
  );
}

function SpecField({ spec }: { readonly spec: string }) {
  const [typed, setTyped] = useState(spec);
  return (
    <form
      class="explore-spec"
      onSubmit={(event) => {
        event.preventDefault();
        if (typed.trim() !== "") change({ index: typed.trim() });
      }}
    >
      <Field label="Specification">
        <input
          value={typed}
          spellcheck={false}
          placeholder="IVF64,PQ16x4fs,Refine"
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      </Field>
      <Button onClick={() => typed.trim() !== "" && change({ index: typed.trim() })}>Use</Button>
    </form>
  );
}
