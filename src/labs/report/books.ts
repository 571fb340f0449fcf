import { plotScatter } from "../../evaluate/index.ts";
import { ARM_NAMES, ARMS, differenceText, MEASURE_NAMES, MEASURES } from "../books/compare.ts";
import { PROPERTIES, type Property } from "../books/data.ts";
import { LEAST_READERS } from "../books/goodbooks.ts";
import { type BooksLabResults, SET_TITLES, spread, studyTitle } from "../books/lab.ts";
import {
  CANDIDATES,
  FIRST_TEMPERATURE,
  LAYERED,
  NEIGHBOURS,
  TRAINED,
  type TrainedArm,
} from "../books/layer.ts";
import { READERS } from "../books/sets.ts";
import type { BookMap } from "../books/shelves.ts";
import type { Findings } from "../books/study.ts";
import { machineLine } from "../machine.ts";
import { count, minutes } from "../numbers.ts";
import { facts, type Html, page, pairs, paragraph, section, svgFigure, table, text } from "./html.ts";

const right = "right" as const;

/** The report on books with and without neighbours. */
export function booksPage(results: BooksLabResults, maps: readonly BookMap[]): string {
  const { machine, quick } = results;
  const lead =
    "<p>Books are placed by the pages that their articles link to, or by their readers. Does it help to look at a book's neighbours while learning, with a k-NN that gradients pass through? Lower cluster ratios mean that books of one author, genre, country, publisher or language are nearer to each other than to others.</p>" +
    `<p class="quiet">${text(machineLine(machine))}${quick ? "; quick run: a sample of books, one seed, few epochs, which decides nothing" : ""}; ${minutes(results.seconds)}.</p>`;
  const sections = [
    ...results.findings.map((found) => studySection(found, results.seed)),
    mapSection(maps),
    answerSection(results),
    methodSection(results),
  ];
  return page("Books with and without their neighbours", lead, sections);
}

function studySection(found: Findings, seed: number): Html {
  const { set, condition, books, links, held } = found;
  const seeds = found.scores.A.length;
  const linked = set === "wikipedia" ? "link" : "reader";
  return section(
    `${set}-${condition}`,
    studyTitle(found),
    facts([
      { value: count(books), label: "books" },
      { value: count(links), label: `${linked}s` },
      { value: count(found.pairs), label: `pairs of book and ${linked}` },
      { value: count(held), label: "of them held out" },
      { value: String(seeds), label: seeds === 1 ? "seed" : `seeds, from ${seed}` },
    ]),
    scoresTable(found),
    paragraph(`<b>${text(found.verdict.text)}</b>`),
    comparisonTable(found),
    propertyTable(found),
    nullTable(found),
    tuningTable(found),
    paragraph(temperatureText(found)),
  );
}

function scoresTable({ scores, raw, rates }: Findings): Html {
  const cells = (of: (typeof scores)["A"]): Html[] => [
    ...MEASURES.map((measure) => spread(of.map((one) => one[measure]))),
    spread(of.map((one) => one.different)),
    spread(
      of.map((one) => one.effectiveDimension),
      1,
    ),
  ];
  const rate = (arm: (typeof ARMS)[number]): string => String(arm === "F" ? rates.A : rates[arm]);
  const rows = [
    ...ARMS.map((arm) => [`<b>${arm}</b> ${text(ARM_NAMES[arm])}`, ...cells(scores[arm]), rate(arm)]),
    ...LAYERED.map((arm) => [`<b>${arm}</b> without its layer`, ...cells(raw[arm]), rate(arm)]),
  ];
  const columns = [
    { title: "" },
    ...MEASURES.map((measure) => ({ title: MEASURE_NAMES[measure], align: right })),
    { title: "distance of unlike", align: right, wide: true },
    { title: "effective dimension", align: right, wide: true },
    { title: "rate", align: right, wide: true },
  ];
  return table(
    columns,
    rows,
    "Mean ± standard deviation over seeds; the ratio is better lower, the rest higher",
  );
}

function comparisonTable({ comparisons }: Findings): Html {
  const rows = comparisons.map(({ against, differences }) => [
    `E − ${against}`,
    ...MEASURES.map((measure) => differenceText(differences[measure])),
  ]);
  const columns = [
    { title: "seed by seed" },
    ...MEASURES.map((measure) => ({ title: MEASURE_NAMES[measure], align: right })),
  ];
  return table(columns, rows, "Paired differences of the relaxed arm, with 95 % intervals (t) over seeds");
}

const usable = ({ scores }: Findings): Property[] =>
  PROPERTIES.filter((name) => scores.A[0]!.ratios[name] !== undefined);

function propertyTable(found: Findings): Html {
  const names = usable(found);
  const rows = ARMS.map((arm) => [
    `<b>${arm}</b> ${text(ARM_NAMES[arm])}`,
    ...names.map((name) => {
      const of = found.scores[arm];
      const ratio = spread(of.map((one) => one.ratios[name]!));
      return `${ratio}<br><small>${spread(of.map((one) => one.accuracies[name]!))}</small>`;
    }),
  ]);
  const columns = [{ title: "" }, ...names.map((title) => ({ title, align: right }))];
  return table(columns, rows, "Cluster ratio of each property, and below it the 5-NN accuracy");
}

