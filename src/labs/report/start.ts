import { machineLine } from "../machine.ts";
import { count, qps, seconds, share, times } from "../numbers.ts";
import type { StartResults } from "../start.ts";
import { fastest, selection, verdict } from "../study.ts";
import { accuracySection, creditSection, neighbourSection, scopeLabel } from "./emoji.ts";
import { facts, type Html, page, paragraph, section, table, text } from "./html.ts";
import type { Sheet } from "./sheet.ts";
import { studySection } from "./studies.ts";

/** The report of the main job. */
export function startPage(results: StartResults, sheet: Sheet): string {
  const { emoji, studies, fashion, credits } = results;
  const near = neighbourSection(emoji, sheet);
  const sections = [
    near.html,
    accuracySection(emoji),
    learnedSection(results.learned),
    ...studies.map((study) => studySection(study, [selection(study), ...verdict(study)])),
    fashion === undefined ? "" : labelSection(fashion),
    methodSection(results),
    creditSection(credits),
  ];
  const lead =
    `<p>Nearest neighbours on real and generated vectors, found exactly and approximately; every speed stands beside the recall it was measured at.</p>` +
    `<p class="quiet">${text(machineLine(results.machine))}; vicinal ${text(results.version)}; seed ${results.seed}${results.quick ? "; quick run" : ""}; ${seconds(results.seconds)} in all.</p>${headline(results)}`;
  return page("Vicinal: first results", lead, sections, near.style);
}

function headline({ emoji, studies, learned }: StartResults): Html {
  const big = studies.find((study) => study.name === "generated");
  const best = big && fastest(big);
  const first = emoji.accuracy[0];
  const items = [
    { value: count(emoji.drawings), label: "emoji drawings indexed by their pixels" },
    ...(first === undefined
      ? []
      : [
          {
            value: share(first.accuracy, 3),
            label: `of ${scopeLabel(first.scope)} grouped rightly by 5-NN (largest group ${share(first.majority, 3)})`,
          },
        ]),
    {
      value: `${share(learned.raw, 2)} → ${share(learned.learned, 2)}`,
      label: "same emoji nearest by another hand: pixels → learned, emoji never seen",
    },
    ...(big === undefined || best === undefined
      ? []
      : [
          {
            value: `${qps(best.chosen.qps)} QPS`,
            label: `on ${count(big.n)} × ${big.d}, at recall ${share(best.chosen.recall, 3)}`,
          },
          { value: times(best.faster), label: "as fast as exact search there" },
        ]),
  ];
  return facts(items);
}

/** What a network gains over pixels that learns the same emoji across styles. */
function learnedSection({ raw, learned, emoji, queries, trainSeconds }: StartResults["learned"]): Html {
  const rows = [
    ["raw pixels, 16 × 16 × 3", share(raw, 3)],
    ["96 learned numbers", share(learned, 3)],
  ].map((cells) => cells.map(text));
  return section(
    "learned",
    "Learned: the same emoji by another hand",
    paragraph(
      text(
        `A small network saw emoji by five hands (${seconds(trainSeconds)} of training), but none of these ` +
          `${count(emoji)}: ${count(queries)} drawings are looked for among all drawings by the other hands.`,
      ),
    ),
    table([{ title: "compared by" }, { title: "nearest is the same emoji", align: "right" }], rows),
  );
}

function labelSection(fashion: NonNullable<StartResults["fashion"]>): Html {
  const rows = fashion.accuracy.map((a) => [
    text(`${a.k}-NN`),
    text(a.index),
    count(a.queries),
    share(a.accuracy, 4),
    share(a.majority, 3),
  ]);
  return section(
    "labels",
    "Fashion-MNIST: do neighbours share a label?",
    paragraph(
      text(
        "Test images are given the commonest label of their nearest training images (lowest label among equals), by raw pixels.",
      ),
    ),
    table(
      [
        { title: "vote" },
        { title: "index" },
        { title: "test images", align: "right" },
        { title: "accuracy", align: "right" },
        { title: "largest class", align: "right" },
      ],
      rows,
    ),
  );
}

function methodSection({ studies }: StartResults): Html {
  const threads = Math.max(1, ...studies.map((study) => study.threads));
  const queries = studies.map((study) => `${study.title}: ${count(study.queries)}`).join("; ");
  return section(
    "method",
    "How it was measured",
    `<ul>
<li>Recall@10 is recomputed from the rows an index returns: a row counts when it is no farther than the true tenth neighbour. Queries are never rows of the index (${text(queries)}).</li>
<li>QPS: one query a call, one thread, through the public search call; best of the timed passes.</li>
<li>Build: ${threads === 1 ? "one thread" : `${threads} threads`}, vectors already in memory; for Auto with its tuning. Memory: all the index holds, WebAssembly pages included.</li>
<li>One run on one machine with whatever else it was doing; for comparisons with other libraries see <code>npm run bench</code>.</li>
</ul>`,
  );
}
