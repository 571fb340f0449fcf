import { plotLines } from "../../evaluate/index.ts";
import type { Crossover } from "../ann/crossover.ts";
import type { AnnLabResults } from "../ann/lab.ts";
import type { AnnSet, SummaryRow } from "../ann/measure.ts";
import { machineLine } from "../machine.ts";
import { bytes, count, seconds, share, times } from "../numbers.ts";
import { type Html, page, paragraph, section, svgFigure, table, text } from "./html.ts";
import { studyPlot } from "./studies.ts";

/** The report of the lab of all indexes. */
export function annPage(results: AnnLabResults): string {
  const lead =
    `<p>Every family of nearest-neighbour index on the same vectors: how fast it answers, what it misses, how large it is and how long it takes to build.</p>` +
    `<p class="quiet">${text(machineLine(results.machine))}; seed ${results.seed}${results.quick ? "; quick run" : ""}; ${seconds(results.seconds)} in all.</p>`;
  const sections = [
    ...results.sets.flatMap(setSection),
    ...results.crossovers.map(crossoverSection),
    methodSection(),
  ];
  return page("The lab of nearest neighbours", lead, sections);
}

function setSection({ summary, studies }: AnnSet): Html {
  const [first] = studies;
  const { name, title, note, n, d, queries } = first!;
  const columns = [
    { title: "index" },
    { title: "search ms", align: "right" as const },
    { title: "recall@10", align: "right" as const },
    { title: "1-R@1", align: "right" as const },
    { title: "size", align: "right" as const },
    { title: "build", align: "right" as const },
    { title: "vs plain scan", align: "right" as const, wide: true },
  ];
  const caption = `${count(n)} × ${count(d)}, L2, ${count(queries)} queries; fastest setting of recall@10 ≥ 0.95, else the one of highest recall`;
  return section(
    name,
    title,
    paragraph(text(note)),
    table(columns, summary.map(summaryCells), caption),
    ...studies.map((study) =>
      svgFigure(
        studyPlot(study, 620),
        text(
          `${study.k === 1 ? "The nearest neighbour" : `${study.k} neighbours`}: each point is one setting; the line is each index's best. Both axes are logarithmic.`,
        ),
      ),
    ),
  );
}

/** What a parameter without a limit is. */
const ALL = 0x7fffffff;

function summaryCells(row: SummaryRow): Html[] {
  const setting = Object.entries(row.params)
    .map(([name, value]) => `${name}=${value === ALL ? "all" : value}`)
    .join(", ");
  const small = [row.family, setting].filter(Boolean).join("; ");
  return [
    `${text(row.index).replace(/,(?=\S)/g, ",<wbr>")}<br><small>${text(small)}</small>`,
    row.searchMs.toFixed(3),
    share(row.recallAt10, 3),
    row.missAt1.toFixed(3),
    bytes(row.bytes),
    seconds(row.buildSeconds),
    times(row.faster),
  ];
}

function crossoverSection(found: Crossover): Html {
  const rows = found.along === "n";
  const other = rows ? `${found.fixed} components` : `${count(found.fixed)} rows`;
  const title = rows ? "When does an index pay: more rows" : "When does an index pay: more components";
  const svg = plotLines(
    found.lines.map(({ index, points }) => ({
      name: index,
      points: points.map((p) => ({ x: p[found.along], y: p.ms })),
    })),
    {
      title: rows ? "Time of a query as rows grow" : "Time of a query as components grow",
      subtitle: `generated clusters, ${other}, recall@10 of 0.95 or more, one thread`,
      xTitle: rows ? "Rows" : "Components of a vector",
      yTitle: "Milliseconds a query",
      height: 640,
    },
  );
  const unit = rows ? "rows" : "components";
  const lines = found.from.map(({ index, size }) => {
    const left = found.lines.find((line) => line.index === index)!.left;
    const why = left.map((l) => `${count(l.size)}: ${l.why}`).join("; ");
    return [
      text(index),
      size === undefined ? "never, up to here" : `${count(size)} ${unit}`,
      why === "" ? "" : text(`left out at ${why}`),
    ];
  });
  return section(
    `crossover-${found.along}`,
    title,
    paragraph(
      text(
        `Each index is tuned to a recall of 0.95 at each size; the table says from which size on it stays faster than comparing with every row in plain float32.`,
      ),
    ),
    svgFigure(svg, text("Lower is better. Both axes are logarithmic.")),
    table([{ title: "index" }, { title: "ahead from" }, { title: "", wide: true }], lines),
  );
}

function methodSection(): Html {
  return section(
    "method",
    "How it was measured",
    `<ul>
<li>Search: one query a call, one thread, through the public call, ten neighbours; best of the timed passes. 1-R@1: the share of queries whose very nearest row was not found at that setting.</li>
<li>Recall is recomputed from the rows returned: a row counts when it is no farther than the true k-th.</li>
<li>Size: all that the index holds, its vectors included. Build: on the threads of this machine, vectors already in memory.</li>
<li>“Plain scan” is exact search that reads every float32 vector, one query at a time.</li>
<li>KD-tree and ball tree are exact while <code>maxLeaves</code> is not limited; with a limit they are approximate.</li>
</ul>`,
  );
}
