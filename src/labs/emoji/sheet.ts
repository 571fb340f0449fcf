import type { Matrix } from "../../core/index.ts";
import type { Index } from "../../indexes/contract.ts";
import { neighbourRows } from "../neighbourRows.ts";
import type { Sheet } from "../report/sheet.ts";
import type { EmojiSet } from "./dataset.ts";
import { createRenderer } from "./renderer.ts";
import { type EmojiStyle, openDrawings, openStyle, STYLE_LABELS, type StyleDrawings } from "./styles.ts";

/** Whose neighbours are shown: one emoji of each kind, in turn from each style. */
const SHOWN: readonly { code: string; style: EmojiStyle }[] = [
  { code: "1f34e", style: "twemoji" }, // red apple
  { code: "1f436", style: "noto" }, // dog face
  { code: "1f600", style: "fluent-emoji-flat" }, // grinning face
  { code: "1f1eb-1f1f7", style: "twemoji" }, // flag of France
  { code: "26bd", style: "emojione" }, // soccer ball
  { code: "1f33b", style: "openmoji" }, // sunflower
  { code: "1f468-200d-1f373", style: "twemoji" }, // man cook
  { code: "1f550", style: "noto" }, // one o'clock
];

/** Pixels of a picture in the report. */
const PICTURE = 64;

/**
 * The ten nearest drawings of a few emoji, by exact and by approximate search over the same vectors.
 *
 * @param approximate holds `vectors`, as `exact` does, under their row numbers
 */
export async function neighbourSheet(
  set: EmojiSet,
  vectors: Matrix<Float32Array>,
  exact: Index<number>,
  approximate: Index<number>,
  efSearch: number,
): Promise<Sheet> {
  const shown = SHOWN.map(({ code, style }) =>
    set.drawings.findIndex((drawing) => drawing.code === code && drawing.style === style),
  ).filter((self) => self >= 0);
  const { rows, pictures } = neighbourRows(vectors, exact, approximate, { efSearch }, shown, (i) => {
    const { name, style } = set.drawings[i]!;
    return { name, kind: STYLE_LABELS[style] };
  });
  return {
    size: PICTURE,
    pictures: await largePictures(set, pictures),
    rows,
    index: `${approximate.spec}, efSearch=${efSearch}`,
  };
}

/** Drawn again from their sources, large enough to look at. */
async function largePictures(set: EmojiSet, drawings: readonly number[]): Promise<Uint8Array[]> {
  const renderer = await createRenderer();
  const sources = new Map<EmojiStyle, StyleDrawings>();
  const out: Uint8Array[] = [];
  for (const i of drawings) {
    const { style, name } = set.drawings[i]!;
    const source = sources.get(style) ?? openDrawings(openStyle(style));
    sources.set(style, source);
    const picture = await renderer.draw(source.svg(name, PICTURE), PICTURE);
    out.push(picture instanceof Uint8Array ? picture : new Uint8Array(PICTURE * PICTURE * 3).fill(255));
  }
  return out;
}
