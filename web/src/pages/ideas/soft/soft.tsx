import { useMemo, useState } from "preact/hooks";
import { createRng } from "vicinal/core";
import { Slider } from "../../../parts/slider.tsx";
import { Board, Query, SIDE } from "../parts/board.tsx";
import { Choice } from "../parts/choice.tsx";
import { Handles } from "../parts/handles.tsx";
import { AddRemove, Hint, Idea, Seed } from "../parts/idea.tsx";
import { distance, type Point, scattered } from "../points.ts";
import { DRAWS, takings } from "./weights.ts";
import "./soft.css";

const POINTS = 12;
const K = 3;
const STEPS = ["first", "second", "third"] as const;
/** The slider counts hundredths of powers of ten: from t = 0.003 to t = 3. */
const [COLDEST, HOTTEST] = [-250, 50];

const pointsOf = (seed: number): Point[] => scattered(POINTS, createRng(seed, "soft"));
const temperature = (slider: number): number => 10 ** (slider / 100);
const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

/** Where weights put a neighbour: the mean of the points under them. */
function mean(points: readonly Point[], weights: readonly number[]): Point {
  const along = (axis: "x" | "y"): number =>
    points.reduce((sum, point, i) => sum + weights[i]! * point[axis], 0);
  return { x: along("x"), y: along("y") };
}

export default function SoftIdea() {
  const [seed, setSeed] = useState(1);
  const [points, setPoints] = useState(() => pointsOf(1));
  const [query, setQuery] = useState<Point>({ x: 0.6, y: 0.42 });
  const [selected, setSelected] = useState(0);
  const [heat, setHeat] = useState(-100);
  const [step, setStep] = useState(0);
  const t = temperature(heat);
  const away = useMemo(() => points.map((point) => distance(point, query)), [points, query]);
  const { hard, soft, drawn } = useMemo(() => takings(away, K, t, seed), [away, t, seed]);
  const order = points.map((_, i) => i).sort((i, j) => away[i]! - away[j]!);
  const weights = soft[step]!;
  const taken = hard[step]!.indexOf(1);
  const sharpest = Math.max(...weights);
  const place = mean(points, weights);
  const remove = (i: number): void => {
    if (points.length > K) setPoints(points.toSpliced(i, 1));
  };
  return (
    <Idea
      says={
        <p>
          A nearest neighbour is all or nothing: move the query a little, and the answer jumps, or nothing
          changes at all. Nothing can be learned through such a choice. Soft neighbours give every point a
          weight, e to the power −distance / t, made to sum to 1. The temperature t says how strict they are:
          cold, they are the k nearest; hot, they are everybody.
        </p>
      }
      figure={
        <>
          <Board label="Points, a query and the weight of each point" onTap={setQuery}>
            <g class="soft-drawn">
              {points.map(({ x, y }, i) => (
                <g key={i}>
                  <line
                    x1={query.x * SIDE}
                    y1={query.y * SIDE}
                    x2={x * SIDE}
                    y2={y * SIDE}
                    class="soft-link"
                    stroke-width={14 * weights[i]!}
                  />
                  <circle
                    class="soft-weight"
                    cx={x * SIDE}
                    cy={y * SIDE}
                    r={9 + 34 * Math.sqrt(weights[i]!)}
                  />
                </g>
              ))}
            </g>
            <Handles
              points={points}
              label={(i) => `Point ${i + 1}, weight ${percent(weights[i]!)},`}
              selected={selected}
              onSelect={setSelected}
              onMove={(i, to) => setPoints(points.with(i, to))}
              onRemove={remove}
              draw={(i) => (
                <circle class={i === taken ? "soft-taken" : "soft-point"} r={i === taken ? 10 : 7} />
              )}
            />
            <path class="soft-mean" d={`M${place.x * SIDE} ${place.y * SIDE}m-12 0l12-12l12 12l-12 12z`} />
            <Query at={query} onMove={setQuery} />
          </Board>
          <ul class="idea-legend">
            <li>
              <span class="soft-swatch soft-swatch-taken" /> the {STEPS[step]} nearest (hard)
            </li>
            <li>
              <span class="soft-swatch soft-swatch-weight" /> weight in the {STEPS[step]} soft neighbour
            </li>
            <li>
              <span class="soft-swatch soft-swatch-mean">◆</span> where that neighbour is: the weighted mean
            </li>
          </ul>
          <Hint many tap="Click anywhere to put the query there." />
        </>
      }
      controls={
        <>
          <Slider
            label="Temperature: t ="
            value={heat}
            min={COLDEST}
            max={HOTTEST}
            format={(slider) => temperature(slider).toPrecision(2)}
            onInput={setHeat}
          />
          <Choice
            label="Neighbour"
            value={`${step}`}
            options={STEPS.map((name, i) => [`${i}`, name] as const)}
            onChange={(value) => setStep(Number(value))}
          />
          <AddRemove
            where="at the query"
            onAdd={() => setPoints([...points, query])}
            canRemove={points.length > K}
            onRemove={() => remove(Math.min(selected, points.length - 1))}
          />
          <Seed
            seed={seed}
            onNew={(next) => {
              setSeed(next);
              setPoints(pointsOf(next));
            }}
          />
        </>
      }
      readout={
        <>
          <p>
            The heaviest point has <strong>{percent(sharpest)}</strong> of the {STEPS[step]} soft neighbour.
          </p>
          <table class="soft-table">
            <caption>
              The {STEPS[step]} neighbour, nearest points first; {DRAWS} draws
            </caption>
            <thead>
              <tr>
                <th scope="col">point</th>
                <th scope="col">distance</th>
                <th scope="col">hard</th>
                <th scope="col">soft</th>
                <th scope="col">drawn</th>
              </tr>
            </thead>
            <tbody>
              {order.slice(0, 8).map((i) => (
                <tr key={i}>
                  <th scope="row">{i + 1}</th>
                  <td class="number">{away[i]!.toFixed(2)}</td>
                  <td class="number">{hard[step]![i]}</td>
                  <Share value={weights[i]!} />
                  <Share value={drawn[step]![i]!} />
                </tr>
              ))}
            </tbody>
          </table>
        </>
      }
      notice={[
        "Draw at random instead, each point with probability e^(−distance / t): the frequencies of the first draw are the soft weights.",
        "The second neighbour is taken from what the first left over. Cold, it is the second nearest; where both share the weight, so do they here.",
        "Put the query half-way between two points and lower t: both keep one half each. A hard choice would jump.",
      ]}
    />
  );
}

/** A share as a number on a bar. */
function Share({ value }: { value: number }) {
  return (
    <td class="number soft-share">
      <span style={{ width: `${100 * value}%` }} />
      {percent(value)}
    </td>
  );
}
