import { plotLines } from "../../evaluate/index.ts";
import { STYLE_LABELS } from "../emoji/styles.ts";
import { machineLine } from "../machine.ts";
import { count, minutes, seconds, share } from "../numbers.ts";
import type { SiameseLabResults } from "../siamese/lab.ts";
import type { Scores } from "../siamese/ranking.ts";
import type { Run, Space, Summary } from "../siamese/study.ts";
import { creditSection } from "./emoji.ts";
import { facts, type Html, page, paragraph, section, svgFigure, table, text } from "./html.ts";
import { type PictureRow, pictureRows } from "./pictureRows.ts";
import { pictureStyle } from "./sheet.ts";

/** Pictures for the report that its numbers do not hold. */
export interface SiamesePictures {
  readonly size: number;
  readonly pictures: readonly Uint8Array[];
  /** Emoji never seen in training, before and after. */
  readonly examples: readonly PictureRow[];
  readonly mistakes: readonly PictureRow[];
}

const right = "right" as const;

/** The report on emoji across styles. */
export function siamesePage(results: SiameseLabResults, shown: SiamesePictures): string {
  const { machine, quick, identities, unseen, drawings, styles, seeds, main } = results;
  const [raw, learned] = [find(results, "raw pixels"), find(results, main)];
  const lead =
    `<p>The same emoji drawn by another hand: is its nearest drawing the same emoji? One style is held out in turn; a small network learns from the other four which drawings belong together, and a fifth of the emoji it never sees in any style.</p>` +
    `<p class="quiet">${text(machineLine(machine))}; ${count(identities)} emoji in five styles, ${count(unseen)} of them never seen, ${count(drawings)} drawings in all; ${styles.length} style${styles.length === 1 ? "" : "s"} held out, seeds ${seeds.join(", ")}${quick ? "; quick run" : ""}; ${text(minutes(results.seconds))} in all.</p>` +
    facts([
      { value: share(learned.seen.recallAt1, 3), label: "recall@1, emoji seen in other styles" },
      { value: share(learned.unseen.recallAt1, 3), label: "recall@1, emoji never seen" },
      { value: share(raw.seen.recallAt1, 3), label: "recall@1 of raw pixels" },
      { value: share(errorRatio(results), 2), label: "error on never seen, raw pixels = 1" },
    ]);
  return page(
    "The same emoji in another style",
    lead,
    [
      methodSection(results),
      styleSection(results),
      exampleSection(shown),
      mistakeSection(shown),
      howSection(results),
      creditSection(results.credits),
    ],
    pictureStyle(shown),
  );
}

const find = ({ summaries }: SiameseLabResults, space: Space): Summary =>
  summaries.find((summary) => summary.space === space)!;

/** Error of the main method on emoji never seen, as a share of that of raw pixels. */
export function errorRatio(results: SiameseLabResults): number {
  const [raw, learned] = [find(results, "raw pixels"), find(results, results.main)];
  return (1 - learned.unseen.recallAt1) / (1 - raw.unseen.recallAt1);
}

function methodSection(results: SiameseLabResults): Html {
  const cells = (scores: Scores): Html[] => [
    share(scores.recallAt1, 3),
    share(scores.recallAt5, 3),
    share(scores.mapAtR, 3),
    share(scores.rPrecision, 3),
    share(scores.mrr, 3),
    scores.nmi === undefined ? "" : share(scores.nmi, 3),
  ];
  const columns = [
    { title: "space" },
    { title: "runs", align: right, wide: true },
    { title: "recall@1", align: right },
    { title: "recall@5", align: right, wide: true },
    { title: "MAP@R", align: right },
    { title: "R-precision", align: right, wide: true },
    { title: "MRR", align: right, wide: true },
    { title: "NMI", align: right },
  ];
  const of = (kind: "seen" | "unseen", caption: string): Html =>
    table(
      columns,
      results.summaries.map((s) => [text(s.space), String(s.runs), ...cells(s[kind])]),
      caption,
    );
  return section(
    "methods",
    "Pixels against three losses",
    paragraph(
      text(
        `Each drawing of the style held out looks for its emoji among the ${count(results.identities * 4)} drawings of the other four, so chance is 1 in ${count(results.identities)}. "Framed" pixels are cut to what is drawn and averaged to what the network sees: how much of the gain is not learned. NMI compares k-means clusters of all five styles with the emoji, for as many seen as never seen, at the first seed.`,
      ),
    ),
    of("seen", "Emoji that training saw in the other four styles; mean over styles and seeds"),
    of("unseen", "Emoji never seen in any style; mean over styles and seeds"),
  );
}

