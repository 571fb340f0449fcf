import { machineLine } from "../machine.ts";
import { seconds } from "../numbers.ts";
import type { Claim, Part, PartTable, Picture } from "../theory/part.ts";
import type { ClaimResults, TimedPart } from "../theory/run.ts";
import { facts, type Html, page, pairs, paragraph, section, svgFigure, table, text } from "./html.ts";

const STYLE = `
.claims{list-style:none;margin:16px 0;padding:0;display:grid;gap:8px}
.claims li{background:var(--panel);border-radius:10px;padding:12px 16px 12px 44px;position:relative;line-height:1.45}
.claims li::before{content:"✓";position:absolute;left:16px;font-weight:700;color:var(--good)}
.claims li.off::before{content:"✗";color:var(--miss)}
.claims span{display:block;color:var(--quiet);font-size:14px;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
`;

/** The report of a study made of claims. */
export function claimsPage(
  results: ClaimResults,
  parts: readonly TimedPart[],
  { title, lead }: { readonly title: string; readonly lead: string },
): string {
  const took = results.parts.reduce((sum, part) => sum + part.seconds, 0);
  const head =
    `<p>${text(lead)}</p>` +
    `<p class="quiet">${text(machineLine(results.machine))}; seed ${results.seed}${results.quick ? "; quick run" : ""}; ${seconds(took)} in all.</p>` +
    facts([
      { value: `${results.held} of ${results.claims}`, label: "claims hold" },
      { value: String(parts.length), label: "subjects" },
    ]);
  return page(title, head, parts.map(partSection), STYLE);
}

function partSection(part: Part): Html {
  return section(
    part.name,
    part.title,
    paragraph(text(part.why)),
    claimList(part.claims),
    ...figures(part.pictures),
    ...part.tables.map(partTable),
  );
}

function claimList(claims: readonly Claim[]): Html {
  const items = claims.map(
    ({ says, measured, holds }) =>
      `<li${holds ? "" : ' class="off"'}>${text(says)}<span>${text(measured)}</span></li>`,
  );
  return `<ul class="claims">${items.join("")}</ul>`;
}

/** Pictures of half width stand side by side. */
function figures(pictures: readonly Picture[]): Html[] {
  const half = pictures.filter((picture) => picture.half === true);
  const whole = pictures.filter((picture) => picture.half !== true);
  const draw = ({ svg, caption }: Picture): Html => svgFigure(svg, text(caption));
  return [...(half.length === 0 ? [] : [pairs(...half.map(draw))]), ...whole.map(draw)];
}

function partTable({ caption, columns, rows }: PartTable): Html {
  return table(
    columns.map((title, i) => ({ title, ...(i === 0 ? {} : { align: "right" as const }) })),
    rows.map((cells) => cells.map(text)),
    caption,
  );
}
