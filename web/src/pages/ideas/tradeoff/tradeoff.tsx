import { useEffect, useRef, useState } from "preact/hooks";
import { Slider } from "../../../parts/slider.tsx";
import { Choice } from "../parts/choice.tsx";
import { Idea } from "../parts/idea.tsx";
import { Chart, LOOKS } from "./chart.tsx";
import { CONTENDERS, DIMENSION, INNER, K, type Measured, type News, QUERIES, quickest } from "./measure.ts";
import "./tradeoff.css";

const SIZES = ["1000", "8000", "20000"] as const;
type Size = (typeof SIZES)[number];

const settings = CONTENDERS.reduce((sum, each) => sum + each.settings.length, 0);
const whole = (value: number): string => Math.round(value).toLocaleString("en");

function called({ contender, setting }: Measured): string {
  const { name, dial } = CONTENDERS[contender]!;
  return dial === undefined ? name : `${name}, ${dial} = ${setting}`;
}

export default function TradeoffIdea() {
  const [size, setSize] = useState<Size>("8000");
  const [seed, setSeed] = useState(1);
  const [wanted, setWanted] = useState(0.95);
  const [all, setAll] = useState<readonly Measured[]>([]);
  const [doing, setDoing] = useState<string>();
  const worker = useRef<Worker>(undefined);
  const stop = (): void => {
    worker.current?.terminate();
    setDoing(undefined);
  };
  useEffect(() => stop, []);
  const start = (rows: Size, of: number): void => {
    stop();
    setAll([]);
    setDoing("Drawing points");
    const here = new Worker(new URL("./tradeoff.worker.ts", import.meta.url), { type: "module" });
    worker.current = here;
    here.onmessage = ({ data }: MessageEvent<News | null>) => {
      if (data === null) stop();
      else if ("doing" in data) setDoing(data.doing);
      else setAll((before) => [...before, data.measured]);
    };
    here.onerror = ({ message }) => setDoing(`It failed: ${message}`);
    here.postMessage({ rows: Number(rows), seed: of });
  };
  const chosen = quickest(all, wanted);
  const exact = all[0];
  return (
    <Idea
      says={
        <p>
          An approximate index misses some neighbours, and its dial decides how many: more effort, more
          recall, fewer searches a second. So speed alone says nothing. Say first how much recall is needed;
          then the quickest setting that has it is the best. Here the engine of this library is measured on
          your own machine, in this page.
        </p>
      }
      figure={
        <>
          <Chart all={all} wanted={wanted} chosen={chosen} />
          <ul class="idea-legend">
            {CONTENDERS.map(({ name }, i) => (
              <li key={name}>
                <svg width="18" height="18" viewBox="-10 -10 20 20" aria-hidden="true" focusable="false">
                  <path d={LOOKS[i]!.mark} fill={`var(${LOOKS[i]!.colour})`} />
                </svg>
                {name}
              </li>
            ))}
          </ul>
          {all.length > 0 && (
            <details>
              <summary>All settings as numbers</summary>
              <table>
                <thead>
                  <tr>
                    <th scope="col">setting</th>
                    <th scope="col">recall@{K}</th>
                    <th scope="col">searches a second</th>
                  </tr>
                </thead>
                <tbody>
                  {all.map((each) => (
                    <tr key={called(each)}>
                      <th scope="row">{called(each)}</th>
                      <td class="number">{each.recall.toFixed(3)}</td>
                      <td class="number">{whole(each.qps)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </details>
          )}
        </>
      }
      controls={
        <>
          <Choice
            label="Points"
            value={size}
            options={SIZES.map((each) => [each, whole(Number(each))])}
            onChange={setSize}
          />
          <div class="idea-buttons">
            {doing === undefined ? (
              <button type="button" class="main" onClick={() => start(size, seed)}>
                Measure
              </button>
            ) : (
              <button type="button" onClick={stop}>
                Stop
              </button>
            )}
            <button
              type="button"
              onClick={() => {
                setSeed(seed + 1);
                start(size, seed + 1);
              }}
            >
              New points
            </button>
            <span class="muted">
              seed <span class="number">{seed}</span>
            </span>
          </div>
          {doing !== undefined && (
            <label class="tradeoff-doing">
              <span>{doing} …</span>
              <progress max={settings} value={all.length} />
            </label>
          )}
          <Slider
            label="Recall wanted: at least"
            value={wanted}
            min={0.4}
            max={1}
            step={0.01}
            format={(value) => value.toFixed(2)}
            onInput={setWanted}
          />
        </>
      }
      readout={
        exact === undefined ? (
          <p class="muted">
            {whole(Number(size))} points of {DIMENSION} numbers that vary in {INNER} directions, {QUERIES}{" "}
            queries, the {K} nearest. Press Measure.
          </p>
        ) : (
          doing === undefined &&
          chosen && (
            <p>
              Quickest with recall {wanted.toFixed(2)} or more: <strong>{called(chosen)}</strong>,{" "}
              {whole(chosen.qps)} searches a second at recall {chosen.recall.toFixed(3)}:{" "}
              <strong>{(chosen.qps / exact.qps).toFixed(1)}</strong> times exact search.
            </p>
          )
        )
      }
      notice={[
        "Among 1,000 points nothing beats measuring all of them by much, and exact search never misses. Indexes are for many points.",
        "The last hundredths of recall cost most: compare 0.95 with 0.99.",
        "Recall is the same for everybody; speeds are those of your machine at this moment, with whatever else it does. The page Bench measures thoroughly, on your data.",
      ]}
    />
  );
}
