import { plotBars } from "../../evaluate/index.ts";
import { chanceOf, KS } from "../clip/measure.ts";
import type { BothWays, ClipAnswer, ClipLabResults, ClipRun } from "../clip/results.ts";
import type { EmojiSet } from "../emoji/dataset.ts";
import { STYLE_LABELS } from "../emoji/styles.ts";
import { machineLine } from "../machine.ts";
import { count, mean, seconds, share, times } from "../numbers.ts";
import { creditSection } from "./emoji.ts";
import { facts, type Html, page, paragraph, section, svgFigure, table, text } from "./html.ts";
import { picture, pictureStyle } from "./sheet.ts";

const right = "right" as const;
const recall10 = (runs: readonly ClipRun[], key: Kind): number =>
  mean(runs.map((run) => run[key].textToImage.recall[10]!));

type Kind = "knownInHeldStyle" | "unseenInKnownStyles" | "unseenInHeldStyle";
const KINDS: readonly (readonly [Kind, string, string])[] = [
  ["knownInHeldStyle", "known emoji in the style never seen", "new style"],
  ["unseenInKnownStyles", "emoji never seen, in styles learned from", "new emoji"],
  ["unseenInHeldStyle", "emoji never seen, in the style never seen", "both new"],
];

/** The report on pictures and texts in one space. */
export function clipPage(results: ClipLabResults, set: EmojiSet): string {
  const { machine, seed, threads, quick, runs, queries, examples } = results;
  const first = runs[0]!;
  const shown = [...new Set([...queries, ...examples].flatMap(({ near }) => near.map((n) => n.picture)))];
  const bytes = set.size * set.size * 3;
  const pictures = shown.map((i) => set.pixels.subarray(i * bytes, (i + 1) * bytes));
  const gallery = first.unseenInKnownStyles.textToImage.gallery;
  const lead =
    `<p>Two networks, one for pictures and one for words, learn to put a picture and its name in the same place. Then any text finds pictures, by cosine.</p>` +
    `<p class="quiet">${text(machineLine(machine))}; ${count(results.emoji)} emoji in five styles; ${runs.length === 1 ? "one model" : `${runs.length} models`}, seed ${seed}${runs.length === 1 ? "" : ` to ${seed + runs.length - 1}`}, ${threads} thread${threads === 1 ? "" : "s"}${quick ? "; quick run" : ""}.</p>` +
    facts([
      {
        value: share(recall10(runs, "knownInHeldStyle"), 3),
        label: "recall@10 of known emoji in a style never seen",
      },
      {
        value: share(recall10(runs, "unseenInKnownStyles"), 3),
        label: `recall@10 of emoji never seen, ${times(recall10(runs, "unseenInKnownStyles") / chanceOf(10, gallery))} chance`,
      },
      { value: seconds(mean(runs.map((run) => run.cpuSeconds))), label: "of CPU time to learn a model" },
    ]);
  const style = `${pictureStyle({ pictures, size: set.size })}.near .hit .pic{box-shadow:0 0 0 3px var(--good)}`;
  return page(
    "Pictures and words in one space",
    lead,
    [
      recallSection(results),
      querySection(queries, shown, set.drawings.length),
      exampleSection(examples, shown, first),
      ...(results.variants.length > 0 ? [variantSection(results)] : []),
      methodSection(results),
      creditSection(results.credits),
    ],
    style,
  );
}

function recallSection({ runs }: ClipLabResults): Html {
  const columns = [
    { title: "averaged over models" },
    { title: "gallery", align: right },
    ...(["text → picture", "picture → text"] as const).flatMap((way) =>
      KS.map((k) => ({
        title: k === KS[0] ? `${way} @${k}` : `@${k}`,
        align: right,
        wide: way !== "text → picture",
      })),
    ),
  ];
  const rows = KINDS.map(([kind, title]) => [
    text(title),
    count(mean(runs.map((run) => run[kind].textToImage.gallery))),
    ...(["textToImage", "imageToText"] as const).flatMap((way) =>
      KS.map((k) => spread(runs.map((run) => run[kind][way].recall[k]!))),
    ),
  ]);
  const bars = runs.map((run) => ({
    label: `${STYLE_LABELS[run.held]}, seed ${run.seed}`,
    values: KINDS.map(([kind]) => run[kind].textToImage.recall[10]!),
  }));
  const gallery = mean(runs.map((run) => run.unseen));
  const alone = (k: number): string => share(mean(runs.map((run) => run.groupAlone[k]!)), 3);
  return section(
    "recall",
    "How often a text finds its picture",
    paragraph(
      text(
        `Each model learns from four styles and four fifths of the emoji. Texts are name and group, as in “red apple; Food & Drink”. Chance puts the right one of ${count(gallery)} among ten in ${share(chanceOf(10, gallery), 3)} of cases. Who knows the group and nothing else finds it first in ${alone(1)}, among five in ${alone(5)}, among ten in ${alone(10)}.`,
      ),
    ),
    table(columns, rows, "Recall; after ± the standard deviation over models"),
    svgFigure(
      plotBars(bars, {
        title: "Recall@10, text → picture",
        xTitle: "the style that was held out",
        series: KINDS.map(([, , short]) => short),
        format: (value) => share(value, 2),
        reach: [1],
      }),
      text("One model a row."),
    ),
  );
}

