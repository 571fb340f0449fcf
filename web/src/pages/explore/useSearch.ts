import type {
  JobProgress,
  NeighboursAnswer,
  NeighboursRequest,
  RankedRows,
} from "../../../../src/server/protocol.ts";
import { source } from "../../client/index.ts";
import { useWork } from "../../parts/useWork.ts";

export interface Search {
  /** Known as soon as all rows are compared, whether the index is built or not. */
  readonly exact: RankedRows | undefined;
  readonly exactPending: boolean;
  /** Of what was asked last, unless `pending`: then of what was asked before. */
  readonly answer: NeighboursAnswer | undefined;
  readonly pending: boolean;
  readonly error: unknown;
  /** Of building the index, or of loading what it is built over. */
  readonly progress: JobProgress | undefined;
  cancel(): void;
  again(): void;
}

/**
 * Neighbours of a query, exact and by an index. The index is asked for by itself, so that another query, which stops the
 * search for the one before, does not stop the building.
 */
export function useSearch(set: string, request: NeighboursRequest): Search {
  const from = source.value;
  const { feature, metric, index } = request;
  const space = `${set} ${feature} ${metric}`;
  const sure = useWork(
    (waiting) => from.neighbours(set, exactly(request), waiting),
    [from, set, JSON.stringify(exactly(request))],
  );
  const built = useWork(
    (waiting) =>
      from.neighbours(set, { feature, metric, index, k: 1, row: 0 }, waiting).then(() => `${space} ${index}`),
    [from, space, index],
  );
  const isBuilt = !built.pending && built.value === `${space} ${index}`;
  const found = useWork(
    (waiting) => (isBuilt ? from.neighbours(set, request, waiting) : undefined),
    [from, set, JSON.stringify(request), isBuilt],
  );
  const pending = built.pending || found.pending || (built.error === undefined && !isBuilt);
  const error = built.error ?? (pending ? undefined : found.error);
  const answer = error === undefined ? found.value : undefined;
  return {
    exact: sure.value?.exact ?? answer?.exact,
    exactPending: sure.pending,
    answer,
    pending: pending && built.error === undefined,
    error: error ?? sure.error,
    progress: sure.progress ?? built.progress,
    cancel() {
      sure.cancel();
      built.cancel();
    },
    again() {
      if (sure.value === undefined) sure.again();
      if (built.error !== undefined) built.again();
      else found.again();
    },
  };
}

function exactly({ feature, metric, k, row, pixels }: NeighboursRequest): NeighboursRequest {
  const query = pixels === undefined ? { row: row! } : { pixels };
  return { feature, metric, index: "Flat", k, ...query };
}
