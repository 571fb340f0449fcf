import { machineLine } from "../machine.ts";
import type { Judged, Versus } from "../music/judge.ts";
import {
  interval,
  type MusicFindings,
  type MusicLabResults,
  settingText,
  verdictLine,
} from "../music/lab.ts";
import type { SimilarRow } from "../music/similar.ts";
import { count, qps, seconds, share } from "../numbers.ts";
import { facts, type Html, page, paragraph, section, table, text } from "./html.ts";

const right = "right" as const;

/** The report on recommendation. */
export function musicPage(results: MusicLabResults): string {
  const lead =
    `<p>Which artist, film or book comes next? A user and an item get a row of numbers each, learned from nothing but who has what; their inner product ranks what to offer, and the cosine between two items tells how alike they are.</p>` +
    `<p class="quiet">${text(machineLine(results.machine))}; seed ${results.seed}${results.quick ? "; quick run: settings as found before, one repetition" : ""}; ${seconds(results.seconds)} in all.</p>`;
  const sections = [...results.sets.flatMap(setSections), methodSection(results)];
  return page("Music, films and books by who has them", lead, sections, STYLE);
}

function setSections(found: MusicFindings): Html[] {
  const { name, title, things, note, users, items, entries } = found;
  const best = found.judged.reduce((a, b) => (b.ndcg.mean > a.ndcg.mean ? b : a));
  const marked = new Set([best.name, "item-kNN", "popularity"]);
  const scores = [...marked].map((model) => ({
    value: found.judged.find((one) => one.name === model)!.ndcg.mean.toFixed(3),
    label: `NDCG@10 of ${model}`,
  }));
  return [
    section(
      name,
      title,
      paragraph(text(note)),
      facts([
        { value: count(users), label: "people" },
        { value: count(items), label: things },
        { value: `${((100 * entries) / (users * items)).toFixed(1)} %`, label: "of all pairs occur" },
        ...scores,
      ]),
      scoresTable(found),
      paragraph(text(verdictLine(found))),
      versusTable(found.versus),
    ),
    section(
      `${name}-similar`,
      `${upper(things)} alike, by cosine`,
      similarTable(found.similar.rows, things, "by their factors (ALS)"),
      amongTable(found),
      basketsTable(found),
    ),
    section(
      `${name}-offers`,
      "Recommended, by maximum inner product",
      offersTable(found),
      paragraph(
        text(
          "The same ranking through indexes of inner products, with what each person has already filtered out inside the search; recall against exact search.",
        ),
      ),
      productsTable(found),
    ),
  ];
}

function scoresTable({ judged, repeats }: MusicFindings): Html {
  const most = Math.max(...judged.map((one) => one.ndcg.high));
  const best = Math.max(...judged.map((one) => one.ndcg.mean));
  const rows = judged.map((one) => [
    `${text(one.name)}<br><small>${text(settingText(one.setting))}</small>`,
    score(one, "hitRate"),
    one.ndcg.mean === best ? `<b>${score(one, "ndcg")}</b>` : score(one, "ndcg"),
    bar(one, most),
    one.mrr.toFixed(3),
    seconds(one.fitSeconds),
  ]);
  const columns = [
    { title: "model" },
    { title: "hit rate@10", align: right },
    { title: "NDCG@10", align: right },
    { title: "", wide: true },
    { title: "MRR@10", align: right, wide: true },
    { title: "fit", align: right, wide: true },
  ];
  const times = repeats === 1 ? "one held-out item" : `${repeats} held-out items, one at a time,`;
  return table(columns, rows, `Mean over ${times} of each person, with 95 % intervals over persons`);
}

const score = (one: Judged, what: "hitRate" | "ndcg"): Html =>
  `${one[what].mean.toFixed(4)}<br><small>${one[what].low.toFixed(3)}–${one[what].high.toFixed(3)}</small>`;

/** The mean as a bar with its interval as a thin line. */
function bar({ ndcg }: Judged, most: number): Html {
  const at = (value: number): string => `${((100 * value) / most).toFixed(1)}%`;
  const width = `${((100 * (ndcg.high - ndcg.low)) / most).toFixed(1)}%`;
  return `<span class="span"><span class="meter" style="width:${at(ndcg.mean)}"></span><i style="left:${at(ndcg.low)};width:${width}"></i></span>`;
}

