import type {
  FeatureSpace,
  NeighboursAnswer,
  NeighboursRequest,
  SetDetails,
} from "../../../../src/server/protocol.ts";
import { source } from "../../client/index.ts";
import { ErrorNote } from "../../parts/errorNote.tsx";
import { Progress } from "../../parts/progress.tsx";
import { Skeleton } from "../../parts/skeleton.tsx";
import { useWork } from "../../parts/useWork.ts";
import { NeighbourList } from "./neighbourList.tsx";
import { mainProperty } from "./picks.ts";
import type { State } from "./state.ts";

interface ComparedProps {
  readonly state: State;
  readonly set: SetDetails;
  /** The query, whatever the space. */
  readonly query: Pick<NeighboursRequest, "row" | "pixels">;
}

/** The same question to all spaces of the set that are there, exactly. */
export function Compared({ state, set, query }: ComparedProps) {
  const spaces = set.features.filter(({ toMake, embeds, pixels }) => {
    const answers = query.row !== undefined || embeds === true || pixels !== undefined;
    return toMake === undefined && answers;
  });
  return (
    <section class="explore-results">
      {spaces.map((space) => (
        <InSpace key={space.name} {...{ state, set, query, space }} />
      ))}
    </section>
  );
}

function InSpace({ state, set, query, space }: ComparedProps & { readonly space: FeatureSpace }) {
  const from = source.value;
  const metric = space.metrics.find((name) => name === state.metric) ?? space.metrics[0]!;
  const request: NeighboursRequest = { feature: space.name, metric, index: "Flat", k: state.k, ...query };
  const { value, error, pending, progress, again, cancel } = useWork<NeighboursAnswer>(
    (waiting) => from.neighbours(set.name, request, waiting),
    [from, set.name, JSON.stringify(request)],
  );
  return (
    <div class={pending ? "explore-found stale" : "explore-found"}>
      <div class="explore-head exact">
        <h2>{space.title}</h2>
        <span>{value && told(set, query.row, value)}</span>
      </div>
      {space.note && <p class="muted explore-note">{space.note}</p>}
      {pending && progress && <Progress what="Searching" progress={progress} onCancel={cancel} />}
      <ErrorNote error={error} onRetry={again} />
      {value === undefined && pending && <Skeleton what={space.title} />}
      {value && (
        <NeighbourList {...{ state, set }} title={`Neighbours by ${space.title}`} ranked={value.exact} />
      )}
      {space.scores && (
        <p class="muted explore-note">
          {space.scores
            .map(({ name, value: score }) => `${name}: ${Math.round(100 * score)}\u00a0%`)
            .join(" · ")}
        </p>
      )}
    </div>
  );
}

/** How many neighbours share what the query is told by. */
function told(set: SetDetails, row: number | undefined, { exact }: NeighboursAnswer): string {
  const property = mainProperty(set);
  const own = row === undefined ? undefined : property?.of[row];
  if (property === undefined || own === undefined || own < 0) return "";
  const alike = exact.rows.filter((near) => property.of[near] === own).length;
  return `${alike} of ${exact.rows.length} of the same ${property.name} (${property.values[own]})`;
}
