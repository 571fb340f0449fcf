import { useMemo, useState } from "preact/hooks";
import { createRng } from "vicinal/core";
import { percent } from "../../../parts/format.ts";
import { Slider } from "../../../parts/slider.tsx";
import { linkTo, route } from "../../../shell/route.ts";
import { Board, Query } from "../parts/board.tsx";
import { Choice } from "../parts/choice.tsx";
import { Hint, Idea, Seed } from "../parts/idea.tsx";
import { bruteForce, clouds, type Point } from "../points.ts";
import { METHODS, type Method } from "./methods.ts";
import { Player } from "./player.tsx";
import { Legend, Scene } from "./scene.tsx";
import { distancesOf } from "./trace.ts";
import "./search.css";

const POINTS = 240;
const CLOUDS = 7;
const K = 3;

const NOTICE: Readonly<Record<string, readonly string[]>> = {
  kdtree: [
    "Grey boxes were left out without measuring a single point of them. Put the query far from all points: fewer boxes can be left out.",
    "The first leaf gives a good guess, most of the rest of the work proves that nothing is nearer.",
  ],
  balltree: [
    "Balls overlap, boxes do not; but balls know how far their points really reach, so that empty space is left out.",
    "The distances to centres are counted as well: bounding has its price.",
  ],
  forest: [
    "Put the query beside a line: its neighbours across the line are in another leaf. Other trees have other lines.",
    "More candidates mean more distances and fewer misses: that is the dial of every approximate index.",
  ],
  hnsw: [
    "Upper layers are the motorway, the lowest the side streets. Among millions of points almost all distances are computed in the lowest.",
    "With a small beam the walk can stop in a cloud beside the right one; a larger efSearch finds the way out.",
  ],
  ivf: [
    "Put the query near a border: with nprobe = 1 its neighbours across the border are missed.",
    "Each search measures all centres first. With n points, about √n lists keep both parts cheap.",
  ],
};

function wanted(): Method {
  return METHODS.find(({ name }) => name === route.value.params.get("method")) ?? METHODS[0]!;
}

export default function SearchIdea() {
  const method = wanted();
  const [seed, setSeed] = useState(1);
  const [query, setQuery] = useState<Point>({ x: 0.6, y: 0.6 });
  const [efforts, setEfforts] = useState<Readonly<Record<string, number>>>({});
  const [step, setStep] = useState(0);
  const points = useMemo(() => clouds(POINTS, CLOUDS, createRng(seed, "clouds")), [seed]);
  const searcher = useMemo(() => method.build(points, seed), [method, points, seed]);
  const effort = efforts[method.name] ?? method.effort?.start ?? 0;
  const steps = useMemo(() => searcher.search(query, K, effort), [searcher, query, effort]);
  const last = steps.length - 1;
  // A finished picture stays finished while the query is dragged; one in the middle begins anew.
  const now = Math.min(step, last);
  const restart = (): void => setStep(step >= last ? Number.MAX_SAFE_INTEGER : 0);
  const move = (to: Point): void => {
    setQuery(to);
    restart();
  };
  const truth = bruteForce(points, query, K);
  const found = truth.filter((id) => steps[last]!.best.includes(id)).length;
  const missed = now === last ? truth.filter((id) => !steps[last]!.best.includes(id)) : [];
  const computed = distancesOf(steps, now);
  return (
    <Idea
      says={<p>{method.says}</p>}
      figure={
        <>
          <Board
            label={`${POINTS} points in a ${method.title}, and a query for ${K} neighbours`}
            onTap={move}
          >
            <Scene points={points} searcher={searcher} steps={steps} now={now} missed={missed} />
            <Query at={query} onMove={move} />
          </Board>
          <Legend centres={searcher.centres.length > 0} missed={missed.length > 0} />
          <Player now={now} steps={steps.length} says={steps[now]!.say} onStep={setStep} />
          <Hint tap="Click anywhere to put the query there." />
        </>
      }
      controls={
        <>
          <Choice
            label="Index"
            value={method.name}
            options={METHODS.map(({ name, title }) => [name, title] as const)}
            onChange={(name) => {
              location.hash = linkTo("ideas", { idea: "search", method: name });
              setStep(0);
            }}
          />
          {method.effort !== undefined && (
            <Slider
              {...method.effort}
              value={effort}
              onInput={(value) => {
                setEfforts({ ...efforts, [method.name]: value });
                restart();
              }}
            />
          )}
          <Seed
            seed={seed}
            onNew={(next) => {
              setSeed(next);
              setStep(0);
            }}
          />
        </>
      }
      settled={now === last}
      readout={
        <>
          <p>
            Distances computed: <strong>{computed}</strong> of {POINTS} ({percent(computed / POINTS)})
          </p>
          <div class="search-bar">
            <div style={{ width: `${Math.min(100, (100 * computed) / POINTS)}%` }} />
          </div>
          {now === last && (
            <p>
              Found <strong>{found}</strong> of the true {K} nearest.
            </p>
          )}
        </>
      }
      notice={NOTICE[method.name]!}
    />
  );
}
