import { type Matrix, row } from "../../core/index.ts";
import type { Index, SearchParams } from "../../indexes/contract.ts";
import type { Neighbour, Sheet, SheetRow } from "../report/sheet.ts";
import type { EmojiSet } from "./dataset.ts";
import { createRenderer } from "./renderer.ts";
import { type EmojiStyle, openDrawings, openStyle, type StyleDrawings } from "./styles.ts";

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
const K = 10;
/** Distances this close, relatively, count as equal. */
const TIE = 1e-6;

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
  const pictures: number[] = [];
  const pictureOf = (drawing: number): number => {
    const at = pictures.indexOf(drawing);
    return at >= 0 ? at : pictures.push(drawing) - 1;
  };
  const rows: SheetRow[] = [];
  for (const { code, style } of SHOWN) {
    const self = set.drawings.findIndex((drawing) => drawing.code === code && drawing.style === style);
    if (self < 0) continue;
    const query = row(vectors, self);
    const truth = nearest(exact, query, self);
    const found = nearest(approximate, query, self, { efSearch });
    const list = (near: readonly Found[], agrees: (n: Found) => boolean): Neighbour[] =>
      near.map((n) => {
        const { name, style } = set.drawings[n.id]!;
        return { picture: pictureOf(n.id), name, style, distance: n.distance, shared: agrees(n) };
      });
    const has = (list: readonly Found[], { id }: Found): boolean => list.some((other) => other.id === id);
    // Where distances are equal either drawing is right: several places share one flag.
    const worstTrue = truth.at(-1)!.distance * (1 + TIE);
    const worstFound = found.at(-1)!.distance * (1 - TIE);
    const { name } = set.drawings[self]!;
    rows.push({
      picture: pictureOf(self),
      name,
      style,
      exact: list(truth, (n) => has(found, n) || n.distance >= worstFound),
      approximate: list(found, (n) => has(truth, n) || n.distance <= worstTrue),
    });
  }
  return {
    size: PICTURE,
    pictures: await largePictures(set, pictures),
    rows,
    index: `${approximate.spec}, efSearch=${efSearch}`,
  };
}

interface Found {
  readonly id: number;
  readonly distance: number;
}

function nearest(
  index: Index<number>,
  query: Float32Array,
  self: number,
  params: SearchParams = {},
): Found[] {
  const found = index.search(query, { k: K + 1, ...params }).items();
  return found
    .map(({ key, distance }) => ({ id: key, distance }))
    .filter(({ id }) => id !== self)
    .slice(0, K);
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
