import type { Plane } from "../../apply/index.ts";
import { plotBars } from "../../evaluate/index.ts";
import type { DenoiseLabResults } from "../denoise/lab.ts";
import {
  type LevelScores,
  type MethodScores,
  type Panels,
  PIECE,
  type SetScores,
} from "../denoise/measure.ts";
import { machineLine } from "../machine.ts";
import { count, seconds } from "../numbers.ts";
import { armsSection } from "./denoiseArms.ts";
import { type Column, facts, type Html, page, section, svgFigure, table, text } from "./html.ts";
import { pngUri } from "./png.ts";

const STYLE = `
.panels{display:grid;grid-template-columns:repeat(auto-fill,minmax(160px,1fr));gap:12px;margin:12px 0 24px}
.panels figure{margin:0}.panels img{display:block;width:100%;height:auto;image-rendering:pixelated;border-radius:8px;box-shadow:0 0 0 1px var(--line)}
.panels b{display:block;color:var(--ink);font-weight:600}
details{margin:8px 0 16px}summary{cursor:pointer;color:var(--link)}
`;

const right = "right" as const;
const numeric = (title: string, wide = false): Column => ({ title, align: right, wide });

/** The report on methods of removing noise. */
export function denoisePage(results: DenoiseLabResults, panels: readonly Panels[]): string {
  const { machine, seed, quick, sets } = results;
  const lead =
    "<p>White Gaussian noise of a known deviation σ (of intensities from 0 to 255) is added to pictures and taken away again: by non-local means, by BM3D, and by the networks whose files are at hand. Higher PSNR and SSIM are better; what was published stands beside what was measured.</p>" +
    `<p class="quiet">${text(machineLine(machine))}; seed ${seed}${quick ? "; quick run: pieces of two pictures, not to be held against what was published" : ""}; ${seconds(results.seconds)} in all.</p>`;
  const sections = [
    ...sets.map(setSection),
    ...(results.arms === undefined ? [] : [armsSection(results.arms)]),
    section("pictures", "Before and after", ...panels.map(panelRow)),
    methodSection(),
  ];
  return page("Pictures without their noise", lead, sections, STYLE);
}

function setSection(set: SetScores): Html {
  const { name, pictures, levels } = set;
  const pixels = pictures.reduce((sum, { width, height }) => sum + width * height, 0);
  return section(
    name.toLowerCase(),
    name,
    facts([
      { value: count(pictures.length), label: "pictures" },
      { value: count(pixels), label: "pixels" },
      { value: levels.map(({ sigma }) => sigma).join(", "), label: "σ" },
    ]),
    ...levels.map((level) => meansTable(set, level)),
    barsFigure(set),
    ...levels.map((level) => picturesTable(set, level)),
  );
}

const decibels = (value: number): Html => value.toFixed(2);

function signed(value: number): Html {
  const text = value.toFixed(2);
  return Number(text) === 0 ? "0.00" : `${value > 0 ? "+" : ""}${text}`.replace("-", "−");
}

function meansTable({ name, whole }: SetScores, { sigma, noisy, methods }: LevelScores): Html {
  const told = whole ? ["published", "difference"] : [];
  const columns = [
    { title: "" },
    ...["PSNR", ...told].map((title) => numeric(title)),
    ...["above BM3D", "PSNR of 8 bits"].map((title) => numeric(title, true)),
    ...["SSIM", ...told.slice(0, 1)].map((title) => numeric(title, true)),
    numeric("CPU s a picture"),
  ];
  const none = (cells: readonly string[]): Html[] => cells.map(() => "");
  const rows = [
    [
      ...["(noisy)", decibels(noisy.psnr), ...none(told), "", decibels(noisy.psnr8)],
      ...[noisy.ssim.toFixed(4), ...none(told.slice(0, 1)), ""],
    ],
    ...methods.map(({ title, mean, published, aboveBm3d }) => {
      const means =
        published === undefined ? ["", ""] : [decibels(published.psnr), signed(mean.psnr - published.psnr)];
      return [
        ...[text(title), `<b>${decibels(mean.psnr)}</b>`, ...(whole ? means : [])],
        ...[above(aboveBm3d), decibels(mean.psnr8), mean.ssim.toFixed(4)],
        ...(whole ? [published?.ssim?.toFixed(4) ?? ""] : []),
        mean.cpuSeconds.toFixed(2),
      ];
    }),
  ];
  return table(columns, rows, `${name}, σ ${sigma}: means over its pictures, PSNR in decibels`);
}

function above({ mean, interval }: MethodScores["aboveBm3d"]): Html {
  if (mean === 0 && interval?.every((end) => end === 0)) return "";
  return interval === null ? signed(mean) : `${signed(mean)} (${interval.map(signed).join(" to ")})`;
}