function versusTable(versus: readonly Versus[]): Html {
  const rows = versus.map((one) => [
    text(`${one.name} − ${one.against}`),
    interval(one.hitRate),
    interval(one.ndcg),
    one.ndcg.low > 0 ? "above" : one.ndcg.high < 0 ? "below" : "not told apart",
  ]);
  const columns = [
    { title: "difference, person by person" },
    { title: "hit rate@10", align: right },
    { title: "NDCG@10", align: right },
    { title: "by NDCG" },
  ];
  return table(columns, rows, "Paired differences with 95 % intervals");
}

function similarTable(similar: readonly SimilarRow[], things: string, by: string): Html {
  const rows = similar.map(({ name, users, nearest }) => [
    `${text(name)}<br><small>${count(users)} people</small>`,
    nearest.map((near) => `${text(near.name)}&nbsp;<small>${near.cosine.toFixed(2)}</small>`).join(", "),
  ]);
  return table([{ title: "" }, { title: `ten nearest ${things}, with their cosine` }], rows, by);
}

function basketsTable({ baskets, things }: MusicFindings): Html {
  if (baskets.length === 0) return "";
  return similarTable(
    baskets,
    things,
    "by vectors of baskets (skip-gram with negative sampling), which know nothing of weights",
  );
}

function amongTable({ similar }: MusicFindings): Html {
  const names = similar.rows.map(({ name }) => name);
  const rows = similar.among.map((line, i) => [text(names[i]!), ...line.map((value) => value.toFixed(2))]);
  const columns = [{ title: "cosine" }, ...names.map((title) => ({ title: short(title), align: right }))];
  return table(columns, rows, "Among the rows shown");
}

function offersTable({ offers }: MusicFindings): Html {
  if (offers.length === 0) return "";
  const rows = offers.map(({ person, items }) => [
    text(person.join(" and ")),
    text(items.map(({ name }) => name).join(", ")),
  ]);
  return table(
    [{ title: "someone with" }, { title: "is offered, best first" }],
    rows,
    "Persons who were not there when fitting: their row is solved for in closed form",
  );
}

function productsTable({ products }: MusicFindings): Html {
  const rows = products.map((one) => [
    text(one.index),
    text(settingText(one.params) || "exact"),
    share(one.recall, 3),
    qps(one.qps),
    seconds(one.buildSeconds),
  ]);
  const columns = [
    { title: "index" },
    { title: "setting" },
    { title: "recall@10", align: right },
    { title: "people a second", align: right },
    { title: "build", align: right, wide: true },
  ];
  return table(columns, rows);
}

function methodSection({ sets }: MusicLabResults): Html {
  const tuning = sets.map(({ title, tuning: tried }) => {
    const parts = tried.map(({ name, tried: of }) => `${name} ${of.length}`);
    return `${title.split(":")[0]}: ${parts.join(", ")}`;
  });
  return section(
    "method",
    "How it was measured",
    `<ul>
<li>Leave-one-out with full ranking: of each person one item is held out at random (by the seed); a model learns from the rest and ranks <em>all</em> items that the person is not known to have, not a sample of them. The hit rate is the share of persons whose item is among the first ten; NDCG gives 1/log₂(1 + place) for it. Items with equal scores share the middle of their places.</li>
<li>Settings of every contender, item-kNN included, are chosen by NDCG@10 on other items of each person (one, or three where there are few persons), with the tested items out of sight as well; then the model is fitted again to all but the tested item. Settings tried: ${text(tuning.join("; "))}.</li>
<li>Intervals: 2,000 bootstrap samples of persons. Differences are taken person by person, which makes them narrower than the intervals of the means suggest.</li>
<li>popularity: people of an item. item-kNN: cosine of weighted columns. EASE: the linear autoencoder in closed form (Steck 2019). BPR: pairwise ranking (Rendle 2009). ALS: implicit factorisation by alternating least squares (Hu, Koren, Volinsky 2008).</li>
</ul>`,
  );
}

const upper = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1);
const short = (name: string): string => (name.length > 26 ? `${name.slice(0, 25)}…` : name);

const STYLE = `
.span{position:relative;display:block;min-width:120px}.span i{position:absolute;top:3px;height:2px;background:var(--ink)}
td small{white-space:nowrap}
`;
