import { batch } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import type { FeatureSpace, SetDetails, SetSummary } from "../../../../src/server/protocol.ts";
import { type MapMethod, source } from "../../client/index.ts";
import { useWork, type Work } from "../../parts/useWork.ts";
import { type Route, route } from "../../shell/route.ts";
import { readAddress } from "./address.ts";
import { type Atlas, type Chart, chartOf } from "./atlas.ts";
import type { MapSource } from "./generated.ts";

interface Asked {
  readonly set?: string | undefined;
  readonly feature?: string | undefined;
  readonly method?: string | undefined;
}

/** Which map is asked for, and how far it is. */
export interface Choice {
  readonly sets: readonly SetSummary[];
  /** The chosen set, when it is listed but not at hand. */
  readonly missing?: SetSummary | undefined;
  readonly details?: SetDetails | undefined;
  readonly feature?: FeatureSpace | undefined;
  readonly method?: MapMethod | undefined;
  readonly loading: Work<unknown>;
  readonly charting: Work<Chart>;
  choose(next: Asked): void;
}

/** Fills the atlas with the map that the address or the reader asks for. */
export function useChoice(atlas: Atlas, from: MapSource): Choice {
  const isGenerated = from !== source.value;
  const place = route.value;
  const [asked, setAsked] = useState<Asked>(() => askedBy(place));
  useEffect(() => setAsked(askedBy(place)), [place]);
  const listing = useWork(
    () => (isGenerated ? undefined : source.value.listSets()),
    [isGenerated, source.value],
  );
  const sets = listing.value ?? [];
  const chosen =
    sets.find(({ name }) => name === asked.set) ?? sets.find(({ missing }) => missing === undefined);
  const name = isGenerated ? "generated" : chosen?.missing === undefined ? chosen?.name : undefined;
  const detailing = useWork(() => (name === undefined ? undefined : from.details(name)), [from, name]);
  const details = detailing.value?.name === name ? detailing.value : undefined;
  const feature =
    details?.features.find((space) => space.name === asked.feature && space.maps.length > 0) ??
    details?.features.find(({ maps }) => maps.length > 0);
  const method = feature?.maps.find((one) => one === asked.method) ?? feature?.maps[0];
  const charting = useWork(
    ({ signal, onProgress }) => {
      if (details === undefined || feature === undefined || method === undefined) return undefined;
      return from
        .map(details.name, feature.name, method, { signal, onProgress })
        .then(({ data }) => chartOf(details, feature.name, method, data));
    },
    [from, details, feature, method],
  );
  useChart(atlas, charting.value, place);
  return {
    ...{ sets, details, feature, method, charting },
    missing: chosen?.missing === undefined ? undefined : chosen,
    loading: listing.error === undefined && listing.value !== undefined ? detailing : listing,
    choose: (next) => setAsked((before) => ({ ...before, ...next })),
  };
}

function askedBy({ params }: Route): Asked {
  const asked = (name: string): string | undefined => params.get(name) ?? undefined;
  return { set: asked("set"), feature: asked("feature"), method: asked("map") };
}

/** Shows a new map; what the address says of the view holds for the first map after it changed. */
function useChart(atlas: Atlas, chart: Chart | undefined, place: Route): void {
  const read = useRef<Route | undefined>(undefined);
  useEffect(() => {
    if (chart === undefined) return;
    const before = atlas.chart.value;
    batch(() => {
      atlas.chart.value = chart;
      atlas.hovered.value = undefined;
      if (before?.details !== chart.details) {
        atlas.selected.value = undefined;
        atlas.gathered.value = [];
        atlas.hidden.value = new Set();
        atlas.by.value = undefined;
      }
      if (before !== chart) atlas.aim.value = undefined;
      if (read.current !== place) readAddress(atlas, place.params);
      read.current = place;
    });
  }, [atlas, chart, place]);
}
