import { useCallback, useMemo, useState } from "preact/hooks";
import { ErrorNote } from "../../../parts/errorNote.tsx";
import { percent } from "../../../parts/format.ts";
import { Slider } from "../../../parts/slider.tsx";
import { Board, type Ink } from "../parts/board.tsx";
import { Choice } from "../parts/choice.tsx";
import { Handles } from "../parts/handles.tsx";
import { AddRemove, Hint, Idea, Seed } from "../parts/idea.tsx";
import { LineChart } from "../parts/lineChart.tsx";
import { CLASS_COLOURS, CLASS_NAMES, Mark } from "../parts/mark.tsx";
import { useWorked } from "../parts/worked.ts";
import type { Point } from "../points.ts";
import type { Errors, Regions, Voting } from "./classes.ts";
import type { RegionsInput, RegionsOutput } from "./regions.worker.ts";
import { KS, samplesOf } from "./samples.ts";

const work = (): Worker => new Worker(new URL("./regions.worker.ts", import.meta.url), { type: "module" });
const FEWEST = 6;

/** Colours each cell by its class, stronger the more of the vote it has. */
function paintRegions(canvas: HTMLCanvasElement, ink: Ink, { side, group, share }: Regions): void {
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d")!;
  const colours = CLASS_COLOURS.map((token) => Number.parseInt(ink(token).slice(1), 16));
  const image = context.createImageData(side, side);
  for (let i = 0; i < side * side; i++) {
    const colour = colours[group[i]!]!;
    image.data.set([colour >> 16, (colour >> 8) & 255, colour & 255, 20 + 110 * share[i]!], 4 * i);
  }
  context.putImageData(image, 0, 0);
}

const line = (values: readonly number[]): [number, number][] => values.map((value, i) => [KS[i]!, value]);

/** How often the classifier errs, for this k and for all. */
function Judged({ k, errors }: { k: number; errors: Errors }) {
  const { leftOut, fresh, known } = errors;
  const best = leftOut.indexOf(Math.min(...leftOut));
  return (
    <>
      <p>
        With k = {k}, each point judged by the others: <strong>{percent(leftOut[KS.indexOf(k)]!)}</strong>{" "}
        wrong. Best is k = <strong>{KS[best]}</strong> with {percent(leftOut[best]!)}.
      </p>
      <LineChart
        label={`Share of errors against k: leave-one-out least at k = ${KS[best]}`}
        x={{ title: "k", ticks: [1, 11, 21, 31, 41, 51] }}
        y={{ title: "Errors", ticks: [0, 0.2, 0.4, 0.6], reads: percent }}
        here={k}
        series={[
          { name: "leave one out", colour: "--second", points: line(leftOut) },
          { name: "600 new points", colour: "--first", dashed: true, points: line(fresh) },
          { name: "the points themselves", colour: "--third", points: line(known) },
        ]}
      />
    </>
  );
}

export default function RegionsIdea() {
  const [seed, setSeed] = useState(1);
  const [samples, setSamples] = useState(() => samplesOf(1));
  const [selected, setSelected] = useState(0);
  const [group, setGroup] = useState(0);
  const [voting, setVoting] = useState<Voting>({ k: 1, weights: "uniform", metric: "l2" });
  const { k, weights, metric } = voting;
  const input = useMemo(() => ({ samples, seed, voting }), [samples, seed, voting]);
  const { done, error } = useWorked<RegionsInput, RegionsOutput>(work, input);
  const paint = useCallback(
    (canvas: HTMLCanvasElement, ink: Ink) => done && paintRegions(canvas, ink, done.output.regions),
    [done],
  );
  const current = Math.min(selected, samples.length - 1);
  const add = (place: Point): void => setSamples([...samples, { ...place, group }]);
  const remove = (i: number): void => {
    if (samples.length > FEWEST) setSamples(samples.toSpliced(i, 1));
  };
  return (
    <Idea
      says={
        <p>
          A k-nearest-neighbour classifier learns nothing: to name the class of a place it asks the k nearest
          known points and takes the majority. The ground shows its answer everywhere. With k = 1 every stray
          point is believed and rules an island; with a large k only the big picture is left, and small groups
          are outvoted.
        </p>
      }
      figure={
        <>
          <Board
            label="Points of three classes on the regions that the classifier gives them"
            paint={paint}
            onTap={add}
          >
            <Handles
              points={samples}
              label={(i) => `Point ${i + 1}, a ${CLASS_NAMES[samples[i]!.group]},`}
              selected={selected}
              onSelect={setSelected}
              onMove={(i, to) => setSamples(samples.with(i, { ...samples[i]!, ...to }))}
              onRemove={remove}
              draw={(i) => <Mark group={samples[i]!.group} strong={i === current} />}
            />
          </Board>
          <Hint many tap="Click an empty place to add a point." />
        </>
      }
      controls={
        <>
          <Slider
            label="Neighbours that vote: k ="
            value={k}
            min={1}
            max={KS.at(-1)!}
            step={2}
            onInput={(value) => setVoting({ ...voting, k: value })}
          />
          <Choice
            label="Weight of a vote"
            value={weights}
            options={[
              ["uniform", "equal"],
              ["distance", "1 / distance"],
            ]}
            onChange={(value) => setVoting({ ...voting, weights: value })}
          />
          <Choice
            label="Metric"
            value={metric}
            options={[
              ["l2", "l2"],
              ["l1", "l1"],
              ["linf", "linf"],
            ]}
            onChange={(value) => setVoting({ ...voting, metric: value })}
          />
          <Choice
            label="New points are"
            value={`${group}`}
            options={CLASS_NAMES.map((name, i) => [`${i}`, `${name}s`] as const)}
            onChange={(value) => setGroup(Number(value))}
          />
          <AddRemove
            where="in the middle"
            onAdd={() => add({ x: 0.5, y: 0.5 })}
            canRemove={samples.length > FEWEST}
            onRemove={() => remove(current)}
          />
          <Seed
            seed={seed}
            onNew={(next) => {
              setSeed(next);
              setSamples(samplesOf(next));
            }}
          />
        </>
      }
      readout={
        <>
          <ErrorNote error={error} />
          {done && <Judged k={done.input.voting.k} errors={done.output.errors} />}
        </>
      }
      notice={[
        "On its own points k = 1 makes no errors at all, which says nothing: each point is its own neighbour. Leaving one out is honest, and close to what happens on new points.",
        "From left to right the leave-one-out curve falls while noise is averaged away (overfitting ends) and rises when far points join the vote (underfitting begins).",
        "Votes weighted by 1 / distance keep every point right about itself for any k.",
      ]}
    />
  );
}
