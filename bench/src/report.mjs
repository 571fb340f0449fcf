/** Tables for the terminal and for bench/RESULTS.md, from one report object. */
import { denoisingSection } from "./denoise/report.mjs";
import { learningSection } from "./learn/report.mjs";
import { plotLink } from "./plots.mjs";
import { serverSection } from "./server/report.mjs";

/** @param {number} value */
const qps = (value) => Math.round(value).toLocaleString("en-US");
const ratio = ({ median, min, max }) => `${median.toFixed(2)}× (${min.toFixed(2)}–${max.toFixed(2)})`;
const megabytes = (/** @type {number | undefined} */ bytes) =>
  bytes === undefined ? "" : (bytes / 2 ** 20).toFixed(0);

/** A Markdown table; columns padded so that it reads well in a terminal too. */
export function table(header, rows) {
  const cells = [header, ...rows].map((row) => row.map((cell) => String(cell ?? "")));
  const widths = header.map((_, i) => Math.max(3, ...cells.map((row) => row[i].length)));
  const line = (row) => `| ${row.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |`;
  return [
    line(cells[0]),
    `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`,
    ...cells.slice(1).map(line),
  ].join("\n");
}

/** Ratios of ours (rows) to each rival (columns). */
function ratioTable(points, ratios) {
  const mine = Object.keys(ratios);
  const rivals = points.map(({ name }) => name).filter((name) => !mine.includes(name));
  return table(
    ["ours ÷ rival", ...rivals],
    mine.map((name) => [name, ...rivals.map((rival) => ratio(ratios[name][rival]))]),
  );
}

function graphSection({ contenders, targets, buildRatios }) {
  const parts = [];
  for (const { recall, points, missed, ratios, busy } of targets) {
    parts.push(
      `**recall@10 ≥ ${recall}** (best swept point of each; least share of a round's time on the core: ${(100 * busy).toFixed(0)} %)`,
      table(
        ["", "efSearch", "recall@10", "QPS here"],
        points.map((one) => [one.name, one.ef, one.recall.toFixed(4), qps(one.qps)]),
      ),
      Object.keys(ratios).length > 0 ? ratioTable(points, ratios) : "",
      missed.length > 0 ? `Below ${recall} on the whole grid: ${missed.join(", ")}.` : "",
    );
  }
  const rivals = Object.keys(Object.values(buildRatios)[0] ?? {});
  parts.push(
    "**build, one thread**",
    table(
      ["", "seconds here", "RSS growth MB", "stats() MB", ...rivals.map((rival) => `speed ÷ ${rival}`)],
      contenders.map((one) => [
        one.name,
        one.buildSeconds.toFixed(1) + (one.reused ? " (earlier run)" : ""),
        megabytes(one.rssGrowth),
        megabytes(one.memory?.total),
        ...rivals.map((rival) => (buildRatios[one.name] ? ratio(buildRatios[one.name][rival]) : "")),
      ]),
    ),
  );
  return parts.filter(Boolean);
}

function exactSection({ modes, contenders }) {
  const faiss = contenders.filter(({ blas }) => blas !== undefined);
  return [
    ...faiss.map((one) => `${one.name}: FAISS ${one.version}, built with ${one.options}; ${one.blas}.`),
    ...modes.flatMap(({ mode, queries, points, ratios }) => [
      `**exact, ${mode === "single" ? "one query a call" : `batches of ${queries}`}**`,
      table(
        ["", "recall@10", "QPS here"],
        points.map((one) => [
          one.name,
          contenders.find(({ name }) => name === one.name).recall.toFixed(4),
          qps(one.qps),
        ]),
      ),
      Object.keys(ratios).length > 0 ? ratioTable(points, ratios) : "",
    ]),
  ].filter(Boolean);
}

/** A setting of several parameters in words. @param {string} text */
const settingOf = (text) =>
  text.startsWith("{")
    ? Object.entries(JSON.parse(text))
        .map(([name, value]) => `${name} ${value}`)
        .join(", ")
    : text;

function familySection({ contenders, targets }) {
  const parts = [];
  for (const { recall, points, missed, busy } of targets) {
    const best = points
      .filter(({ ours }) => !ours)
      .reduce((a, b) => (a && a.qps >= b.qps ? a : b), undefined);
    parts.push(
      `**every family, recall@10 ≥ ${recall}** (fastest swept setting of each, one query a call; least share of a round's time on the core: ${(100 * busy).toFixed(0)} %)`,
      table(
        ["", "setting", "recall@10", "QPS here", best ? `÷ ${best.name}` : ""],
        points
          .toSorted((a, b) => b.qps - a.qps)
          .map((one) => [
            one.name,
            settingOf(one.setting),
            one.recall.toFixed(4),
            qps(one.qps),
            best ? `${(one.qps / best.qps).toFixed(2)}×` : "",
          ]),
      ),
      missed.length > 0 ? `Not at ${recall} on their grids: ${missed.join(", ")}.` : "",
    );
  }
  parts.push(
    "**build of every family, one thread**",
    table(
      ["", "seconds here", "MB"],
      contenders.map((one) => [one.name, one.buildSeconds.toFixed(1), megabytes(one.bytes)]),
    ),
  );
  return parts.filter(Boolean);
}

