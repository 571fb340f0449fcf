import type { NeighboursAnswer, NeighboursRequest, SetDetails } from "../../../../src/server/protocol.ts";
import { ErrorNote } from "../../parts/errorNote.tsx";
import { bytes, count, milliseconds, seconds, short } from "../../parts/format.ts";
import { Progress } from "../../parts/progress.tsx";
import { Skeleton } from "../../parts/skeleton.tsx";
import { NeighbourList } from "./neighbourList.tsx";
import { mainProperty } from "./picks.ts";
import { offeredIndexes } from "./specs.ts";
import type { State } from "./state.ts";
import { useSearch } from "./useSearch.ts";

interface ResultsProps {
  readonly state: State;
  readonly set: SetDetails;
  readonly request: NeighboursRequest;
  /** What is asked about, in words. */
  readonly name: string;
}

/** Exact neighbours, which are there at once, above those that the index found. */
export function Results(props: ResultsProps) {
  const { state, set, request } = props;
  const { exact, exactPending, answer, pending, error, progress, cancel, again } = useSearch(
    set.name,
    request,
  );
  const missed = pending || answer === undefined ? undefined : differences(answer).missed;
  return (
    <section class="explore-results" aria-busy={pending}>
      <Summary {...props} answer={pending ? undefined : answer} pending={pending} />
      <Head kind="exact" title="Exact" about="every row compared, nearest first" />
      {exact === undefined && exactPending && <Skeleton what="neighbours" lines={2} />}
      {exact !== undefined && (
        <NeighbourList
          {...{ state, set }}
          marked={missed}
          title="Exact neighbours"
          ranked={exact}
          mark="missed"
        />
      )}
      <Head kind="approximate" title="Approximate" about={aboutIndex(set, request)} />
      {pending && progress !== undefined && (
        <Progress what={`Building ${request.index}`} progress={progress} onCancel={cancel} />
      )}
      <ErrorNote error={error} onRetry={again} />
      {!pending && <Stopped error={error} again={again} />}
      {answer === undefined && pending && <Skeleton what="neighbours" lines={2} />}
      {answer !== undefined && (
        <div class={pending ? "explore-found stale" : "explore-found"}>
          <NeighbourList
            {...{ state, set }}
            title="Approximate neighbours"
            ranked={answer.approximate}
            marked={differences(answer).instead}
            mark="farther"
          />
          <Facts {...{ set, request, answer }} />
        </div>
      )}
    </section>
  );
}

function aboutIndex(set: SetDetails, { index }: NeighboursRequest): string {
  return offeredIndexes(set.count).find(({ spec }) => spec === index)?.about ?? `by ${index}`;
}

function Head({ kind, title, about }: { kind: "exact" | "approximate"; title: string; about: string }) {
  return (
    <div class={`explore-head ${kind}`}>
      <h2>{title}</h2>
      <span>{about}</span>
    </div>
  );
}

interface SummaryProps extends ResultsProps {
  readonly answer: NeighboursAnswer | undefined;
  readonly pending: boolean;
}

/** What happened, in a sentence; also told to those who do not see it. */
function Summary({ set, name, answer, pending }: SummaryProps) {
  const doing = pending
    ? `Looking for what is nearest to “${name}” …`
    : `Nearest to “${name}”, by comparing all rows:`;
  return (
    <p class="explore-summary" aria-live="polite">
      {answer === undefined ? doing : <Outcome {...{ set, name, answer }} />}
    </p>
  );
}

function Outcome({ set, name, answer }: { set: SetDetails; name: string; answer: NeighboursAnswer }) {
  const { exact, approximate, recall, built } = answer;
  const wanted = exact.rows.length;
  const hits = Math.round(recall * wanted);
  return (
    <>
      {built.spec} found <b>{hits === wanted ? `all ${wanted}` : `${hits} of the ${wanted}`}</b> nearest to “
      {name}” in <b>{milliseconds(approximate.milliseconds)}</b>; comparing with all {count(set.count)} rows
      takes <b>{milliseconds(exact.milliseconds)}</b>.
    </>
  );
}

function Stopped({ error, again }: { readonly error: unknown; again(): void }) {
  if (!(error instanceof Error) || error.name !== "AbortError") return null;
  return (
    <p>
      Stopped.{" "}
      <button type="button" onClick={again}>
        Go on
      </button>
    </p>
  );
}

/**
 * Rows that the index missed, and those it gave instead. Of rows equally far any is right, so that there are as many
 * as the recall says; and distances may be estimates of the index.
 */
function differences({ exact, approximate, recall }: NeighboursAnswer): {
  missed: Set<number>;
  instead: Set<number>;
} {
  const hits = Math.round(recall * exact.rows.length);
  const found = new Set(approximate.rows);
  const sure = new Set(exact.rows);
  const absent = exact.rows.filter((row) => !found.has(row));
  const others = approximate.rows.filter((row) => !sure.has(row));
  const wrong = approximate.rows.length - hits;
  return {
    missed: new Set(absent.slice(0, exact.rows.length - hits)),
    instead: new Set(wrong === 0 ? [] : others.slice(-wrong)),
  };
}

function Facts({
  set,
  request,
  answer,
}: {
  set: SetDetails;
  request: NeighboursRequest;
  answer: NeighboursAnswer;
}) {
  const { exact, approximate, recall, built } = answer;
  const faster = exact.milliseconds / approximate.milliseconds;
  const property = mainProperty(set);
  const own = request.row === undefined ? undefined : property?.of[request.row];
  const alike = exact.rows.filter((row) => property?.of[row] === own).length;
  return (
    <dl class="explore-facts">
      <Fact name="Recall of this query" value={`${Math.round(recall * 100)} %`} />
      <Fact
        name="Search, engine alone"
        value={milliseconds(approximate.milliseconds)}
        note={
          faster >= 1.15
            ? `${short(Number(faster.toPrecision(2)))} times as fast as exact`
            : `exact: ${milliseconds(exact.milliseconds)}`
        }
      />
      <Fact name="Building the index took" value={seconds(built.seconds)} />
      <Fact name="Memory" value={bytes(built.bytes)} note={`${short(built.bytes / set.count)} bytes a row`} />
      {own !== undefined && own >= 0 && property !== undefined && (
        <Fact
          name={`Of the same ${property.name}`}
          value={`${alike} of ${exact.rows.length}`}
          note={property.values[own]!}
        />
      )}
    </dl>
  );
}

function Fact({ name, value, note }: { name: string; value: string; note?: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <span class="number">{value}</span>
        {note !== undefined && <small>{note}</small>}
      </dd>
    </div>
  );
}
