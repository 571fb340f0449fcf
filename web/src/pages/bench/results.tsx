import { useRef, useState } from "preact/hooks";
import { Button } from "../../parts/button.tsx";
import { saveFile } from "../../parts/saveFile.ts";
import { Slider } from "../../parts/slider.tsx";
import { Bars } from "./bars.tsx";
import { target } from "./bench.ts";
import { Curves } from "./curves.tsx";
import { runsAsJson, seriesAsCsv, svgText } from "./exports.ts";
import { differenceOf, type Measured, type Run, type Series, verdictOf } from "./series.ts";
import { Table } from "./table.tsx";

interface ResultsProps {
  readonly series: readonly Series[];
  readonly runs: readonly Run[];
}

export function Results({ series, runs }: ResultsProps) {
  const holder = useRef<HTMLDivElement>(null);
  const [scale, setScale] = useState<"even" | "nines">("even");
  const [marked, setMarked] = useState<Measured | undefined>(undefined);
  const difference = differenceOf(runs);
  const saveSvg = (): void => {
    const drawn = holder.current?.querySelector("svg");
    if (drawn) saveFile("vicinal-bench.svg", "image/svg+xml", svgText(drawn));
  };
  return (
    <>
      <Verdict series={series} />
      {difference !== undefined && <p class="bench-difference">{difference}</p>}
      <figure class="panel bench-figure">
        <figcaption class="row">
          <h2>Recall and speed</h2>
          <span class="bench-scale">
            <Button pressed={scale === "even"} onClick={() => setScale("even")}>
              Even scale
            </Button>
            <Button pressed={scale === "nines"} onClick={() => setScale("nines")}>
              Nines apart
            </Button>
          </span>
          <span class="bench-save">
            <Button onClick={saveSvg}>SVG</Button>
            <Button onClick={() => saveFile("vicinal-bench.csv", "text/csv", seriesAsCsv(series))}>
              CSV
            </Button>
            <Button onClick={() => saveFile("vicinal-bench.json", "application/json", runsAsJson(runs))}>
              JSON
            </Button>
          </span>
        </figcaption>
        <Curves series={series} scale={scale} marked={marked} holder={holder} />
        <p class="muted">
          Up and to the right is better. Lines join the settings that no other setting of the same index beats
          in both; hollow marks are beaten. The table below has the same numbers.
        </p>
      </figure>
      <Bars series={series} />
      <Table series={series} onMark={setMarked} />
    </>
  );
}

/** The answer most readers came for, in plain words. */
function Verdict({ series }: { readonly series: readonly Series[] }) {
  const lines = verdictOf(series, target.value);
  return (
    <section class="bench-verdict panel" aria-label="Verdict">
      <Slider
        label="Recall wanted"
        min={0.5}
        max={1}
        step={0.01}
        value={target.value}
        format={(value) => value.toFixed(2)}
        onInput={(value) => {
          target.value = value;
        }}
      />
      <div role="status">
        {lines.map((line, i) => (
          <p key={line} class={i === 0 ? "bench-verdict-main" : ""}>
            {line}
          </p>
        ))}
      </div>
    </section>
  );
}