function treeSection(results) {
  return [
    "## Exact trees: 100,000 rows, batches of 2,000, k 10",
    table(
      ["", ...(results[0]?.modes[0].points ?? []).map(({ name }) => `${name} QPS`)],
      results.map(({ name, modes }) => [name, ...modes[0].points.map((one) => qps(one.qps))]),
    ),
    ...results.flatMap(({ name, modes }) => [`**${name}**`, ratioTable(modes[0].points, modes[0].ratios)]),
  ].join("\n\n");
}

/** @param {any} set @param {boolean} recorded pictures stand beside the text */
function setSection(set, recorded) {
  const parts = [
    `## ${set.name}: ${set.n.toLocaleString("en-US")} × ${set.d}, ${set.metric}, ${set.queries} queries`,
  ];
  if (set.graphs) parts.push(...graphSection(set.graphs));
  if (set.families) {
    parts.push(...familySection(set.families));
    if (recorded) parts.push(`![Recall against speed of every family](${plotLink(set)})`);
  }
  if (set.exact) parts.push(...exactSection(set.exact));
  if (set.workers?.ratio) {
    const { seconds, recall, ratio: faster, ef, spec } = set.workers;
    parts.push(
      `**two workers against one** (${spec}): ${seconds[0].toFixed(1)} s and ${seconds[1].toFixed(1)} s, ${ratio(faster)}; recall at efSearch ${ef}: ${recall[0].toFixed(4)} and ${recall[1].toFixed(4)}`,
    );
  }
  if (set.file) {
    const { spec, bytes, save, open } = set.file;
    parts.push(
      `**file** (${spec}): ${megabytes(bytes)} MB, save ${save.median.toFixed(2)} s, open ${open.median.toFixed(2)} s (warm)`,
    );
  }
  return parts.join("\n\n");
}

function millionSection(results) {
  return [
    "## A million rows: 1,000,000 × 128, l2sq",
    table(
      ["", "build s", "RSS growth MB", "stats() MB", "save s", "open s", "QPS at recall@10"],
      results.map((one) => [
        one.name,
        one.seconds.toFixed(0),
        megabytes(one.rss),
        megabytes(one.memory?.total),
        one.save?.toFixed(1),
        one.open?.toFixed(1),
        one.sweep
          .filter(({ recall }) => recall >= 0.9)
          .map((point) => `${qps(point.qps)} @ ${point.recall.toFixed(3)}`)
          .join("; "),
      ]),
    ),
  ].join("\n\n");
}

/** @param {any} report @param {boolean} [recorded] */
export function markdown(report, recorded = false) {
  const { machine, node, commit, date, command } = report;
  const parts = [
    `Ratios are medians of interleaved rounds, with the least and the greatest in brackets${report.sets.length > 0 || !(report.learn || report.denoise || report.server) ? "; above 1 ours is faster" : ""}. Absolute numbers hold for this machine and this hour only.`,
    table(
      ["", ""],
      [
        ["date", date],
        ["commit", commit],
        [
          "processor",
          `${machine.cpu}, ${machine.cores} cores, ${machine.memory} GB, pinned to core ${machine.pinned}`,
        ],
        ["runtime", `Node ${node}, ${machine.platform}`],
        [
          "rivals",
          Object.entries(report.versions)
            .map(([name, version]) => `${name} ${version}`)
            .join(", "),
        ],
        ["command", `\`${command}\``],
        [
          "parameters",
          `M ${report.M}, efConstruction ${report.efConstruction}, k ${report.k}, ${report.rounds} rounds of ${report.seconds} s or more`,
        ],
      ],
    ),
  ];
  if (report.goals.length > 0) {
    parts.push(
      "## Goals",
      report.rows > 0 ? `Set for whole sets; these were cut to ${report.rows} rows.` : "",
      table(
        ["goal", "wanted", "measured", ""],
        report.goals.map(({ goal, want, got, met }) => [
          goal,
          want,
          got,
          met === undefined ? "–" : met ? "met" : "missed",
        ]),
      ),
    );
  }
  parts.push(...report.sets.map((set) => setSection(set, recorded)));
  if (report.coreBytes) {
    parts.push(
      `Core entry with its WebAssembly, minified and gzipped: ${(report.coreBytes / 1024).toFixed(0)} KB.`,
    );
  }
  if (report.trees?.length > 0) parts.push(treeSection(report.trees));
  if (report.learn) parts.push(learningSection(report.learn));
  if (report.denoise) parts.push(denoisingSection(report.denoise));
  if (report.server) parts.push(serverSection(report.server));
  if (report.million) parts.push(millionSection(report.million));
  if (report.skipped.length > 0) parts.push("Left out: " + report.skipped.join(" "));
  return parts.filter(Boolean).join("\n\n") + "\n";
}
