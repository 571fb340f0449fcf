import { type Html, text } from "./html.ts";
import { picture } from "./sheet.ts";

/** A picture beside another one. */
export interface PictureNear {
  /** Which picture of the page's set. */
  readonly picture: number;
  /** What it is, such as its class. */
  readonly name: string;
  /** Distance, in the metric's own units. */
  readonly distance: number;
  /** Of the same kind as the picture asked for; others are marked. */
  readonly same: boolean;
}

/** A picture with its nearest in several spaces. */
export interface PictureRow {
  readonly picture: number;
  readonly name: string;
  /** A line below the name. */
  readonly says: string;
  /** One list for each space, nearest first. */
  readonly lists: readonly { readonly space: string; readonly near: readonly PictureNear[] }[];
}

/** Pictures each with its nearest in several spaces, one below the other; the style is `pictureStyle`. */
export function pictureRows(rows: readonly PictureRow[]): Html {
  return rows.map(block).join("\n");
}

function block({ picture: own, name, says, lists }: PictureRow): Html {
  const near = lists.map((each) => {
    const right = each.near.filter(({ same }) => same).length;
    return `<div><p class="kind">${text(each.space)}: ${right} of ${each.near.length} of its class</p>${list(each.near)}</div>`;
  });
  return `<div class="query"><div class="who">${picture(own, "l", name)}<h3>${text(name)}<br><small>${text(says)}</small></h3></div>
${near.join("\n")}</div>`;
}

function list(near: readonly PictureNear[]): Html {
  const tiles = near.map(({ picture: own, name, distance, same }) => {
    const far = distance < 10 ? distance.toFixed(3) : String(Math.round(distance));
    return `<li${same ? "" : ' class="off"'}>${picture(own, "s", name)}<span>${text(name)}</span><span class="d">${far}</span></li>`;
  });
  return `<ol class="near">${tiles.join("")}</ol>`;
}

/** Pictures that a page needs, each once, numbered in the order in which they are asked for. */
export interface PictureSet {
  /** Number of a picture by its own name. */
  numberOf(key: string): number;
  /** Names, in the order of the numbers. */
  readonly keys: readonly string[];
}

export function pictureSet(): PictureSet {
  const keys: string[] = [];
  const numbers = new Map<string, number>();
  return {
    keys,
    numberOf(key) {
      const known = numbers.get(key);
      if (known !== undefined) return known;
      numbers.set(key, keys.length);
      return keys.push(key) - 1;
    },
  };
}
