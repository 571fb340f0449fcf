import type { FeatureSpace, SetDetails } from "../../../../src/server/protocol.ts";
import { goTo, linkTo, route } from "../../shell/route.ts";
import { dialOf, offeredIndexes } from "./specs.ts";

/** What the page shows; all of it stands in the address, so that it can be sent to somebody. */
export interface State {
  readonly set: string | undefined;
  readonly feature: string | undefined;
  readonly metric: string | undefined;
  /** Absent for the first of those offered. */
  readonly index: string | undefined;
  /** Of the index's dial; absent for its default. */
  readonly dial: number | undefined;
  readonly k: number;
  /** A row, or a picture from outside, which no address can hold. */
  readonly query: number | "picture" | undefined;
  /** Rows one came by, the first one first. */
  readonly walk: readonly number[];
  /** Whether all spaces of the set are shown beside one another. */
  readonly compare: boolean;
}

const DEFAULT_K = 10;
const MOST_STEPS = 30;

export function readState(params: URLSearchParams): State {
  const number = (name: string): number | undefined => {
    const text = params.get(name) ?? "";
    return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
  };
  return {
    set: params.get("set") ?? undefined,
    feature: params.get("f") ?? undefined,
    metric: params.get("m") ?? undefined,
    index: params.get("i") ?? undefined,
    dial: number("p"),
    k: Math.min(50, Math.max(1, number("k") ?? DEFAULT_K)),
    query: params.get("q") === "picture" ? "picture" : number("q"),
    walk: (params.get("w") ?? "").split(".").filter(Boolean).map(Number).filter(Number.isSafeInteger),
    compare: params.get("c") === "1",
  };
}

export function addressOf(state: State): string {
  const { set, feature, metric, index, dial, k, query, walk, compare } = state;
  const entries = {
    set,
    f: feature,
    m: metric,
    i: index,
    p: dial,
    k: k === DEFAULT_K ? undefined : k,
    q: query,
    w: walk.length === 0 ? undefined : walk.slice(-MOST_STEPS).join("."),
    c: compare ? 1 : undefined,
  };
  const given = Object.entries(entries).filter(([, value]) => value !== undefined);
  return linkTo("explore", Object.fromEntries(given) as Record<string, string | number>);
}

/** Sets part of what is shown; the address before is gone. */
export function change(part: Partial<State>): void {
  const before = readState(route.value.params);
  const next = { ...before, ...part };
  const sameDial = dialOf(indexOf(next, 1)) === dialOf(indexOf(before, 1));
  goTo(addressOf(sameDial ? next : { ...next, dial: undefined }), { replace: true });
}

/** Another set: nothing of what was asked of the one before stays but the index. */
export function changeSet(set: string): void {
  change({ set, feature: undefined, metric: undefined, query: undefined, walk: [] });
}

/** The address of a neighbour of what is shown. */
export function stepTo(state: State, row: number): string {
  const from = typeof state.query === "number" && state.query !== row ? [state.query] : [];
  return addressOf({ ...state, query: row, walk: [...state.walk, ...from] });
}

/** The index asked for, of a set of that many rows. */
export function indexOf({ index }: State, count: number): string {
  return index ?? offeredIndexes(count)[0]!.spec;
}

/** The space asked about, and its metric. */
export function spaceOf(state: State, set: SetDetails): { space: FeatureSpace; metric: string } {
  const space = set.features.find(({ name }) => name === state.feature) ?? set.features[0]!;
  const metric = space.metrics.find((name) => name === state.metric) ?? space.metrics[0]!;
  return { space, metric };
}
