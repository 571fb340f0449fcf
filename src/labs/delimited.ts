/** Lines of fields; with commas, quotes may hold commas, doubled quotes and line ends (RFC 4180). */
export function delimited(text: string, separator: "\t" | ","): string[][] {
  if (separator === "\t" || !text.includes('"')) {
    return text
      .split(/\r?\n/)
      .filter((line) => line !== "")
      .map((line) => line.split(separator));
  }
  const rows: string[][] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r?\n|$)/y;
  let row: string[] = [];
  while (field.lastIndex < text.length) {
    const found = field.exec(text);
    if (found === null) break;
    row.push(found[1]?.replaceAll('""', '"') ?? found[2]!);
    if (found[3] !== ",") {
      if (row.length > 1 || row[0] !== "") rows.push(row);
      row = [];
    }
  }
  // A text may end with an empty field.
  if (row.length > 0) rows.push([...row, ""]);
  return rows;
}
