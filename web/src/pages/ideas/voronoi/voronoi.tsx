import { Delaunay } from "d3-delaunay";
import { useMemo, useState } from "preact/hooks";
import { createRng } from "vicinal/core";
import { Board, Query, SIDE } from "../parts/board.tsx";
import { Handles } from "../parts/handles.tsx";
import { AddRemove, Hint, Idea, Seed } from "../parts/idea.tsx";
import { bruteForce, type Point, scattered } from "../points.ts";
import { greedyWalk } from "./walk.ts";
import "./voronoi.css";

const SITES = 36;
const sitesOf = (seed: number): Point[] => scattered(SITES, createRng(seed, "voronoi"));

interface Cells {
  readonly all: string;
  readonly links: string;
  cell(i: number): string;
  linked(i: number): Iterable<number>;
}

function cellsOf(sites: readonly Point[]): Cells {
  const delaunay = Delaunay.from(
    sites,
    ({ x }) => x * SIDE,
    ({ y }) => y * SIDE,
  );
  const voronoi = delaunay.voronoi([0, 0, SIDE, SIDE]);
  return {
    all: voronoi.render(),
    links: delaunay.render(),
    cell: (i) => voronoi.renderCell(i),
    linked: (i) => delaunay.neighbors(i),
  };
}

const line = (points: readonly Point[]): string =>
  points.map(({ x, y }) => `${x * SIDE},${y * SIDE}`).join(" ");

export default function VoronoiIdea() {
  const [seed, setSeed] = useState(1);
  const [sites, setSites] = useState(() => sitesOf(1));
  const [query, setQuery] = useState<Point>({ x: 0.55, y: 0.47 });
  const [selected, setSelected] = useState(0);
  const [links, setLinks] = useState(false);
  const cells = useMemo(() => cellsOf(sites), [sites]);
  const start = Math.min(selected, sites.length - 1);
  const path = links ? greedyWalk(sites, cells.linked, query, start) : [];
  const nearest = bruteForce(sites, query, 1)[0]!;
  const move = (i: number, to: Point): void => setSites(sites.with(i, to));
  const remove = (i: number): void => {
    if (sites.length > 3) setSites(sites.toSpliced(i, 1));
  };
  return (
    <Idea
      says={
        <p>
          Every point owns the part of the plane that is nearer to it than to any other point: its cell. To
          find the nearest neighbour of a query is to find the cell that the query lies in. Points whose cells
          touch are linked in the Delaunay graph; whoever walks along these links, always to the point nearest
          to the query, arrives at the right one.
        </p>
      }
      figure={
        <>
          <Board label="Points, their cells and a query" onTap={setQuery}>
            <path class="voronoi-own" d={cells.cell(nearest)} />
            <path class="voronoi-cells" d={cells.all} />
            {links && <path class="voronoi-links" d={cells.links} />}
            {path.length > 1 && (
              <polyline class="voronoi-path" points={line(path.map((site) => sites[site]!))} />
            )}
            <line
              class="voronoi-nearest"
              x1={query.x * SIDE}
              y1={query.y * SIDE}
              x2={sites[nearest]!.x * SIDE}
              y2={sites[nearest]!.y * SIDE}
            />
            <Handles
              points={sites}
              label={(i) => `Point ${i + 1}${i === nearest ? ", nearest to the query," : ""}`}
              selected={selected}
              onSelect={setSelected}
              onMove={move}
              onRemove={remove}
              draw={(i) => (
                <circle
                  class={i === nearest ? "voronoi-site voronoi-winner" : "voronoi-site"}
                  r={i === nearest ? 8 : links && i === start ? 7 : 5}
                />
              )}
            />
            <Query at={query} onMove={setQuery} />
          </Board>
          <Hint many tap="Click anywhere to put the query there." />
        </>
      }
      controls={
        <>
          <label class="idea-check">
            <input
              type="checkbox"
              checked={links}
              onChange={(event) => setLinks(event.currentTarget.checked)}
            />
            Delaunay links, and the walk from the selected point
          </label>
          <AddRemove
            where="at the query"
            onAdd={() => setSites([...sites, query])}
            canRemove={sites.length > 3}
            onRemove={() => remove(start)}
          />
          <Seed
            seed={seed}
            onNew={(next) => {
              setSeed(next);
              setSites(sitesOf(next));
              setSelected(0);
            }}
          />
        </>
      }
      readout={
        <p>
          Nearest of {sites.length} points: <strong>point {nearest + 1}</strong>
          {links && (
            <>
              ; the walk from point {start + 1} takes{" "}
              <strong>
                {path.length - 1} {path.length === 2 ? "step" : "steps"}
              </strong>
            </>
          )}
          .
        </p>
      }
      notice={[
        "A border lies half-way between two points. Near it, the smallest move of the query changes the answer.",
        "Lonely points own large cells: queries from far away end there.",
        "In the plane a point has about six Delaunay links. In hundreds of dimensions nearly all points would be linked, so graph indexes such as HNSW keep a few links only, and may miss.",
      ]}
    />
  );
}
