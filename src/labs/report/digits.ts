import type { DigitsLabResults } from "../digits/lab.ts";
import { machineLine } from "../machine.ts";
import { count, qps, seconds, share, times } from "../numbers.ts";
import { page, paragraph, section, table, text } from "./html.ts";
import { pictureSheet, type Sheet } from "./sheet.ts";

/** The report on handwritten digits. */
export function digitsPage(results: DigitsLabResults, sheet: Sheet): string {
  const { train, test, rows } = results;
  const near = pictureSheet(sheet);
  const ks = rows[0]!.accuracy.map(({ k }) => k);
  const right = "right" as const;
  const columns = [
    { title: "index" },
    ...ks.map((k) => ({ title: `${k}-NN`, align: right })),
    { title: "a second", align: right },
    { title: "vs exact", align: right, wide: true },
    { title: "build", align: right, wide: true },
  ];
  const cells = rows.map((row) => [
    `${text(row.index).replace(/,(?=\S)/g, ",<wbr>")}<br><small>${text(settings(row.params))}</small>`,
    ...row.accuracy.map(({ accuracy }) => share(accuracy, 4)),
    qps(row.qps),
    times(row.qps / rows[0]!.qps),
    seconds(row.buildSeconds),
  ]);
  const lead =
    `<p>${count(test)} handwritten digits, each given the label that most of its nearest among ${count(train)} others have, by pixels alone.</p>` +
    `<p class="quiet">${text(machineLine(results.machine))}; seed ${results.seed}${results.quick ? "; quick run" : ""}.</p>`;
  const sections = [
    section(
      "accuracy",
      "How often the nearest tell the digit",
      table(columns, cells, "share of test digits told rightly; lowest label among equals"),
      paragraph(
        text(
          "No training beyond storing the digits: this is the classic proof that neighbours alone classify well, and the mark a learned model has to beat. Approximate indexes are tuned to find 95 % of the ten nearest.",
        ),
      ),
    ),
    section(
      "neighbours",
      "One of each digit, with its ten nearest",
      paragraph(
        text(
          "Under each picture stand its label, its number in the set and its distance (L2 over grey values from 0 to 255).",
        ),
      ),
      near.html,
    ),
  ];
  return page("Digits by their pixels", lead, sections, near.style);
}

function settings(params: Readonly<Record<string, number>>): string {
  return Object.entries(params)
    .map(([name, value]) => `${name}=${value}`)
    .join(", ");
}
