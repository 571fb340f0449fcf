import { runAsync } from "../../core/index.ts";
import { beginLab } from "../begin.ts";
import { machine, machineLine } from "../machine.ts";
import { count, seconds } from "../numbers.ts";
import type { LabOptions, LabResult } from "../options.ts";
import { heading, printAccuracy, printNeighbours } from "../print.ts";
import { accuracySection, creditSection, neighbourSection, retrievalSection } from "../report/emoji.ts";
import { page, text } from "../report/html.ts";
import { writeReport } from "../report/write.ts";
import { type EmojiSet, loadEmoji } from "./dataset.ts";
import { type EmojiFindings, emojiFindings } from "./findings.ts";
import { type Retrieval, retrieveAcrossStyles } from "./retrieve.ts";
import { EMOJI_STYLES, STYLE_LABELS } from "./styles.ts";
import { pixelVectors } from "./vectors.ts";

export interface EmojiLabResults {
  readonly lab: "emoji";
  readonly machine: ReturnType<typeof machine>;
  readonly seed: number;
  readonly quick: boolean;
  readonly emoji: EmojiFindings;
  readonly acrossStyles: readonly Retrieval[];
  readonly credits: EmojiSet["credits"];
}

/**
 * What pixels know about emoji: neighbours, groups by style, and the same emoji across styles.
 *
 * @throws VicinalError DEPENDENCY_MISSING, FILE, OPTION_RANGE, OPTION_UNKNOWN
 */
export async function runEmojiLab(given: LabOptions = {}): Promise<LabResult<EmojiLabResults>> {
  const options = await beginLab(given);
  const { signal, onProgress, seed, quick, log } = options;
  const start = performance.now();
  const set = await loadEmoji({ signal, onProgress, cacheDir: options.cacheDir });
  const loadSeconds = (performance.now() - start) / 1000;
  log(describeSet(set, loadSeconds));

  const { findings, sheet } = await emojiFindings(set, pixelVectors(set), {
    seed,
    scopes: quick ? ["twemoji"] : EMOJI_STYLES,
    sample: quick ? 500 : 2000,
    loadSeconds,
    signal,
    onProgress,
  });
  heading(log, "Nearest drawings");
  printNeighbours(log, findings);
  heading(log, "Groups told by the five nearest");
  printAccuracy(log, findings);

  const acrossStyles = await runAsync(retrieveAcrossStyles(set, { side: quick ? 8 : set.size }), {
    signal,
    onProgress,
  });
  heading(log, "The same emoji among the other styles, by raw pixels");
  for (const { style, recallAt1, queries, gallery } of acrossStyles) {
    log(
      `  ${STYLE_LABELS[style].padEnd(10)} recall@1 ${recallAt1.toFixed(3)}  (${count(queries)} among ${count(gallery)})`,
    );
  }

  const here = machine();
  const near = neighbourSection(findings, sheet);
  const lead = `<p>${text(describeSet(set, loadSeconds))}</p><p class="quiet">${text(machineLine(here))}; seed ${seed}${quick ? "; quick run" : ""}.</p>`;
  const html = page(
    "Emoji by their pixels",
    lead,
    [near.html, accuracySection(findings), retrievalSection(acrossStyles), creditSection(set.credits)],
    near.style,
  );
  return writeReport(options.out, html, {
    lab: "emoji",
    machine: here,
    seed,
    quick,
    emoji: findings,
    acrossStyles,
    credits: set.credits,
  });
}

/** One line on what was loaded. */
export function describeSet(set: EmojiSet, loadSeconds: number): string {
  const how = set.rendered > 0 ? `${count(set.rendered)} rendered` : "from the cache";
  return `Emoji: ${count(set.drawings.length)} drawings in ${set.credits.length} styles, ${how} in ${seconds(loadSeconds)}.`;
}
