import { type Draw, distance, type Point } from "../points.ts";
import { count, type Searcher, type Shape, type State, type Step } from "./trace.ts";

/** Links a point makes when it comes; twice as many may be kept in the lowest layer. */
const M = 3;
const EF_CONSTRUCTION = 30;

/** Neighbours of each point, by number; absent where a point is not in the layer. */
type Layer = Map<number, number[]>;

interface Candidate {
  readonly id: number;
  readonly away: number;
}

interface Look {
  readonly from: number;
  /** Points seen for the first time. */
  readonly fresh: readonly number[];
  /** The ef nearest so far, nearest first. */
  readonly beam: readonly number[];
}

const byDistance = (a: Candidate, b: Candidate): number => a.away - b.away || a.id - b.id;

/**
 * Best-first search of a layer with a beam of ef (Malkov and Yashunin, arXiv:1603.09320, algorithm 2): it stops when
 * the nearest point not yet looked around at is farther away than the worst of the beam.
 */
function* beamSearch(
  points: readonly Point[],
  layer: Layer,
  query: Point,
  entry: readonly number[],
  ef: number,
): Generator<Look, number[]> {
  const candidate = (id: number): Candidate => ({ id, away: distance(points[id]!, query) });
  const seen = new Set(entry);
  let beam = entry.map(candidate).sort(byDistance).slice(0, ef);
  const waiting = [...beam];
  while (waiting.length > 0) {
    const here = waiting.sort(byDistance).shift()!;
    if (beam.length >= ef && here.away > beam.at(-1)!.away) break;
    const fresh = layer.get(here.id)!.filter((id) => !seen.has(id));
    for (const id of fresh) {
      seen.add(id);
      const next = candidate(id);
      if (beam.length >= ef && next.away >= beam.at(-1)!.away) continue;
      waiting.push(next);
      beam = [...beam, next].sort(byDistance).slice(0, ef);
    }
    yield { from: here.id, fresh, beam: beam.map(({ id }) => id) };
  }
  return beam.map(({ id }) => id);
}

function runToEnd<T>(search: Generator<unknown, T>): T {
  for (;;) {
    const { done, value } = search.next();
    if (done) return value;
  }
}

/** Keeps a candidate only if it is nearer to the point than to any kept before (algorithm 4): links then spread out. */
function spread(points: readonly Point[], of: number, candidates: readonly number[], most: number): number[] {
  const away = (id: number): number => distance(points[id]!, points[of]!);
  const kept: number[] = [];
  for (const id of candidates.toSorted((i, j) => away(i) - away(j) || i - j)) {
    const open = kept.every((other) => distance(points[id]!, points[other]!) >= away(id));
    if (open && kept.length < most) kept.push(id);
  }
  return kept;
}

/** Layers from the lowest up, and the point to enter at. */
export interface Graph {
  readonly layers: readonly Layer[];
  readonly entry: number;
}

/** Points come one after another; each draws its highest layer and is linked in all below it (algorithm 1). */
export function buildGraph(points: readonly Point[], draw: Draw): Graph {
  const layers: Layer[] = [];
  let entry = 0;
  const link = (layer: Layer, from: number, to: number, most: number): void => {
    const links = layer.get(from)!;
    links.push(to);
    if (links.length > most) layer.set(from, spread(points, from, links, most));
  };
  points.forEach((point, id) => {
    const level = Math.floor(-Math.log(1 - draw.next()) / Math.log(M));
    const top = layers.length - 1;
    let entries = [entry];
    for (let l = top; l > level; l--) entries = runToEnd(beamSearch(points, layers[l]!, point, entries, 1));
    for (let l = Math.min(level, top); l >= 0; l--) {
      const layer = layers[l]!;
      entries = runToEnd(beamSearch(points, layer, point, entries, EF_CONSTRUCTION));
      const chosen = spread(points, id, entries, M);
      layer.set(id, chosen);
      for (const other of chosen) link(layer, other, id, l === 0 ? 2 * M : M);
    }
    for (let l = top + 1; l <= level; l++) layers.push(new Map([[id, []]]));
    if (level > top) entry = id;
  });
  return { layers, entry };
}

/**
 * A hierarchical navigable small world: from the sparse top layer greedily down, then a beam of efSearch in the
 * lowest. Paths lead almost everywhere, not quite: the answer is approximate.
 *
 * @param draw decides the layers of points
 */
export function hnsw(points: readonly Point[], draw: Draw): Searcher {
  const { layers, entry } = buildGraph(points, draw);
  const shapes: Shape[] = [];
  const numbers = new Map<string, number>();
  layers.forEach((layer, l) => {
    for (const [from, links] of layer) {
      for (const to of links) {
        const name = `${l}:${Math.min(from, to)}:${Math.max(from, to)}`;
        if (!numbers.has(name))
          numbers.set(name, shapes.push({ kind: "link", from, to, layer: l, resting: true }) - 1);
      }
    }
  });
  const marks = (layer: number, from: number, to: readonly number[], state: State): [number, State][] =>
    to.map((id) => [numbers.get(`${layer}:${Math.min(from, id)}:${Math.max(from, id)}`)!, state]);

  const search = (query: Point, k: number, efSearch: number): Step[] => {
    const top = layers.length - 1;
    const steps: Step[] = [
      {
        say: `Every search enters at the same point, in the top layer of ${count(layers[top]!.size, "point")}.`,
        measured: [entry],
        extra: 0,
        marks: [],
        layer: top,
        best: [entry],
        at: entry,
      },
    ];
    let entries = [entry];
    for (let l = top; l >= 0; l--) {
      const ef = l === 0 ? Math.max(efSearch, k) : 1;
      const walk = beamSearch(points, layers[l]!, query, entries, ef);
      const where = l === 0 ? "Lowest layer" : `Layer ${l}`;
      for (let look = walk.next(); ; look = walk.next()) {
        if (look.done) {
          entries = look.value;
          const next = l === 0 ? "the search ends" : "the walk goes down a layer";
          const say = `${where}: every point still to visit is farther away than the worst of the beam: ${next}.`;
          steps.push({
            say,
            measured: [],
            extra: 0,
            marks: [],
            layer: l,
            best: entries.slice(0, k),
            at: entries[0]!,
          });
          break;
        }
        const { from, fresh, beam } = look.value;
        const nearer = beam[0] === steps.at(-1)!.best[0] ? "" : ", and one is nearer than all before";
        const found = fresh.length === 0 ? "nothing new" : `${count(fresh.length, "new point")} measured`;
        steps.push({
          say: `${where}: the links of the nearest point not yet visited: ${found}${nearer}.`,
          measured: fresh,
          extra: 0,
          marks: marks(l, from, fresh, "open"),
          layer: l,
          best: beam.slice(0, k),
          at: from,
        });
      }
    }
    return steps;
  };
  return { shapes, centres: [], search };
}
