import type { Point } from "../../evaluate/index.ts";
import { plotRecallQps } from "../../evaluate/index.ts";
import { bytes, count, qps, seconds, share, times } from "../numbers.ts";
import type { Study, StudyRow } from "../study.ts";
import { type Html, paragraph, section, svgFigure, table, text } from "./html.ts";

/** Table and plot of one study. */
export function studySection(study: Study, remarks: readonly string[] = []): Html {
  const { name, title, note, n, d, queries, k } = study;
  const flat = study.rows.find((row) => row.exact)?.chosen.qps;
  const rows = study.rows.map((row) => {
    const { chosen } = row;
    return [
      `${breakable(row.index)}${setting(row)}`,
      share(chosen.recall, 3),
      qps(chosen.qps),
      flat === undefined ? "" : row.exact ? "1×" : times(chosen.qps / flat),
      chosen.p99Ms.toFixed(chosen.p99Ms < 1 ? 3 : 2),
      seconds(row.buildSeconds),
      bytes(row.bytes),
    ];
  });
  const caption = `${count(n)} × ${d}, L2, ${count(queries)} queries not in the index, ${k} neighbours`;
  return section(
    name,
    title,
    paragraph(text(note)),
    table(
      [
        { title: "index" },
        { title: `recall@${k}`, align: "right" },
        { title: "QPS", align: "right" },
        { title: "vs exact", align: "right", wide: true },
        { title: "p99 ms", align: "right", wide: true },
        { title: "build", align: "right" },
        { title: "memory", align: "right" },
      ],
      rows,
      caption,
    ),
    paragraph(text(remarks.join(" "))),
    svgFigure(
      studyPlot(study),
      text("Each point is one setting of efSearch; exact search is at recall 1. Both axes are logarithmic."),
    ),
  );
}

/** The recall–QPS plot of one study, as an SVG document. */
export function studyPlot({ title, n, d, k, rows }: Study, height = 460): string {
  const series = rows.map((row) => ({ name: row.index, points: row.points as Point[] }));
  return plotRecallQps(series, {
    title,
    subtitle: `${count(n)} × ${d}, k = ${k}, one thread`,
    k,
    width: 900,
    height,
  });
}

/** What the row was measured at, in words. */
export function settingOf(row: StudyRow): string {
  const params = Object.entries(row.chosen.params).map(([key, value]) => `${key}=${value}`);
  const same = row.spec.toLowerCase() === row.index.toLowerCase();
  return [same ? "" : row.spec, row.exact ? "" : params.join(", ")].filter(Boolean).join(", ");
}

function setting(row: StudyRow): Html {
  const words = settingOf(row);
  return words === "" ? "" : `<br><small>${breakable(words)}</small>`;
}

const breakable = (words: string): Html => text(words).replace(/,(?=\S)/g, ",<wbr>");
