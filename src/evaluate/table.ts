export interface TableColumn {
  readonly title: string;
  /** Numbers stand right, so that their digits line up. Default left. */
  readonly align?: "left" | "right";
}

export interface TableOptions {
  /** Terminal columns at hand; default no limit. A table too wide becomes one block of lines a row. */
  width?: number;
  /** How titles are set off, such as bold; default plain. */
  emphasize?: (text: string) => string;
}

const GAP = "  ";

/** Rows of cells as aligned lines of plain text, without a trailing newline. */
export function formatTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  options: TableOptions = {},
): string {
  const emphasize = options.emphasize ?? ((text: string) => text);
  const widths = columns.map((c, i) => {
    let most = displayWidth(c.title);
    for (const row of rows) most = Math.max(most, displayWidth(row[i] ?? ""));
    return most;
  });
  const total = widths.reduce((a, b) => a + b, 0) + GAP.length * (columns.length - 1);
  if (total > (options.width ?? Number.POSITIVE_INFINITY)) return formatRecords(columns, rows, emphasize);

  const line = (cells: readonly string[]): string =>
    columns
      .map((c, i) => pad(cells[i] ?? "", widths[i]!, c.align ?? "left"))
      .join(GAP)
      .trimEnd();
  const head = line(columns.map((c) => c.title));
  const rule = widths.map((w) => "\u2500".repeat(w)).join(GAP);
  return [emphasize(head), rule, ...rows.map(line)].join("\n");
}

function formatRecords(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  emphasize: (text: string) => string,
): string {
  const name = Math.max(...columns.map((c) => displayWidth(c.title)));
  return rows
    .map((row) =>
      columns.map((c, i) => `${emphasize(pad(c.title, name, "left"))}${GAP}${row[i] ?? ""}`).join("\n"),
    )
    .join("\n\n");
}

function pad(text: string, width: number, align: "left" | "right"): string {
  const room = " ".repeat(Math.max(0, width - displayWidth(text)));
  return align === "left" ? text + room : room + text;
}

/** Terminal columns of a text: wide scripts and emoji take two, combining marks none. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const c of text) {
    if (/[\p{Mn}\p{Me}\p{Cf}]/u.test(c)) continue;
    width += WIDE.test(c) ? 2 : 1;
  }
  return width;
}

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
