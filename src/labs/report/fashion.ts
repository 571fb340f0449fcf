import { plotBars, plotConfusion, plotLines, plotRecallQps, type Series } from "../../evaluate/index.ts";
import type { FashionLabResults, ModelFindings } from "../fashion/results.ts";
import { machineLine } from "../machine.ts";
import { bytes, count, neighbours, qps, seconds, share, times } from "../numbers.ts";
import type { Study } from "../study.ts";
import { facts, type Html, page, paragraph, section, svgFigure, table, text } from "./html.ts";
import { type PictureRow, pictureRows } from "./pictureRows.ts";
import { pictureStyle } from "./sheet.ts";
import { settingOf } from "./studies.ts";

/** Pictures for the report that its numbers do not hold. */
export interface FashionPictures {
  readonly size: number;
  readonly pictures: readonly Uint8Array[];
  readonly mistakes: readonly PictureRow[];
  /** SVG maps of the test pictures: by pixels, by features. */
  readonly maps: readonly { readonly svg: string; readonly caption: string }[];
}

const right = "right" as const;

/** The report of the lab of learned features. */
export function fashionPage(results: FashionLabResults, shown: FashionPictures): string {
  const { train, test, validation, quick, seed, threads } = results;
  const lead =
    `<p>Pictures of clothes told by their nearest neighbours: first by raw pixels, then in a space that a small network learned. Same data, same search, other space.</p>` +
    `<p class="quiet">${text(machineLine(results.machine))}; ${count(train)} training pictures, ${count(validation)} of them kept out of learning to choose by; ${count(test)} test pictures; seed ${seed}, ${threads} thread${threads === 1 ? "" : "s"}${quick ? "; quick run" : ""}; ${duration(results.seconds)} in all.</p>` +
    headline(results);
  return page(
    "Neighbours in a learned space",
    lead,
    [
      rawSection(results),
      learnSection(results),
      featureSection(results),
      searchSection(results),
      confusionSection(results),
      mapSection(shown),
      mistakeSection(results, shown),
      methodSection(results),
    ],
    pictureStyle(shown),
  );
}

function duration(value: number): string {
  return value < 90 ? seconds(value) : `${(value / 60).toFixed(1)} min`;
}

function headline({ raw, features, comparison }: FashionLabResults): Html {
  const best = raw.reduce((a, b) => (b.accuracy > a.accuracy ? b : a));
  const faster = comparison.reduce((a, b) => (b.learnedQps > a.learnedQps ? b : a));
  const fastestRaw = Math.max(...comparison.map(({ rawQps }) => rawQps));
  return facts([
    { value: share(best.accuracy), label: `of test pictures told by ${neighbours(best.k)} in pixels` },
    {
      value: share(features.test),
      label: `told by ${neighbours(features.k)} among ${features.width} learned features`,
    },
    {
      value: `${((1 - features.test) / (1 - best.accuracy)).toFixed(2)}×`,
      label: "the mistakes of pixels",
    },
    {
      value: times(faster.learnedQps / fastestRaw),
      label: `as many searches a second at recall 0.95 (${qps(faster.learnedQps)})`,
    },
  ]);
}

function rawSection({ raw, search, comparison }: FashionLabResults): Html {
  const columns = [{ title: "k" }, ...raw.map(({ k }) => ({ title: String(k), align: right }))];
  const accuracy = [["accuracy", ...raw.map((each) => share(each.accuracy))]];
  return section(
    "raw",
    "A. Raw pixels",
    paragraph(
      text(
        "No learning at all: each test picture takes the commonest label among its k nearest training pictures, by the distance of 784 grey values. The lowest label wins among equals, as in scikit-learn, so these numbers can be checked to the last digit.",
      ),
    ),
    table(columns, accuracy, "Exact search over all training pictures; share of test pictures told rightly"),
    paragraph(text("What approximate search misses hardly matters for the labels:")),
    studyTable(
      search.raw,
      comparison.map(({ rawAccuracy }) => rawAccuracy),
    ),
    svgFigure(
      recallPlot([["", search.raw]], "Raw pixels", search.raw),
      text("Each point is one setting; the line is each index's best. Both axes are logarithmic."),
    ),
  );
}

function studyTable(study: Study, accuracy: readonly number[]): Html {
  const exact = study.rows.find((row) => row.exact)!.chosen.qps;
  const rows = study.rows.map((row, i) => [
    `${breakable(row.index)}${small(settingOf(row))}`,
    share(row.chosen.recall, 3),
    qps(row.chosen.qps),
    times(row.chosen.qps / exact),
    share(accuracy[i]!),
    seconds(row.buildSeconds),
    bytes(row.bytes),
  ]);
  const columns = [
    { title: "index" },
    { title: `recall@${study.k}`, align: right },
    { title: "QPS", align: right },
    { title: "vs exact", align: right, wide: true },
    { title: `${study.k}-NN accuracy`, align: right },
    { title: "build", align: right, wide: true },
    { title: "memory", align: right, wide: true },
  ];
  const caption = `${count(study.n)} × ${study.d}; fastest setting of recall ≥ ${study.targetRecall}, else the one of highest recall; ${count(study.queries)} test pictures timed one at a time, all of them told`;
  return table(columns, rows, caption);
}

