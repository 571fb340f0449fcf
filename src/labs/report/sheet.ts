import { type Html, text } from "./html.ts";
import { pngUri } from "./png.ts";

/** One picture beside a query: what it is, how far, and whether both searches agree on it. */
export interface Neighbour {
  /** Which picture of the sheet. */
  readonly picture: number;
  readonly name: string;
  /** What it is of: a style, a label. */
  readonly kind: string;
  /** Distance in the metric's own units. */
  readonly distance: number;
  /** In the other search's answer too. */
  readonly shared: boolean;
}

export interface SheetRow {
  readonly picture: number;
  readonly name: string;
  /** What it is of: a style, a label. */
  readonly kind: string;
  readonly exact: readonly Neighbour[];
  readonly approximate: readonly Neighbour[];
}

export interface Sheet {
  /** Width and height of each picture, in pixels. */
  readonly size: number;
  /** RGB pictures, size × size × 3 each. */
  readonly pictures: readonly Uint8Array[];
  readonly rows: readonly SheetRow[];
  /** What the approximate index is called. */
  readonly index: string;
}

const COLUMNS = 12;
/** Pixels on the page, of a neighbour and of a query. */
const SMALL = 48;
const LARGE = 64;

/** Neighbours as pictures: exact above, approximate below, disagreements marked. */
export function pictureSheet(sheet: Sheet): { html: Html; style: string } {
  const html = sheet.rows.map((row) => queryBlock(row, sheet)).join("\n");
  return { html, style: pictureStyle(sheet) };
}

/** Rules for blocks of pictures; a page has one set of pictures. */
export function pictureStyle({ pictures, size }: Pick<Sheet, "pictures" | "size">): string {
  const lines = Math.max(1, Math.ceil(pictures.length / COLUMNS));
  const uri = pngUri(mosaic(pictures, size, lines), COLUMNS * size, lines * size);
  return `
.pic{display:block;background-image:url(${uri});background-repeat:no-repeat;border-radius:8px;box-shadow:0 0 0 1px var(--line)}
.pic.s{width:${SMALL}px;height:${SMALL}px;background-size:${COLUMNS * SMALL}px auto}
.pic.l{width:${LARGE}px;height:${LARGE}px;background-size:${COLUMNS * LARGE}px auto}
.query{display:grid;grid-template-columns:132px 1fr;gap:4px 20px;padding:16px 0;border-bottom:1px solid var(--line)}
.query:last-of-type{border-bottom:0}
.who{grid-row:span 2}.who small{font-weight:400}.who h3{margin-top:6px;line-height:1.25;overflow-wrap:anywhere}
.kind{margin:0 0 4px;font-size:13px;color:var(--quiet)}
.near{list-style:none;margin:0 0 8px;padding:0;display:grid;grid-template-columns:repeat(10,minmax(0,1fr));gap:8px}
.near li{font-size:12px;line-height:1.25;min-width:0}
.near span{display:block;overflow-wrap:anywhere}.near .pic{margin-bottom:5px}.near .d{color:var(--quiet);font-variant-numeric:tabular-nums}
.near .off .pic{box-shadow:0 0 0 3px var(--miss)}.near .tag{color:var(--miss);font-weight:600}
@media (max-width:900px){.near{grid-template-columns:repeat(5,minmax(0,1fr))}}
@media (max-width:600px){.query{grid-template-columns:1fr}.who{grid-row:auto;display:flex;gap:12px;align-items:center}.near{gap:8px 6px}.near li{font-size:11px}}
`;
}

function queryBlock(row: SheetRow, { index }: Sheet): Html {
  const missed = row.exact.filter((n) => !n.shared).length;
  const approximate = missed === 0 ? "" : list(row.approximate, "instead");
  const verdict =
    missed === 0 ? `the same ${row.exact.length}` : `${missed} of ${row.exact.length} missed, marked red`;
  return `<div class="query"><div class="who">${picture(row.picture, "l", words(row.name))}<h3>${text(words(row.name))}<br><small>${text(row.kind)}</small></h3></div>
<div><p class="kind">Exact</p>${list(row.exact, "missed")}</div>
<div><p class="kind"><code>${text(index)}</code>: ${text(verdict)}</p>${approximate}</div></div>`;
}

function list(near: readonly Neighbour[], tag: string): Html {
  const tiles = near.map((n) => {
    const mark = n.shared ? "" : `<span class="tag">${tag}</span>`;
    const what = `<span>${text(words(n.name))}</span><span class="d">${text(n.kind)}</span><span class="d">${Math.round(n.distance)}</span>`;
    return `<li${n.shared ? "" : ' class="off"'}>${picture(n.picture, "s", `${words(n.name)}, ${n.kind}`)}${what}${mark}</li>`;
  });
  return `<ol class="near">${tiles.join("")}</ol>`;
}

/** One picture of the page's set. */
export function picture(i: number, size: "s" | "l", label: string): Html {
  const side = size === "s" ? SMALL : LARGE;
  const x = (i % COLUMNS) * side;
  const y = Math.floor(i / COLUMNS) * side;
  return `<span class="pic ${size}" role="img" aria-label="${text(label)}" style="background-position:-${x}px -${y}px"></span>`;
}

const words = (name: string): string => name.replaceAll("-", " ");

/** Pictures side by side in one, row after row. */
function mosaic(pictures: readonly Uint8Array[], size: number, lines: number): Uint8Array {
  const width = COLUMNS * size * 3;
  const out = new Uint8Array(width * size * lines).fill(255);
  for (const [i, picture] of pictures.entries()) {
    const left = (i % COLUMNS) * size * 3;
    const top = Math.floor(i / COLUMNS) * size;
    for (let y = 0; y < size; y++) {
      out.set(picture.subarray(y * size * 3, (y + 1) * size * 3), (top + y) * width + left);
    }
  }
  return out;
}
