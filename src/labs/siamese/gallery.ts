import { EMOJI_STYLES, type EmojiStyle, STYLE_LABELS } from "../emoji/styles.ts";
import { type PictureRow, type PictureSet, pictureSet } from "../report/pictureRows.ts";
import type { SiamesePictures } from "../report/siamese.ts";
import type { Ranking } from "./ranking.ts";
import { placeOf, type Shown, type Space } from "./study.ts";
import { type EmojiTask, STYLES } from "./task.ts";

const NEAR = 8;
const EXAMPLES = 8;
const MISTAKES = 6;

/** Emoji never seen with their nearest before and after training, and the worst mistakes. */
export function siamesePictures(task: EmojiTask, shown: Shown, main: Space): SiamesePictures {
  const pictures = pictureSet();
  const styles = [...shown.learned.keys()];
  const examples = Array.from({ length: EXAMPLES }, (_, i) => {
    const { unseen } = shown.split;
    const identity = unseen[Math.floor(((i + 0.5) * unseen.length) / EXAMPLES)]!;
    return rowOf(task, shown, pictures, identity, styles[i % styles.length]!, main);
  });
  const mistakes = worst(shown, styles).map(({ identity, style }) =>
    rowOf(task, shown, pictures, identity, style, main),
  );
  const { size, pixels } = task.set;
  const bytes = size * size * 3;
  const drawn = pictures.keys.map((key) => {
    const row = task.drawings[Number(key)]!;
    return pixels.slice(row * bytes, (row + 1) * bytes);
  });
  return { size, pictures: drawn, examples, mistakes };
}

/** Wrong first answers, nearest first, each emoji once. */
function worst(
  { split, learned }: Shown,
  styles: readonly EmojiStyle[],
): { identity: number; style: EmojiStyle }[] {
  const wrong = styles.flatMap((style) => {
    const { places, distances, depth } = learned.get(style)!;
    return Array.from(split.unseen).flatMap((identity) => {
      const found = Math.floor(places[identity * depth]! / STYLES);
      return found === identity ? [] : [{ identity, style, distance: distances[identity * depth]! }];
    });
  });
  wrong.sort((a, b) => a.distance - b.distance || a.identity - b.identity);
  const firsts = wrong.filter(
    ({ identity }, i) => wrong.findIndex((other) => other.identity === identity) === i,
  );
  return firsts.slice(0, MISTAKES);
}

function rowOf(
  task: EmojiTask,
  { raw, learned }: Shown,
  pictures: PictureSet,
  identity: number,
  style: EmojiStyle,
  main: Space,
): PictureRow {
  const place = placeOf(identity, EMOJI_STYLES.indexOf(style));
  const near = ({ places, distances, depth }: Ranking): PictureRow["lists"][number]["near"] =>
    Array.from({ length: NEAR }, (_, j) => {
      const found = places[identity * depth + j]!;
      return {
        picture: pictures.numberOf(String(found)),
        name: nameOf(task, found),
        distance: distances[identity * depth + j]!,
        same: Math.floor(found / STYLES) === identity,
      };
    });
  return {
    picture: pictures.numberOf(String(place)),
    name: nameOf(task, place),
    says: `${STYLE_LABELS[style]}, never seen`,
    lists: [
      { space: "Raw pixels", near: near(raw.get(style)!) },
      { space: `Learned (${main})`, near: near(learned.get(style)!) },
    ],
  };
}

const nameOf = ({ set, drawings }: EmojiTask, place: number): string =>
  set.drawings[drawings[place]!]!.name.replaceAll("-", " ");
