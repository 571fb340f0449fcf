import { escapeXml } from "../../evaluate/plot/svg.ts";

/** Markup that is already escaped. */
export type Html = string & { readonly html?: never };

/** Text as HTML. */
export const text = (value: string | number): Html => escapeXml(String(value));

export interface Column {
  readonly title: string;
  readonly align?: "right";
  /** Dropped on narrow screens. */
  readonly wide?: boolean;
}

/** A table whose cells are markup; it scrolls sideways by itself where it does not fit. */
export function table(columns: readonly Column[], rows: readonly (readonly Html[])[], caption = ""): Html {
  const classes = columns.map(({ align, wide }) => {
    const names = [align === "right" ? "num" : "", wide ? "wide" : ""].filter(Boolean).join(" ");
    return names === "" ? "" : ` class="${names}"`;
  });
  const head = columns.map(({ title }, i) => `<th scope="col"${classes[i]}>${text(title)}</th>`).join("");
  const body = rows.map((row) => {
    const cells = row.map((cell, i) =>
      i === 0 ? `<th scope="row"${classes[i]}>${cell}</th>` : `<td${classes[i]}>${cell}</td>`,
    );
    return `<tr>${cells.join("")}</tr>`;
  });
  const title = caption === "" ? "" : `<caption>${text(caption)}</caption>`;
  return `<div class="scroll" tabindex="0" role="region" aria-label="${text(caption || "Table")}"><table>${title}<thead><tr>${head}</tr></thead><tbody>${body.join("")}</tbody></table></div>`;
}

/** A picture inside the page; wide ones scroll sideways on narrow screens. */
export function svgFigure(svg: string, caption: Html): Html {
  const uri = `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`;
  const alt = /aria-label="([^"]*)"/.exec(svg)?.[1] ?? "";
  return `<figure><div class="scroll" tabindex="0" role="region" aria-label="${alt}"><img class="plot" src="${uri}" alt="${alt}"></div><figcaption>${caption}<span class="narrow"> The legend is to the right: scroll sideways.</span></figcaption></figure>`;
}

/** Figures side by side, two to a row; one below the other on narrow screens. */
export function pairs(...figures: readonly Html[]): Html {
  return `<div class="pair">${figures.join("")}</div>`;
}

export function section(id: string, title: string, ...content: Html[]): Html {
  return `<section id="${id}"><h2>${text(title)}</h2>${content.join("\n")}</section>`;
}

export const paragraph = (content: Html): Html => `<p>${content}</p>`;

/** A few headline numbers. */
export function facts(items: readonly { value: string; label: string }[]): Html {
  const cells = items.map(({ value, label }) => `<div><dd>${text(value)}</dd><dt>${text(label)}</dt></div>`);
  return `<dl class="facts">${cells.join("")}</dl>`;
}

/**
 * The whole page: one file, no script, nothing fetched from anywhere, light or dark as the reader's
 * system is.
 */
export function page(title: string, lead: Html, sections: readonly Html[], extraStyle = ""): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<link rel="icon" href="data:,">
<title>${text(title)}</title>
<style>${STYLE}${extraStyle}</style>
</head>
<body>
<main>
<header><h1>${text(title)}</h1>${lead}</header>
${sections.join("\n")}
</main>
</body>
</html>
`;
}

const STYLE = `
:root{--paper:#fff;--panel:#f6f7f9;--ink:#1b1f24;--quiet:#57606a;--line:#dfe3e8;--link:#0a58b0;--good:#0b7a52;--miss:#b3261e;--bar:#5b8fd0}
@media (prefers-color-scheme:dark){:root{--paper:#0f1318;--panel:#171d24;--ink:#e8ecf0;--quiet:#a0aab4;--line:#2c343d;--link:#7ab8ff;--good:#4ed0a0;--miss:#ff8a80;--bar:#4a86c8}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:1080px;margin:0 auto;padding:32px 24px 64px}
h1{font-size:30px;line-height:1.2;margin:0 0 8px}
h2{font-size:22px;line-height:1.3;margin:48px 0 8px;padding-top:16px;border-top:1px solid var(--line)}
h3{font-size:16px;margin:0}
p{margin:8px 0 16px;max-width:70ch}
a{color:var(--link)}
p.quiet{max-width:none}
small,.quiet,figcaption,caption{color:var(--quiet);font-size:14px}
code{font:0.92em ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:24px 0 0}
.facts div{background:var(--panel);border-radius:10px;padding:14px 16px}
.facts dd{margin:0;font-size:24px;font-weight:600;line-height:1.25}
.facts dt{color:var(--quiet);font-size:14px;line-height:1.35}
.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;width:100%;font-size:15px;margin:8px 0}
caption{text-align:left;padding:0 0 6px}
th,td{padding:7px 10px;text-align:left;border-bottom:1px solid var(--line);vertical-align:baseline}
thead th{color:var(--quiet);font-weight:500;font-size:14px;white-space:nowrap}
tbody th{font-weight:500}
.num{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
th:first-child,td:first-child{padding-left:0}
th:last-child,td:last-child{padding-right:0}
figure{margin:16px 0}
.plot{display:block;width:100%;min-width:600px;height:auto;border:1px solid var(--line);border-radius:10px}
figcaption{margin-top:6px}
.narrow{display:none}
.meter{display:block;height:8px;border-radius:4px;background:var(--bar);min-width:1px}
.track{display:block;width:100%;min-width:70px;border-radius:4px;background:var(--panel)}
ul{padding-left:20px}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:0 16px}
.pair figure{min-width:0}.pair .plot{min-width:0}.pair .narrow{display:none}
@media (max-width:760px){.pair{grid-template-columns:1fr}}
@media (max-width:600px){main{padding:20px 16px 48px}h1{font-size:25px}h2{font-size:20px;margin-top:36px}table{font-size:14px}th,td{padding:6px 5px}thead th{font-size:13px}.wide{display:none}.narrow{display:inline}.facts{grid-template-columns:1fr 1fr}.facts dd{font-size:20px}}
@media print{body{background:#fff;color:#000}}
`;