function nullTable(found: Findings): Html {
  const rows = usable(found).flatMap((name) =>
    (["A", "E"] as const).map((arm) => {
      const of = found.nulls[arm][name]!;
      const { ratio, interval } = of.macro;
      const chance = of.macro.null;
      return [
        `${text(name)} <small>${arm}</small>`,
        count(of.rows),
        count(of.values),
        ratio.toFixed(3),
        interval === null ? "" : `${interval[0].toFixed(3)}–${interval[1].toFixed(3)}`,
        chance === null ? "" : chance.low.toFixed(3),
        chance === null ? "" : chance.p.toFixed(3),
        of.micro.ratio.toFixed(3),
      ];
    }),
  );
  const columns = [
    { title: "property" },
    ...["books", "values", "ratio", "bootstrap 95 %", "0.1 % of null", "p", "over pairs"].map((title) => ({
      title,
      align: right,
    })),
  ];
  return table(columns, rows, "The first seed: the ratio beside what values dealt at random give");
}

function tuningTable({ tuning, rates }: Findings): Html {
  if (tuning.length === 0) return "";
  const tried = [...new Set(tuning.map(({ rate }) => rate))].sort((a, b) => a - b);
  const auc = (arm: TrainedArm, rate: number): Html => {
    const value = tuning.find((one) => one.arm === arm && one.rate === rate)?.auc.toFixed(3);
    if (value === undefined) return "";
    return rates[arm] === rate ? `<b>${value}</b>` : value;
  };
  const rows = TRAINED.map((arm) => [
    `<b>${arm}</b> ${text(ARM_NAMES[arm])}`,
    ...tried.map((rate) => auc(arm, rate)),
  ]);
  const columns = [
    { title: "learning rate" },
    ...tried.map((rate) => ({ title: String(rate), align: right })),
  ];
  return table(
    columns,
    rows,
    "AUC on validation pairs of the first seed; the best rate is taken for all seeds",
  );
}

function temperatureText({ temperatures }: Findings): Html {
  const all = temperatures.map((value) => value.toFixed(3)).join(", ");
  return `Temperature of the relaxation, ${FIRST_TEMPERATURE} at the start, as E learned it: ${all}.`;
}

function mapSection(maps: readonly BookMap[]): Html {
  const figures = maps.map(({ set, arm, classes }) => {
    const title = `${SET_TITLES[set]}, ${arm}: ${ARM_NAMES[arm]}`;
    const svg = plotScatter(classes, { title, axes: false });
    return svgFigure(svg, text(`Books of the largest genres, laid out by UMAP from the rows of arm ${arm}.`));
  });
  return section("maps", "Maps", pairs(...figures));
}

function answerSection({ answers }: BooksLabResults): Html {
  const rows = answers.flatMap(({ set, title, nearest }) =>
    Object.entries(nearest).map(([arm, near]) => [
      `${text(title)}<br><small>${SET_TITLES[set]}, ${text(ARM_NAMES[arm as "A" | "E"])}</small>`,
      near.map((one) => `${text(one.title)}&nbsp;<small>${one.cosine.toFixed(2)}</small>`).join(", "),
    ]),
  );
  return section(
    "near",
    "Books near a book",
    table([{ title: "book" }, { title: "nearest, with their cosine" }], rows),
    paragraph("Ask for others by <code>--query &quot;title&quot;</code>."),
  );
}

function methodSection({ findings }: BooksLabResults): Html {
  const epochs = [...new Map(findings.map((one) => [one.set, one.epochs]))]
    .map(([set, times]) => `${times} epochs on ${SET_TITLES[set]}`)
    .join(", ");
  const rate = findings.some(({ tuning }) => tuning.length > 0)
    ? "chosen by AUC on validation pairs of the first seed, for each arm by itself, where several are shown"
    : "given";
  return section(
    "method",
    "How it was measured",
    `<ul>
<li>Two tables of 50 numbers a row; the cosine of a book and a link is to be 1 where the link occurs on the page and −1 for two random pairs beside it (squared error, Adam, batches of 1,024; ${epochs}; learning rate ${rate}).</li>
<li>B maps the row of a book by as many parameters as E has. C, D and E put the differences to ${NEIGHBOURS} other books beside the row and map all: random ones, the nearest, or those of the relaxation in 16 learned directions with a learned temperature, among the ${CANDIDATES} nearest as of the start of the epoch. F is A with each row replaced by the mean of itself and its ${NEIGHBOURS} nearest.</li>
<li>All arms of a seed share split, start, order and random pairs. A tenth of the pairs is held out: AUC against 50 random links a pair, hit rate@10 among all links not known of the book.</li>
<li>Cluster ratio: mean distance of books with the same value over that of books with different ones, values alike, exact over all pairs, values of 5 books or more; the geometric mean over properties. Any averaging of neighbours lowers it, so it counts only against D and F and together with the rest.</li>
<li>Links of authors, genres and categories are labels in disguise: the second condition leaves out every link that equals a label or begins with "category:".</li>
<li>On goodbooks-10k readers take the place of links: ${count(READERS)} drawn by the seed of the run (fewer in a quick run), and the books that ${LEAST_READERS} or more of them rated. The genre is that of the shelves that readers put a book on most often, the author the first who is named; kinds of English are one language.</li>
</ul>`,
  );
}