/** Gains over BM3D: all lie within two decibels, which bars of the whole PSNR would hide. */
function barsFigure({ name, levels }: SetScores): Html {
  const names = [...new Set(levels.flatMap(({ methods }) => methods.map((method) => method.name)))];
  const shown = names.filter((method) => method !== "bm3d");
  const of = (method: string): (MethodScores["aboveBm3d"] | undefined)[] =>
    levels.map(({ methods }) => methods.find((each) => each.name === method)?.aboveBm3d);
  const titles = new Map(levels.flatMap(({ methods }) => methods.map((each) => [each.name, each.title])));
  const svg = plotBars(
    shown.map((method) => {
      const found = of(method);
      const ends = (end: 0 | 1): number[] =>
        found.map((one) => one?.interval?.[end] ?? one?.mean ?? Number.NaN);
      return {
        label: titles.get(method)!,
        values: found.map((one) => one?.mean ?? Number.NaN),
        low: ends(0),
        high: ends(1),
      };
    }),
    {
      title: `${name}: PSNR above that of BM3D`,
      subtitle: "means over pictures with 95 % intervals of the difference picture by picture",
      xTitle: "dB",
      series: levels.map(({ sigma }) => `σ ${sigma}`),
      format: signed,
    },
  );
  return svgFigure(svg, text("The same noise for all methods of a picture."));
}

function picturesTable(set: SetScores, { sigma, methods, noiseSeeds }: LevelScores): Html {
  const columns: Column[] = [{ title: "" }];
  for (const { title, pictures } of methods) {
    columns.push(numeric(title));
    if (pictures.some((score) => score.published !== undefined)) columns.push(numeric("published", true));
  }
  columns.push(numeric("seed of the noise", true));
  const rows = set.pictures.map(({ name, width, height }, i) => {
    const best = Math.max(...methods.map(({ pictures }) => pictures[i]!.psnr));
    const cells = methods.flatMap(({ pictures }) => {
      const { psnr, published } = pictures[i]!;
      const own = psnr === best ? `<b>${decibels(psnr)}</b>` : decibels(psnr);
      const told = published === undefined ? "" : `<small>${decibels(published)}</small>`;
      return pictures.some((score) => score.published !== undefined) ? [own, told] : [own];
    });
    return [`${text(name)} <small>${width} × ${height}</small>`, ...cells, `<small>${noiseSeeds[i]}</small>`];
  });
  const caption = `${set.name}, σ ${sigma}: PSNR of each picture`;
  return `<details><summary>${text(caption)}</summary>${table(columns, rows, caption)}</details>`;
}

function panelRow({ picture, sigma, panels }: Panels): Html {
  const figures = panels.map(({ title, image, psnr }) => {
    const says = psnr === undefined ? "" : `${decibels(psnr)} dB`;
    const size = `width="${image.width}" height="${image.height}"`;
    return `<figure><img src="${uriOf(image)}" ${size} alt="${text(`${picture}, ${title}`)}"><figcaption><b>${text(title)}</b>${says}</figcaption></figure>`;
  });
  const about = `${picture}, σ ${sigma}: a piece of ${PIECE} × ${PIECE} pixels, PSNR of the whole picture`;
  return `<h3>${text(about)}</h3><div class="panels">${figures.join("")}</div>`;
}

function uriOf({ width, height, data }: Plane): string {
  const bytes = new Uint8Array(width * height * 3);
  for (const [i, v] of data.entries())
    bytes.fill(Math.round(Math.min(Math.max(v, 0), 1) * 255), 3 * i, 3 * i + 3);
  return pngUri(bytes, width, height);
}

function methodSection(): Html {
  return section(
    "method",
    "How it was measured",
    `<ul>
<li>Noise: value/255 + σ/255 · N(0, 1), never clipped, from <code>addNoise(picture, σ, seed)</code>; the seeds stand in the tables, and <code>vicinal denoise --noise σ --seed s</code> adds the same. All methods of a picture get one noise. Other noise moves a picture of 256 × 256 by about 0.1 dB, the mean of Set12 by 0.03, that of BSD68 by 0.01.</li>
<li>PSNR of float32 as it is, whole picture, mean over pictures; also after clipping and rounding to 8 bits, as some papers do. SSIM as Wang et al. 2004.</li>
<li>Time: processor time of one thread, which waits for nothing else the machine does (but shares its caches).</li>
<li>Networks: DnCNN (Zhang et al. 2017) and N3Net (Plötz &amp; Roth 2018) with their authors' weights where those are at hand; weights of one's own by <code>--weights</code> bear the file's name.</li>
<li>Published: means as later papers quote them; single pictures of BM3D and DnCNN after Zhang et al. 2017, whose noise is another.</li>
</ul>`,
  );
}
