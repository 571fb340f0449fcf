import { formatTable, type TableColumn } from "../evaluate/index.ts";
import type { EmojiFindings } from "./emoji/findings.ts";
import { bytes, count, qps, seconds, share } from "./numbers.ts";
import { scopeLabel } from "./report/emoji.ts";
import { settingOf } from "./report/studies.ts";
import type { StartLearned } from "./start.ts";
import { type Study, verdict } from "./study.ts";

type Log = (line: string) => void;

/** A heading and a blank line before it. */
export function heading(log: Log, title: string): void {
  log("");
  log(title);
}

/** A table, a little to the right. */
export function printTable(
  log: Log,
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
): void {
  for (const line of formatTable(columns, rows).split("\n")) log(`  ${line}`);
}

/** The nearest few of each emoji shown, one line each. */
export function printNeighbours(log: Log, { neighbours }: EmojiFindings): void {
  const rows = neighbours.rows.map(({ name, kind, exact }) => [
    `${name} (${kind})`,
    namesWithin(exact, 52),
    `${exact.filter((n) => n.shared).length} of ${exact.length}`,
  ]);
  const columns = [{ title: "emoji" }, { title: "nearest by exact search" }, { title: "approximate found" }];
  printTable(log, columns, rows);
}

/** What learning gained over pixels. */
export function printLearned(log: Log, learned: StartLearned): void {
  const { raw, learned: gained, emoji, queries, trainSeconds, kept } = learned;
  log(
    `  nearest is the same emoji: ${share(raw, 3)} by raw pixels, ${share(gained, 3)} by 96 learned numbers ` +
      `(${count(queries)} drawings of ${count(emoji)} emoji)`,
  );
  log(`  ${kept ? "trained in an earlier run, which took" : "trained in"} ${seconds(trainSeconds)}`);
}

/** As many different names as fit, nearest first. */
function namesWithin(near: readonly { name: string }[], width: number): string {
  let line = "";
  for (const name of new Set(near.map((n) => n.name))) {
    const longer = line === "" ? name : `${line}, ${name}`;
    if (longer.length > width && line !== "") break;
    line = longer;
  }
  return line;
}

export function printAccuracy(log: Log, { accuracy }: EmojiFindings): void {
  const rows = accuracy.map((a) => [
    scopeLabel(a.scope),
    count(a.queries),
    share(a.accuracy, 3),
    share(a.majority, 3),
  ]);
  const right = "right" as const;
  const columns = [
    { title: "drawings of" },
    { title: "classified", align: right },
    { title: "5-NN accuracy", align: right },
    { title: "largest group", align: right },
  ];
  printTable(log, columns, rows);
}

export function printStudy(log: Log, { rows, k }: Study): void {
  const right = "right" as const;
  const columns = [
    { title: "index" },
    { title: "setting" },
    { title: `recall@${k}`, align: right },
    { title: "QPS", align: right },
    { title: "build", align: right },
    { title: "memory", align: right },
  ];
  const cells = rows.map((row) => [
    row.index,
    settingOf(row),
    share(row.chosen.recall, 3),
    qps(row.chosen.qps),
    seconds(row.buildSeconds),
    bytes(row.bytes),
  ]);
  printTable(log, columns, cells);
}

/** The verdict that the report gives on a study, folded to the width of a terminal. */
export function printVerdict(log: Log, study: Study): void {
  for (const line of fold(verdict(study).join(" "), 96)) log(`  ${line}`);
}

function fold(text: string, width: number): string[] {
  const lines: string[] = [""];
  for (const word of text.split(" ")) {
    const last = lines.at(-1)!;
    if (last !== "" && last.length + word.length >= width) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines;
}
