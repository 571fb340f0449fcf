import { useState } from "preact/hooks";
import { ErrorNote } from "../../../parts/errorNote.tsx";
import { Skeleton } from "../../../parts/skeleton.tsx";
import { Slider } from "../../../parts/slider.tsx";
import { Choice } from "../parts/choice.tsx";
import { Histogram } from "../parts/histogram.tsx";
import { Idea, Seed } from "../parts/idea.tsx";
import { LineChart } from "../parts/lineChart.tsx";
import { useWorked } from "../parts/worked.ts";
import {
  type Crowd,
  type Crowds,
  DIMENSIONS,
  DISTANCE_TOP,
  HUB_BIN,
  HUB_BINS,
  HUB_K,
  type Kind,
  POINTS,
} from "./sample.ts";

const work = (): Worker => new Worker(new URL("./curse.worker.ts", import.meta.url), { type: "module" });

const MOST = HUB_BINS * HUB_BIN;

const closeness = ({ nearest, farthest }: Crowd): number => nearest / farthest;

export default function CurseIdea() {
  const [seed, setSeed] = useState(1);
  const [at, setAt] = useState(1);
  const [kind, setKind] = useState<Kind>("anywhere");
  const { done, error } = useWorked<number, Crowds>(work, seed);
  const crowd = done?.output[kind][at];
  return (
    <Idea
      says={
        <p>
          Draw {POINTS} points at random in d dimensions and measure how far they are from each other. In the
          plane some are near and some are far. In a thousand dimensions all are about equally far: the
          nearest neighbour is hardly nearer than anybody else, and trees can leave out next to nothing. This
          is the curse of dimensionality.
        </p>
      }
      figure={
        <>
          <ErrorNote error={error} />
          {crowd === undefined ? <Skeleton what="distances" lines={8} /> : <Pictures crowd={crowd} />}
        </>
      }
      controls={
        <>
          <Slider
            label="Dimensions: d ="
            value={at}
            min={0}
            max={DIMENSIONS.length - 1}
            format={(i) => `${DIMENSIONS[i]}`}
            onInput={setAt}
          />
          <Choice
            label="Points are"
            value={kind}
            options={[
              ["anywhere", "anywhere"],
              ["sheet", "on a flat sheet in d dimensions"],
            ]}
            onChange={setKind}
          />
          <Seed seed={seed} onNew={setSeed} />
        </>
      }
      readout={
        done &&
        crowd && (
          <>
            <p>
              d = {crowd.dimension}: for a typical point (farthest − nearest) / nearest ={" "}
              <strong>{crowd.contrast.toPrecision(2)}</strong>; its nearest is{" "}
              <strong>{Math.round(100 * closeness(crowd))}&nbsp;%</strong> as far as its farthest.
            </p>
            <p>
              The most popular point is named by <strong>{crowd.most}</strong> others, nobody names{" "}
              <strong>{crowd.never}</strong> of {POINTS}.
            </p>
            <LineChart
              label="Distance of the nearest over that of the farthest, against dimensions"
              x={{ title: "dimensions", ticks: [1, 10, 100, 1000], log: true }}
              y={{ title: "Nearest / farthest", ticks: [0, 0.25, 0.5, 0.75, 1] }}
              here={crowd.dimension}
              series={[
                {
                  name: "anywhere",
                  colour: "--first",
                  points: done.output.anywhere.map((each) => [each.dimension, closeness(each)]),
                },
                {
                  name: "on a sheet",
                  colour: "--second",
                  dashed: true,
                  points: done.output.sheet.map((each) => [each.dimension, closeness(each)]),
                },
              ]}
            />
          </>
        )
      }
      notice={[
        "Distances are sums over all dimensions, and sums of many independent parts are nearly alike: the hill narrows as 1 / √d.",
        `Hubs appear: a few points are among the ${HUB_K} nearest of very many others, and many points of nobody.`,
        "On a sheet nothing of this happens, however many dimensions it lies in. Pictures, texts and sounds lie near such sheets: what counts is the dimension of the data, not the length of the vector. This is why search works at all.",
      ]}
    />
  );
}

/** The two histograms of a crowd. */
function Pictures({ crowd }: { crowd: Crowd }) {
  const { dimension, distances, named, nearest, farthest, most } = crowd;
  const past = Math.min(1, farthest / DISTANCE_TOP);
  return (
    <>
      <Histogram
        title="All distances, over their mean"
        label={`Distances in ${dimension} dimensions: nearest ${nearest.toFixed(2)}, farthest ${farthest.toFixed(2)} of the mean`}
        heights={distances}
        colour="--first"
        ticks={[0, 1, 2, 3].map((tick) => [tick / DISTANCE_TOP, `${tick}`] as const)}
        marks={[
          [nearest / DISTANCE_TOP, "nearest", "--second"],
          [past, "farthest", "--third"],
        ]}
      />
      <Histogram
        title={`How many others count a point among their ${HUB_K} nearest`}
        label={`Popularity of points in ${dimension} dimensions: at most ${most}`}
        heights={named}
        colour="--second"
        ticks={[0, 15, 30, 45, 60, 75].map((times) => [
          times / MOST,
          times === MOST ? `${MOST}+` : `${times}`,
        ])}
      />
    </>
  );
}