function styleSection({ runs, styles, main }: SiameseLabResults): Html {
  const mean = (space: Space, style: string, kind: "seen" | "unseen"): string => {
    const mine = runs.filter((run) => run.space === space && run.style === style);
    const values = mine.map((run) => run[kind].recallAt1);
    return share(values.reduce((a, b) => a + b, 0) / values.length, 3);
  };
  const rows = styles.map((style) => [
    text(STYLE_LABELS[style]),
    mean("raw pixels", style, "seen"),
    mean("framed pixels", style, "seen"),
    mean(main, style, "seen"),
    mean("raw pixels", style, "unseen"),
    mean("framed pixels", style, "unseen"),
    mean(main, style, "unseen"),
  ]);
  const columns = [
    { title: "held out" },
    { title: "raw, seen", align: right },
    { title: "framed", align: right, wide: true },
    { title: `${main}`, align: right },
    { title: "raw, never seen", align: right },
    { title: "framed", align: right, wide: true },
    { title: `${main}`, align: right },
  ];
  return section(
    "styles",
    "Each style held out",
    table(columns, rows, "Recall@1, mean over seeds"),
    svgFigure(
      lossPlot(runs, main),
      text(`Loss of ${main} by epoch, first seed, one line for each style held out.`),
    ),
  );
}

function lossPlot(runs: readonly Run[], main: Space): string {
  const mine = runs.filter((run) => run.space === main && run.seed === runs[0]!.seed);
  const series = mine.map(({ style, losses = [] }) => ({
    name: STYLE_LABELS[style],
    points: losses.map((y, i) => ({ x: i + 1, y })),
  }));
  return plotLines(series, {
    title: "Loss while training",
    xTitle: "epoch",
    yTitle: "loss",
    xScale: "linear",
    yScale: "linear",
  });
}

function exampleSection({ examples }: SiamesePictures): Html {
  return section(
    "pictures",
    "Before and after",
    paragraph(
      text(
        "Emoji never seen in training, drawn in the style held out, with their nearest in the other styles: by raw pixels, then by what the network learned. Each has four drawings to be found; others are framed in red.",
      ),
    ),
    pictureRows(examples),
  );
}

function mistakeSection({ mistakes }: SiamesePictures): Html {
  if (mistakes.length === 0) return "";
  return section(
    "mistakes",
    "Worst mistakes",
    paragraph(
      text(
        "Of all emoji never seen, those whose nearest drawing is another emoji and lies nearest: where the network is surest and wrong.",
      ),
    ),
    pictureRows(mistakes),
  );
}

function howSection({ training, parameters, summaries, main, seeds }: SiameseLabResults): Html {
  const times = summaries.flatMap(({ space, cpuSeconds }) =>
    cpuSeconds === undefined ? [] : [`${space} ${seconds(cpuSeconds)}`],
  );
  return section(
    "how",
    "How it was learned",
    paragraph(
      text(
        `The network sees what is drawn, cut to its square and averaged to 16 × 16 colours, and gives ${training.width} numbers of length 1, compared by cosine. Two ways lead there and are added up: one matrix straight from the pixels, and convolutions with batch norm. ${count(parameters)} weights. While training, each picture is shifted, turned, stretched, recoloured, and half of the time drawn with dark edges over fading colours, which makes four styles many.`,
      ),
    ),
    paragraph(
      text(
        `A batch holds ${training.identities} emoji, each in the four styles. Contrastive compares all pairs, triplet each drawing with its farthest own and nearest other, N-pair each style with each other by softmax. All train for ${training.epochs} epochs; processor time of one: ${times.join(", ")}. ${main} runs for seeds ${seeds.join(", ")}, the others for the first. The same seed gives the same numbers.`,
      ),
    ),
  );
}
