import { useEffect, useMemo, useState } from "preact/hooks";
import { isAbort, source } from "../../client/index.ts";
import { Button } from "../../parts/button.tsx";
import { Empty, MissingSet } from "../../parts/empty.tsx";
import { ErrorNote } from "../../parts/errorNote.tsx";
import { Progress } from "../../parts/progress.tsx";
import { Select } from "../../parts/select.tsx";
import { route } from "../../shell/route.ts";
import { keepAddress } from "./address.ts";
import { type Atlas, createAtlas } from "./atlas.ts";
import { type Choice, useChoice } from "./choice.ts";
import { Find } from "./find.tsx";
import { Gathered } from "./gathered.tsx";
import { generatedSource, type MapSource, MOST_GENERATED } from "./generated.ts";
import { gatherInView } from "./gestures.ts";
import { Legend } from "./legend.tsx";
import { Selection } from "./selection.tsx";
import { Stage } from "./stage.tsx";
import "./page.css";

const METHODS = { umap: "UMAP: who is near whom", pca: "PCA: the widest directions" };

/** A whole data set at a glance: rows that are near each other lie near each other. */
export default function MapPage() {
  const atlas = useMemo(createAtlas, []);
  const from = useMapSource();
  const choice = useChoice(atlas, from);
  const [k, setK] = useState(10);
  useEffect(() => keepAddress(atlas), [atlas]);
  return (
    <>
      <h1>Map</h1>
      <p class="lead">
        Every row is a point. Rows that resemble each other lie near each other, as far as a plane allows.
      </p>
      <div class="row map-controls">
        <Controls atlas={atlas} choice={choice} />
      </div>
      <State choice={choice} />
      <div class="map-layout" aria-busy={choice.charting.pending}>
        <Stage atlas={atlas} />
        <aside>
          <Selection atlas={atlas} from={from} k={k} onK={setK} />
          <Gathered atlas={atlas} />
          <Legend atlas={atlas} />
          <Help atlas={atlas} />
        </aside>
      </div>
    </>
  );
}

/** The reader's source, or points made up on demand: #/map?generated=100000 */
function useMapSource(): MapSource {
  const asked = Number(route.value.params.get("generated") ?? 0);
  const count = Number.isInteger(asked) ? Math.min(MOST_GENERATED, Math.max(0, asked)) : 0;
  const generated = useMemo(() => (count > 0 ? generatedSource(count) : undefined), [count]);
  return generated ?? source.value;
}

function Controls({ atlas, choice }: { readonly atlas: Atlas; readonly choice: Choice }) {
  const { sets, details, feature, method, choose } = choice;
  const spaces = details?.features.filter(({ maps }) => maps.length > 0) ?? [];
  return (
    <>
      {sets.length > 0 && (
        <Select
          label="Data set"
          value={choice.missing?.name ?? details?.name ?? ""}
          options={sets.map(({ name, title, missing }) => ({
            value: name,
            title: missing === undefined ? title : `${title} (not at hand)`,
          }))}
          onChange={(set) => choose({ set, feature: undefined, method: undefined })}
        />
      )}
      {spaces.length > 1 && (
        <Select
          label="Features"
          value={feature?.name ?? ""}
          options={spaces.map(({ name, title }) => ({ value: name, title }))}
          onChange={(name) => choose({ feature: name })}
        />
      )}
      {feature !== undefined && method !== undefined && feature.maps.length > 1 && (
        <Select
          label="Laid out by"
          value={method}
          options={feature.maps.map((value) => ({ value, title: METHODS[value] }))}
          onChange={(next) => choose({ method: next })}
        />
      )}
      {details !== undefined && details.properties.length > 1 && (
        <Select
          label="Colours"
          value={atlas.property.value?.name ?? ""}
          options={details.properties.map(({ name }) => ({ value: name, title: name }))}
          onChange={(name) => {
            atlas.by.value = name;
            atlas.hidden.value = new Set();
          }}
        />
      )}
      <Find atlas={atlas} />
    </>
  );
}

/** Why there is no map, or not yet. */
function State({ choice }: { readonly choice: Choice }) {
  const { loading, charting, details, feature, missing } = choice;
  if (missing !== undefined) return <MissingSet set={missing} />;
  if (loading.error !== undefined) return <ErrorNote error={loading.error} onRetry={loading.again} />;
  if (details !== undefined && feature === undefined) {
    return <Empty title={`There is no map of ${details.title}.`} />;
  }
  if (charting.pending) {
    return <Progress what="making the map" progress={charting.progress} onCancel={charting.cancel} />;
  }
  if (isAbort(charting.error)) {
    return (
      <p class="row">
        The map was not finished. <Button onClick={charting.again}>Make it</Button>
      </p>
    );
  }
  return <ErrorNote error={charting.error} onRetry={charting.again} />;
}

function Help({ atlas }: { readonly atlas: Atlas }) {
  const chart = atlas.chart.value;
  if (chart === undefined) return null;
  return (
    <section class="map-help muted">
      <p id="map-keys">
        Drag to move, wheel or pinch to zoom, click a point to see its neighbours, shift-drag to list what is
        inside an outline. Keys: arrows move, + and − zoom, 0 shows all, Enter takes the point nearest to the
        middle, Escape clears.
      </p>
      <Button onClick={() => gatherInView(atlas)}>List what is in view</Button>
      {chart.details.note && <p>{chart.details.note}</p>}
      {chart.details.credits.map((credit) => (
        <p key={credit}>
          <small>{credit}</small>
        </p>
      ))}
    </section>
  );
}
