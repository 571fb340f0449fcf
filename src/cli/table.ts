import { formatTable, type TableColumn } from "../evaluate/index.ts";
import { bold, terminalWidth, useColor, writeLine } from "./output.ts";

/** Writes a table as wide as the terminal, its titles bold where that can be shown. */
export function writeTable(columns: readonly TableColumn[], rows: readonly (readonly string[])[]): void {
  writeLine(formatTable(columns, rows, { width: terminalWidth(), emphasize: useColor() ? bold : undefined }));
}
