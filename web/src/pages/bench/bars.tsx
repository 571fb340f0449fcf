import { theme } from "../../shell/theme.ts";
import { looksOf } from "./look.ts";
import type { Series } from "./series.ts";

/** What each index costs before the first search: time to build it, and memory to keep it. */
export function Bars({ series }: { readonly series: readonly Series[] }) {
  return (
    <div class="bench-bars">
      <Chart
        title="Build time"
        series={series}
        valueOf={(one) => one.result.buildSeconds}
        format={secondsText}
      />
      <Chart title="Memory" series={series} valueOf={(one) => one.result.bytes} format={bytesText} />
    </div>
  );
}

interface ChartProps {
  readonly title: string;
  readonly series: readonly Series[];
  valueOf(one: Series): number;
  format(value: number): string;
}

function Chart({ title, series, valueOf: read, format }: ChartProps) {
  const looks = looksOf(series, theme.value);
  const most = Math.max(...series.map(read), Number.MIN_VALUE);
  return (
    <section class="panel">
      <h2>{title}</h2>
      <ul>
        {series.map((one, i) => (
          <li key={one.name}>
            <span class="bench-bar-name">{one.name}</span>
            <span class="number">{format(read(one))}</span>
            <span class="bench-bar-track">
              <span style={{ inlineSize: `${(100 * read(one)) / most}%`, background: looks[i]!.colour }} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function secondsText(seconds: number): string {
  return seconds < 1 ? `${Math.round(1000 * seconds)} ms` : `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
}

export function bytesText(bytes: number): string {
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}