const breakable = (words: string): Html => text(words).replace(/,(?=\S)/g, ",<wbr>");
const small = (words: string): Html => (words === "" ? "" : `<br><small>${breakable(words)}</small>`);

function recallPlot(studies: readonly (readonly [string, Study])[], title: string, like: Study): string {
  const series: Series[] = studies.flatMap(([prefix, study]) =>
    study.rows
      .filter((row) => studies.length === 1 || !row.exact)
      .map((row) => ({ name: `${prefix}${row.index}`, points: row.points as Series["points"] })),
  );
  const subtitle = `${count(like.n)} pictures, k = ${like.k}, one thread, one query a call`;
  return plotRecallQps(series, { title, subtitle, k: like.k, width: 960, height: 560 });
}

function learnSection({ models, raw }: FashionLabResults): Html {
  const rows = models.map((each) => [
    `${text(each.name)}${small(each.layers)}`,
    count(each.parameters),
    String(each.epochs),
    duration(each.cpuSeconds),
    share(each.validation),
    share(each.test),
    each.neighbours === undefined ? "" : share(each.neighbours.test),
  ]);
  const best = raw.reduce((a, b) => (b.accuracy > a.accuracy ? b : a));
  const bars = models.flatMap((each) => [
    { label: `${each.name}: itself`, values: [each.test] },
    ...(each.neighbours === undefined
      ? []
      : [{ label: `${each.name}: ${neighbours(each.neighbours.k)}`, values: [each.neighbours.test] }]),
  ]);
  return section(
    "learn",
    "B. Learning",
    paragraph(
      text(
        "Three networks learn the ten labels by softmax and cross-entropy. What stands before their last layer is kept as the features of a picture: pictures of one label have come to lie together there, so neighbours can tell the label too.",
      ),
    ),
    table(
      [
        { title: "network" },
        { title: "numbers learned", align: right, wide: true },
        { title: "epochs", align: right },
        { title: "CPU time", align: right },
        { title: "validation", align: right, wide: true },
        { title: "test", align: right },
        { title: "k-NN on features", align: right },
      ],
      rows,
      "Share of pictures told rightly; CPU time is that of all threads together",
    ),
    svgFigure(
      plotBars([{ label: `${neighbours(best.k)} in pixels`, values: [best.accuracy] }, ...bars], {
        title: "Share of test pictures told rightly",
        format: (value) => value.toFixed(4),
      }),
      text("Longer is better."),
    ),
  );
}

function featureSection({ features, raw, widths }: FashionLabResults): Html {
  const curves = [
    { name: "raw pixels, L2", points: raw.map(({ k, accuracy }) => ({ x: k, y: accuracy })) },
    {
      name: `${features.width} features, ${features.metric}`,
      points: features.accuracy.map(({ k, accuracy }) => ({ x: k, y: accuracy })),
    },
  ];
  const rows = widths.map(({ width, epochs, cpuSeconds, byMetric }) => [
    String(width),
    String(epochs),
    duration(cpuSeconds),
    ...byMetric.flatMap((each) => [String(each.k), share(each.validation), share(each.test)]),
  ]);
  const metrics = widths[0]?.byMetric.map(({ metric }) => metric) ?? [];
  const columns = [
    { title: "features" },
    { title: "epochs", align: right, wide: true },
    { title: "CPU time", align: right, wide: true },
    ...metrics.flatMap((metric) => [
      { title: `${metric}: k`, align: right, wide: true },
      { title: "validation", align: right, wide: true },
      { title: `${metric}: test`, align: right },
    ]),
  ];
  return section(
    "features",
    "C. Neighbours among features",
    paragraph(
      text(
        `${neighbours(features.k)} by ${features.metric} among ${features.width} features of the ${features.model} tell ${share(features.test)} of the test pictures rightly; k and metric were chosen on the pictures kept out of learning (${share(features.validation)} there), never on the test pictures.`,
      ),
    ),
    svgFigure(
      plotLines(curves, {
        title: "Accuracy as k grows",
        xTitle: "k",
        yTitle: "Share of test pictures told rightly",
        yScale: "linear",
        height: 420,
      }),
      text(
        "Pixels do best with few neighbours; among features a label's pictures lie so close that k hardly matters.",
      ),
    ),
    widths.length === 0
      ? ""
      : table(
          columns,
          rows,
          "Smaller networks, alike but for the width of the layer before the last, each trained as long",
        ),
  );
}

