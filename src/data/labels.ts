import type { RunOptions } from "../core/index.ts";
import { ByteCursor } from "./cursor.ts";
import { formatOfName } from "./detect.ts";
import { recordBatches } from "./formats/records.ts";
import { badFormat, type DataLimits, resolveLimits } from "./limits.ts";
import { lineBatches } from "./lines.ts";
import { jsonToKey, textToKey } from "./metadata.ts";
import { readVectorFile } from "./open.ts";
import { gunzipSource, looksGzipped, type SourceInput, toByteSource } from "./source.ts";
import type { DataKey } from "./table.ts";

export interface LabelOptions extends RunOptions {
  name?: string;
  limits?: Partial<DataLimits>;
}

/**
 * One key or label a row: an IDX file of one axis, an .npy of one axis (or one column), .ivecs or .ibin
 * of one column, .jsonl of text and whole numbers, .csv (first column, header if it is not a number and
 * the rest are), or plain text, one a line.
 *
 * @throws FILE, FORMAT, LIMIT
 */
export async function readLabels(input: SourceInput, options: LabelOptions = {}): Promise<DataKey[]> {
  const limits = resolveLimits(options.limits);
  const name = options.name ?? (typeof input === "string" ? input : "labels");
  const format = formatOfName(name);
  if (format === "csv" || format === "jsonl" || format === "text" || format === undefined) {
    return readTextLabels(input, name, limits, format);
  }
  const table = await readVectorFile(input, { ...options, name });
  const { data, rows, cols } = table.data;
  if (cols !== 1 && rows !== 1) throw badFormat(name, "one label a row", `${cols} columns`);
  return Array.from(data, (value) => {
    if (!Number.isSafeInteger(value)) throw badFormat(name, "whole-number labels", value);
    return value;
  });
}

async function readTextLabels(
  input: SourceInput,
  name: string,
  limits: DataLimits,
  format: "csv" | "jsonl" | "text" | undefined,
): Promise<DataKey[]> {
  const raw = await toByteSource(input, { name, limits });
  try {
    const head = await raw.read(0, 3);
    const source = looksGzipped(head) ? gunzipSource(raw, limits) : raw;
    const cursor = new ByteCursor(source);
    const labels: DataKey[] = [];
    if (format === "csv") {
      const delimiter = /\.tsv(\.gz)?$/i.test(name) ? 9 : 44;
      for await (const batch of recordBatches(cursor, delimiter, limits)) {
        for (const record of batch) labels.push(textToKey(record[0]!));
      }
      const [first, ...rest] = labels;
      const isHeader =
        typeof first === "string" && rest.length > 0 && rest.every((v) => typeof v === "number");
      return isHeader ? rest : labels;
    }
    const utf8 = new TextDecoder("utf-8");
    for await (const batch of lineBatches(cursor, limits)) {
      for (const line of batch) {
        const text = utf8.decode(line.bytes.subarray(line.start, line.end));
        if (format !== "jsonl") labels.push(textToKey(text));
        else if (text.trim() !== "")
          labels.push(jsonToKey(parse(text, `${name}: line ${line.number}`), name));
      }
    }
    return labels;
  } finally {
    await raw.close();
  }
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badFormat(what, "text or a whole number as JSON", text.slice(0, 40));
  }
}