function spread(values: readonly number[]): Html {
  const middle = mean(values);
  if (values.length < 2) return share(middle, 3);
  const deviation = Math.sqrt(
    values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1),
  );
  return `${share(middle, 3)} <small>± ${deviation.toFixed(2)}</small>`;
}

function answerBlock({ text: asked, near }: ClipAnswer, shown: readonly number[], says: string): Html {
  const tiles = near.map((n) => {
    const name = n.name.replaceAll("-", " ");
    const own = picture(shown.indexOf(n.picture), "s", `${name}, ${STYLE_LABELS[n.style]}`);
    return `<li${n.right ? ' class="hit"' : ""}>${own}<span>${text(name)}</span><span class="d">${text(STYLE_LABELS[n.style])}</span><span class="d">${n.cosine.toFixed(2)}</span></li>`;
  });
  return `<div class="query"><div class="who"><h3>${text(asked)}<br><small>${text(says)}</small></h3></div><div><ol class="near">${tiles.join("")}</ol></div></div>`;
}

function querySection(queries: readonly ClipAnswer[], shown: readonly number[], pictures: number): Html {
  return section(
    "queries",
    "Pictures for any text",
    paragraph(
      text(
        `The ten pictures nearest to each text among all ${count(pictures)}, by the first model, with their cosine. Ask for others with --query.`,
      ),
    ),
    queries.map((each) => answerBlock(each, shown, "")).join("\n"),
  );
}

function exampleSection(examples: readonly ClipAnswer[], shown: readonly number[], { held }: ClipRun): Html {
  const place = ({ near }: ClipAnswer): string => {
    const at = near.findIndex((n) => n.right);
    return at < 0 ? "not among ten" : `at place ${at + 1}`;
  };
  return section(
    "never-seen",
    "Emoji that the model never saw",
    paragraph(
      text(
        `Texts of emoji that were kept out, and the nearest pictures of ${STYLE_LABELS[held]}, a style that was kept out too. The right one is framed in green.`,
      ),
    ),
    examples.map((each) => answerBlock(each, shown, place(each))).join("\n"),
  );
}

function variantSection({ runs, variants }: ClipLabResults): Html {
  const rows = [runs[0]!, ...variants].map((run) => [
    text(["name and group", ...run.extras].join(", ")),
    ...KINDS.map(([kind]) => share((run[kind] as BothWays).textToImage.recall[10]!, 3)),
  ]);
  return section(
    "captions",
    "More in the captions",
    paragraph(text("The first model again, with more told of each emoji. Recall@10, text → picture.")),
    table([{ title: "captions" }, ...KINDS.map(([, title]) => ({ title, align: right }))], rows),
  );
}

function methodSection({ runs, parameters }: ClipLabResults): Html {
  const temperature = mean(runs.map((run) => run.temperature));
  return section(
    "method",
    "How it was done",
    `<ul>
<li>Pictures go through three 3 × 3 convolutions, each with batch normalisation and halved by pooling, to 64 numbers; texts as a bag of words and of runs of three to five letters through two dense layers. ${count(parameters)} numbers are learned.</li>
<li>A batch has 128 emoji, each in a style drawn at random, shifted, turned, recoloured and partly covered. Each picture must find its text among all of the known emoji's, each text its picture in the batch: the symmetric loss of CLIP (Radford et al. 2021), with a learned temperature, ${temperature.toFixed(3)} in the end.</li>
<li>Words are left out of texts at random, so that each counts by itself.</li>
<li>The emoji kept out are a fifth of all identities: variants of gender never straddle the split.</li>
</ul>`,
  );
}