function searchSection({ search, comparison, features }: FashionLabResults): Html {
  const rows = comparison.map((each) => [
    breakable(each.raw === each.learned ? each.raw : `${each.raw} / ${each.learned}`),
    qps(each.rawQps),
    share(each.rawRecall, 3),
    qps(each.learnedQps),
    share(each.learnedRecall, 3),
    times(each.faster),
  ]);
  const fewer = search.raw.d / search.learned.d;
  return section(
    "search",
    "D. Search: pixels against features",
    paragraph(
      text(
        `A picture is ${search.raw.d} numbers as pixels and ${search.learned.d} as features, ${fewer.toFixed(0)} times fewer to compare and to keep. The features are scaled to length 1, so that L2 ranks them as cosine does.`,
      ),
    ),
    table(
      [
        { title: "index (pixels / features)" },
        { title: "pixels: QPS", align: right },
        { title: "recall", align: right, wide: true },
        { title: "features: QPS", align: right },
        { title: "recall", align: right, wide: true },
        { title: "faster", align: right },
      ],
      rows,
      `Fastest setting of recall@${search.raw.k} ≥ ${search.raw.targetRecall} in each space, one query a call on one thread`,
    ),
    svgFigure(
      recallPlot(
        [
          ["pixels: ", search.raw],
          ["features: ", search.learned],
        ],
        "Recall and speed, pixels against features",
        search.raw,
      ),
      text("Each against the exact neighbours of its own space. Further up and to the right is better."),
    ),
    paragraph(text("All that was measured among features:")),
    studyTable(
      search.learned,
      comparison.map(({ learnedAccuracy }) => learnedAccuracy),
    ),
    paragraph(
      text(
        `Accuracy holds: exact search among the features tells ${share(features.test)} with k = ${features.k}.`,
      ),
    ),
  );
}

function confusionSection({ confusion, classes, changed, features }: FashionLabResults): Html {
  const drawn = (matrix: FashionLabResults["confusion"]["raw"], title: string): Html =>
    svgFigure(
      plotConfusion(matrix, { title, names: matrix.labels.map((label) => classes[Number(label)]!) }),
      text("Rows are true labels; blue was told rightly, orange was not."),
    );
  return section(
    "confusion",
    "What is taken for what",
    paragraph(
      text(
        `Learning repaired ${count(changed.repaired)} test pictures that pixels got wrong and spoiled ${count(changed.spoiled)} that they got right.${commonest(confusion.learned, classes)}`,
      ),
    ),
    drawn(confusion.raw, "Neighbours in pixels"),
    drawn(confusion.learned, `Neighbours among ${features.width} features`),
  );
}

/** The three commonest mistakes, in words. */
function commonest(
  { labels, counts }: FashionLabResults["confusion"]["learned"],
  classes: readonly string[],
): string {
  const nameOf = (i: number): string => classes[Number(labels[i])]!;
  const wrong = counts.flatMap((row, i) =>
    row.flatMap((n, j) => (i === j || n === 0 ? [] : [{ n, what: `${nameOf(i)} for ${nameOf(j)} (${n})` }])),
  );
  const most = wrong.sort((a, b) => b.n - a.n).slice(0, 3);
  return most.length === 0 ? "" : ` The commonest mistakes left: ${most.map(({ what }) => what).join(", ")}.`;
}

function mapSection({ maps }: FashionPictures): Html {
  return section(
    "map",
    "The two spaces as maps",
    ...maps.map(({ svg, caption }) => svgFigure(svg, text(caption))),
  );
}

function mistakeSection({ features }: FashionLabResults, { mistakes }: FashionPictures): Html {
  return section(
    "mistakes",
    "The surest mistakes",
    paragraph(
      text(
        `Test pictures that neighbours among the ${features.width} features tell wrongly with the most votes. Red frames mark neighbours of another label than the picture's own; some of these labels are hard to defend by eye.`,
      ),
    ),
    pictureRows(mistakes),
  );
}

function methodSection({ models, validation }: FashionLabResults): Html {
  const named = models.map((each: ModelFindings) => `${each.name}: ${each.layers}`).join("; ");
  return section(
    "method",
    "How it was done",
    `<ul>
<li>Networks: ${text(named)}. Adam with decoupled weight decay, a learning rate that rises and falls once over the run; pictures are mirrored at random while the convolutional network learns.</li>
<li>${count(validation)} training pictures, drawn by the seed, take no part in learning. Number of neighbours and metric are chosen on them; the test pictures are looked at once.</li>
<li>Neighbours are always searched among all training pictures.</li>
<li>Search: one query a call, one thread, best of the timed passes; recall is recomputed from the rows returned.</li>
<li>The same seed gives the same features on one thread and on several.</li>
</ul>`,
  );
}
