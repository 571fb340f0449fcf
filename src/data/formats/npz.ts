import { VicinalError } from "../../core/index.ts";
import { ByteCursor } from "../cursor.ts";
import { badFormat } from "../limits.ts";
import type { ByteSource } from "../source.ts";
import type { FormatContext, OpenedFormat } from "../table.ts";
import { openNpy } from "./npy.ts";
import { readZipDirectory, zipEntrySource } from "./zip.ts";

/** Names taken without asking when an archive has several arrays. */
const USUAL = ["vectors", "embeddings", "data", "train", "base", "x", "X", "arr_0"];

/** One array of an archive written by numpy.savez or savez_compressed. */
export async function openNpz(
  source: ByteSource,
  context: FormatContext,
  wanted: string | undefined,
): Promise<{ opened: OpenedFormat; cursor: ByteCursor }> {
  const entries = (await readZipDirectory(source)).filter((entry) => entry.name.endsWith(".npy"));
  const names = entries.map((entry) => entry.name.slice(0, -4));
  if (names.length === 0) throw badFormat(source.name, "an archive of .npy arrays", "none");
  const name = wanted ?? (names.length === 1 ? names[0] : USUAL.find((usual) => names.includes(usual)));
  const entry = entries.find((candidate) => candidate.name === `${name}.npy`);
  if (entry === undefined) {
    throw new VicinalError("BAD_INPUT", {
      what: `array of ${source.name}`,
      got: wanted === undefined ? "not named" : JSON.stringify(wanted),
      rule: `one of ${names.slice(0, 20).join(", ")} (write file.npz#name)`,
    });
  }
  const cursor = new ByteCursor(zipEntrySource(source, entry, context.limits));
  const opened = await openNpy(cursor, context);
  return { opened: { ...opened, format: "npz" }, cursor };
}
