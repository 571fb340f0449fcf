import type { NeighboursRequest, SetDetails, SetSummary } from "../../../../src/server/protocol.ts";
import { source } from "../../client/index.ts";
import { Empty, MissingSet } from "../../parts/empty.tsx";
import { ErrorNote } from "../../parts/errorNote.tsx";
import { Skeleton } from "../../parts/skeleton.tsx";
import { useWork } from "../../parts/useWork.ts";
import { route } from "../../shell/route.ts";
import { About } from "./about.tsx";
import { Compared } from "./compared.tsx";
import { Controls, SetSelect } from "./controls.tsx";
import { ownPicture } from "./ownPicture.ts";
import { firstRow, titleOf } from "./picks.ts";
import { Query } from "./query.tsx";
import { Results } from "./results.tsx";
import { dialOf } from "./specs.ts";
import { change, indexOf, readState, type State, spaceOf } from "./state.ts";
import { ToMake } from "./toMake.tsx";
import { Walk } from "./walk.tsx";
import "./explore.css";

/** Pick something and see what is near it, found exactly and by an index. */
export default function ExplorePage() {
  const from = source.value;
  const state = readState(route.value.params);
  const sets = useWork(() => from.listSets(), [from]);
  const there = sets.value?.filter(({ missing }) => missing === undefined) ?? [];
  const wanted = sets.value?.find(({ name }) => name === state.set);
  // Begun beside the list of sets, since most of the time the set asked for is there.
  if (state.set !== undefined) from.details(state.set).catch(() => undefined);
  const shown =
    state.set === undefined ? firstSet(there, from.engine) : there.find(({ name }) => name === state.set);
  return (
    <div class="explore">
      <h1>Explore</h1>
      <p class="lead">
        Pick something and see what lies nearest to it: found for sure by looking at everything, and by an
        index that looks at little.
      </p>
      <About />
      <ErrorNote error={sets.error} onRetry={sets.again} />
      {sets.value === undefined && sets.pending && <Skeleton what="data sets" />}
      {sets.value !== undefined && state.set !== undefined && wanted === undefined && (
        <Empty title={`There is no data set “${state.set}”.`} />
      )}
      {wanted?.missing !== undefined && <Missing sets={sets.value!} set={wanted} />}
      {sets.value !== undefined && state.set === undefined && there.length === 0 && (
        <Empty title="No data set is at hand.">
          <p>{sets.value[0]?.missing}</p>
        </Empty>
      )}
      {shown !== undefined && <InSet key={shown.name} {...{ state, sets: sets.value!, name: shown.name }} />}
    </div>
  );
}

function Missing({ sets, set }: { readonly sets: readonly SetSummary[]; readonly set: SetSummary }) {
  return (
    <>
      <div class="panel explore-controls">
        <SetSelect sets={sets} chosen={set.name} />
      </div>
      <MissingSet set={set} />
    </>
  );
}

/** A page builds its indexes on one thread: it begins with a small set. */
function firstSet(sets: readonly SetSummary[], engine: "server" | "page"): SetSummary | undefined {
  return (engine === "page" ? sets.find(({ count }) => count <= 5000) : undefined) ?? sets[0];
}

interface InSetProps {
  readonly state: State;
  readonly sets: readonly SetSummary[];
  readonly name: string;
}

function InSet({ state, sets, name }: InSetProps) {
  const from = source.value;
  const {
    value: set,
    error,
    pending,
    again,
  } = useWork(() => (name === undefined ? undefined : from.details(name)), [from, name]);
  if (error !== undefined) return <ErrorNote error={error} onRetry={again} />;
  if (set === undefined) return pending ? <Skeleton what="the data set" /> : null;
  return <Opened {...{ state, sets, set }} onMade={again} />;
}

interface OpenedProps {
  readonly state: State;
  readonly sets: readonly SetSummary[];
  readonly set: SetDetails;
  onMade(): void;
}

function Opened({ state, sets, set, onMade }: OpenedProps) {
  const { space, metric } = spaceOf(state, set);
  const takesPictures = set.sheets !== undefined && (space.embeds === true || space.pixels !== undefined);
  const own = ownPicture.value?.set === set.name && takesPictures ? ownPicture.value : undefined;
  const query: number | "picture" =
    state.query === "picture" && own !== undefined
      ? "picture"
      : typeof state.query === "number" && state.query < set.count
        ? state.query
        : firstRow(set);
  const asked = query === "picture" ? { pixels: own!.pixels } : { row: query };
  const index = indexOf(state, set.count);
  const dial = dialOf(index);
  const request: NeighboursRequest = {
    ...{ feature: space.name, metric, index, k: state.k },
    ...(dial !== undefined && state.dial !== undefined && { params: { [dial.name]: state.dial } }),
    ...asked,
  };
  const here: State = { ...state, set: set.name, query };
  const several = set.features.filter(({ toMake }) => toMake === undefined).length > 1;
  return (
    <>
      <Controls {...{ state, sets, set }} />
      <div class="explore-body">
        <Query state={here} {...{ set, query, takesPictures }} />
        <div class="explore-main">
          <Walk state={here} set={set} />
          {several && (
            <label class="explore-compare">
              <input
                type="checkbox"
                checked={state.compare}
                onChange={(event) => change({ compare: event.currentTarget.checked })}
              />
              Compare features: the same question to each
            </label>
          )}
          {state.compare && several ? (
            <Compared state={here} set={set} query={asked} />
          ) : space.toMake !== undefined ? (
            <ToMake {...{ set, space, onMade }} />
          ) : (
            <Results
              {...{ set, request }}
              state={here}
              name={query === "picture" ? own!.name : titleOf(set, query)}
            />
          )}
          <p class="explore-credits">
            {set.note} {set.credits.join(" · ")}
          </p>
        </div>
      </div>
    </>
  );
}
