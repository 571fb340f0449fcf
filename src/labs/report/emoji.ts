import type { EmojiFindings, GroupAccuracy } from "../emoji/findings.ts";
import type { Retrieval } from "../emoji/retrieve.ts";
import { STYLE_LABELS, type StyleCredit } from "../emoji/styles.ts";
import { count, seconds, share } from "../numbers.ts";
import type { Accuracy } from "../vote.ts";
import { type Html, paragraph, section, table, text } from "./html.ts";
import { pictureSheet, type Sheet } from "./sheet.ts";

/** The ten nearest drawings of a few emoji, as pictures. */
export function neighbourSection(findings: EmojiFindings, sheet: Sheet): { html: Html; style: string } {
  const { html, style } = pictureSheet(sheet);
  const intro =
    `Each drawing is compared with all ${count(findings.drawings)} by its pixels alone, averaged to ` +
    `16 × 16 in colour: ${findings.dimension} numbers. Under each picture stand its style and its distance (L2 over values from 0 to 255). ` +
    `Approximate search is shown at its narrowest setting here, so that it has something to miss; the table below has the settings that reach high recall.`;
  return { html: section("neighbours", "Ten nearest neighbours", paragraph(text(intro)), html), style };
}

/** How well neighbours tell an emoji's group. */
export function accuracySection({ accuracy, skipped, loadSeconds, rendered }: EmojiFindings): Html {
  const rows = accuracy.map((a) => [
    text(scopeLabel(a.scope)),
    count(a.queries),
    share(a.accuracy, 3),
    share(a.majority, 3),
  ]);
  const first = accuracy[0];
  const names = skipped.map(({ style, name }) => `${style}:${name}`).join(", ");
  const made =
    rendered > 0
      ? `${count(rendered)} drawings were rendered in ${seconds(loadSeconds)}.`
      : `All came from the cache in ${seconds(loadSeconds)}.`;
  const left = skipped.length === 0 ? "" : ` The renderer cannot draw ${names}; left out.`;
  return section(
    "groups",
    "Do neighbours share a group?",
    paragraph(
      text(
        "Each drawing is given the commonest group of its five nearest, where variants of the same emoji (gender, family, other styles) may not vote. Guessing the largest group always would reach the last column.",
      ),
    ),
    table(
      [
        { title: "drawings of" },
        { title: "classified", align: "right" },
        { title: "5-NN accuracy", align: "right" },
        { title: "largest group", align: "right" },
      ],
      rows,
      "Exact search, all drawings of the same scope as candidates",
    ),
    first === undefined ? "" : groupTable(first, scopeLabel(first.scope)),
    paragraph(`<small>${text(made + left)}</small>`),
  );
}

/** "twemoji" → "Twemoji"; "all styles" stays. */
export function scopeLabel(scope: GroupAccuracy["scope"]): string {
  return scope === "all styles" ? scope : STYLE_LABELS[scope];
}

function groupTable({ labels }: Accuracy, scope: string): Html {
  const rows = labels.map(({ label, queries, correct }) => {
    const part = queries === 0 ? 0 : correct / queries;
    const meter = `<span class="track"><span class="meter" style="width:${(part * 100).toFixed(1)}%"></span></span>`;
    return [text(label), count(queries), share(part, 2), meter];
  });
  return table(
    [
      { title: "group" },
      { title: "drawings", align: "right" },
      { title: "right", align: "right" },
      { title: "" },
    ],
    rows,
    `By group, ${scope}`,
  );
}

/** How often the nearest drawing of another style is the same emoji. */
export function retrievalSection(rows: readonly Retrieval[]): Html {
  const first = rows[0];
  return section(
    "across",
    "The same emoji in another style",
    paragraph(
      text(
        `Each drawing looks for its nearest among the other styles, by raw pixels. Only the ${count(first?.queries ?? 0)} emoji that every style has under the same name take part. What pixels miss is what a learned embedding can gain.`,
      ),
    ),
    table(
      [
        { title: "queries from" },
        { title: "queries", align: "right" },
        { title: "candidates", align: "right" },
        { title: "recall@1", align: "right" },
      ],
      rows.map((r) => [
        text(STYLE_LABELS[r.style]),
        count(r.queries),
        count(r.gallery),
        share(r.recallAt1, 3),
      ]),
    ),
  );
}

/** Whose drawings are shown, and under which licence. */
export function creditSection(credits: readonly StyleCredit[]): Html {
  const link = (url: string, label: string): Html =>
    /^https:\/\//.test(url) ? `<a href="${text(url)}" rel="noreferrer">${text(label)}</a>` : text(label);
  const items = credits.map(
    (c) =>
      `<li>${link(c.home, c.title)} by ${text(c.author)}, ${link(c.licenceUrl, c.licence)} <span class="quiet">(${text(c.source)})</span></li>`,
  );
  return section(
    "credits",
    "Drawings and licences",
    paragraph("The emoji are shown as drawn, scaled down and placed on white."),
    `<ul>${items.join("")}</ul>`,
  );
}
