import { useState } from "preact/hooks";
import { bytesText, secondsText } from "./bars.tsx";
import type { Measured, Series } from "./series.ts";

interface TableProps {
  readonly series: readonly Series[];
  onMark(point: Measured | undefined): void;
}

interface Column {
  readonly title: string;
  key(point: Measured): number | string;
  text(point: Measured): string;
}

const COLUMNS: readonly Column[] = [
  { title: "Index", key: ({ series }) => series, text: ({ series }) => series },
  {
    title: "Settings",
    key: ({ settings }) => settings,
    text: ({ settings, isChosen }) => `${settings || "–"}${isChosen ? " (tuned)" : ""}`,
  },
  { title: "Recall", key: ({ recall }) => recall, text: ({ recall }) => recall.toFixed(4) },
  { title: "Queries/s", key: ({ qps }) => qps, text: ({ qps }) => Math.round(qps).toLocaleString("en") },
  { title: "p50 ms", key: ({ point }) => point.p50Ms, text: ({ point }) => point.p50Ms.toFixed(3) },
  { title: "p99 ms", key: ({ point }) => point.p99Ms, text: ({ point }) => point.p99Ms.toFixed(3) },
  {
    title: "Build",
    key: ({ result }) => result.buildSeconds,
    text: ({ result }) => secondsText(result.buildSeconds),
  },
  { title: "Memory", key: ({ result }) => result.bytes, text: ({ result }) => bytesText(result.bytes) },
];

/** Every setting measured; a click on a heading sorts. */
export function Table({ series, onMark }: TableProps) {
  const [by, setBy] = useState<{ column: number; falls: boolean } | undefined>(undefined);
  const points = series.flatMap((one) => one.points);
  const sorted = by === undefined ? points : [...points].sort(comparing(COLUMNS[by.column]!, by.falls));
  const sort = (column: number) => () =>
    setBy((before) => ({
      column,
      falls: before?.column === column ? !before.falls : column > 1 && column < 4,
    }));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
    <section class="bench-table" aria-label="Settings measured" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {COLUMNS.map(({ title }, i) => (
              <th
                key={title}
                scope="col"
                aria-sort={by?.column === i ? (by.falls ? "descending" : "ascending") : undefined}
              >
                <button type="button" onClick={sort(i)}>
                  {title}
                  <span aria-hidden="true">{by?.column === i ? (by.falls ? " ↓" : " ↑") : ""}</span>
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.map((point) => (
            <tr
              key={`${point.series} ${point.settings}`}
              onPointerEnter={() => onMark(point)}
              onPointerLeave={() => onMark(undefined)}
            >
              {COLUMNS.map(({ title, text }, i) => (
                <td key={title} class={i < 2 ? "" : "number"}>
                  {text(point)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function comparing({ key }: Column, falls: boolean): (a: Measured, b: Measured) => number {
  return (a, b) => {
    const [left, right] = [key(a), key(b)];
    const order =
      typeof left === "number" && typeof right === "number"
        ? left - right
        : `${left}`.localeCompare(`${right}`, "en", { numeric: true });
    return falls ? -order : order;
  };
}
