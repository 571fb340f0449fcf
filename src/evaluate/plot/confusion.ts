import type { ConfusionMatrix } from "../retrieval/classification.ts";
import { frame, headHeight, shorten, text, textWidth } from "./frame.ts";
import { escapeXml, tag } from "./svg.ts";

// plotConfusion(confusionMatrix(truth, told), { title, subtitle?, names? }): SVG. Rows are true classes.

export interface ConfusionOptions {
  title: string;
  subtitle?: string;
  width?: number;
  /** What to call the classes, in their order; default their labels. */
  names?: readonly string[];
}

/** Classes from which on cells are too small for numbers. */
const CROWDED = 25;
const LETTERS = 18;

/**
 * A confusion matrix as an SVG document that follows the reader's light or dark scheme: colours are shares of a row,
 * blue where told rightly and orange where not; numbers are counts, and the last column says how many of a class were
 * told rightly.
 */
export function plotConfusion({ labels, counts }: ConfusionMatrix, options: ConfusionOptions): string {
  const { title, subtitle = "", width = 860, names = labels.map(String) } = options;
  const shown = names.map((name) => shorten(name, LETTERS));
  const widest = Math.max(30, ...shown.map(textWidth));
  const left = 60 + widest;
  const top = headHeight(subtitle) + 24 + widest * 0.72;
  const cell = Math.min(64, (width - left - 90) / Math.max(1, labels.length));
  const height = top + cell * labels.length + 24;
  const right = left + cell * labels.length;
  const parts: string[] = [
    text("told", left + (cell * labels.length) / 2, top - widest * 0.72 - 10, {
      class: "soft",
      "text-anchor": "middle",
    }),
    text("true class", 0, 0, {
      class: "soft",
      "text-anchor": "middle",
      transform: `translate(24 ${top + (cell * labels.length) / 2}) rotate(-90)`,
    }),
    text("right", right + 10, top - 10, { class: "soft" }),
  ];
  const small = Math.min(15, Math.max(8, cell * 0.36));
  for (const [i, row] of counts.entries()) {
    const sum = row.reduce((a, b) => a + b, 0);
    const y = top + i * cell;
    const named = Math.min(15, Math.max(9, cell * 0.8));
    parts.push(
      text(shown[i]!, left - 10, y + cell / 2 + 5, {
        class: "ink",
        "text-anchor": "end",
        "font-size": named,
      }),
      text(shown[i]!, 0, 0, {
        class: "ink",
        "font-size": named,
        transform: `translate(${left + (i + 0.5) * cell + 4} ${top - 8}) rotate(-45)`,
      }),
      text(sum === 0 ? "" : `${((100 * row[i]!) / sum).toFixed(1)} %`, right + 10, y + cell / 2 + 5, {
        class: "soft",
        "font-size": named,
      }),
    );
    for (const [j, count] of row.entries()) {
      const share = sum === 0 ? 0 : count / sum;
      const says = tag("title", {}, escapeXml(`${names[i]} told to be ${names[j]}: ${count} of ${sum}`));
      const place = { x: left + j * cell + 0.5, y: y + 0.5, width: cell - 1, height: cell - 1, rx: 3 };
      // Small shares of errors are what one looks for: the root makes them visible.
      const shade = count === 0 ? 0.04 : i === j ? 0.08 + 0.5 * share : 0.06 + 0.7 * Math.sqrt(share);
      const tone = count === 0 ? "ink" : i === j ? "f0" : "f1";
      parts.push(tag("rect", { ...place, class: tone, opacity: Number(shade.toFixed(3)) }, says));
      if (count > 0 && labels.length < CROWDED) {
        const at = { class: "ink", "text-anchor": "middle", "font-size": small };
        parts.push(text(String(count), left + (j + 0.5) * cell, y + cell / 2 + small * 0.36, at));
      }
    }
  }
  return frame(
    { title, subtitle, width, height, label: `${title}: confusion matrix of ${labels.length} classes` },
    ...parts,
  );
}
