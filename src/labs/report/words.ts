import { machineLine } from "../machine.ts";
import { bytes, count, qps, seconds, share, times } from "../numbers.ts";
import type { WordSet, WordsLabResults } from "../words/lab.ts";
import { type Html, page, paragraph, section, table, text } from "./html.ts";

const right = "right" as const;

/** The report on words. */
export function wordsPage(results: WordsLabResults): string {
  const lead =
    `<p>Words as vectors: the nearest by cosine are the most similar in use. Two words are looked for together by adding their vectors up.</p>` +
    `<p class="quiet">${text(machineLine(results.machine))}; seed ${results.seed}${results.quick ? "; quick run" : ""}.</p>`;
  return page("Words and their neighbours", lead, results.sets.flatMap(setSections));
}

function setSections(set: WordSet): Html[] {
  const { name, title, words, dimension, similar, knobs, cold } = set;
  const near = similar.map(({ query, exact, approximate }) => [
    text(query),
    text(exact.map(({ word, similarity }) => `${word} ${similarity.toFixed(2)}`).join(", ")),
    ...approximate.map(({ overlap }) => share(overlap, 2)),
  ]);
  const columns = [
    { title: "query" },
    { title: "ten nearest by exhaustive search, with their cosine" },
    ...(similar[0]?.approximate ?? []).map(({ index }) => ({
      title: `${index} agrees`,
      align: right,
      wide: true,
    })),
  ];
  const parts = [
    section(
      name,
      title,
      paragraph(text(`${count(words)} words, ${dimension} numbers each.`)),
      table(columns, near),
      knobTable(set),
    ),
  ];
  if (cold.length > 0) {
    const rows = cold.map((one) => [text(one.index), bytes(one.fileBytes), seconds(one.seconds)]);
    parts.push(
      section(
        `${name}-cold`,
        `${title}: a cold start`,
        paragraph(
          text(
            "A fresh process opens the index from disk and answers one query: the whole time, from start to end, the best of three.",
          ),
        ),
        table(
          [{ title: "index" }, { title: "file", align: right }, { title: "start to answer", align: right }],
          rows,
        ),
      ),
    );
  }
  return knobs.length === 0 ? [] : parts;
}

function knobTable({ knobs, builds }: WordSet): Html {
  const rows = knobs.flatMap(({ index, dial, points }) =>
    points.map(({ value, overlap, qps: speed, faster }) => [
      text(index).replace(/,(?=\S)/g, ",<wbr>"),
      dial === undefined ? "exhaustive" : text(`${dial}=${value}`),
      share(overlap, 3),
      qps(speed),
      times(faster),
      seconds(builds.find((build) => build.index === index)!.seconds),
    ]),
  );
  const columns = [
    { title: "index" },
    { title: "setting" },
    { title: "overlap", align: right },
    { title: "a second", align: right },
    { title: "vs exhaustive", align: right },
    { title: "build", align: right, wide: true },
  ];
  return table(
    columns,
    rows,
    "Sums of two random words: share of the exact ten answered, and speed, one query a call",
  );
}
