import { expect, test } from "vitest";
import { EMOJI_STYLES, openStyle } from "../../src/labs/emoji/styles.ts";
import { table, text } from "../../src/labs/report/html.ts";
import type { Sheet } from "../../src/labs/report/sheet.ts";
import { startPage } from "../../src/labs/report/start.ts";
import type { StartResults } from "../../src/labs/start.ts";
import { fastest, type Study, type StudyRow, verdict } from "../../src/labs/study.ts";

const point = (recall: number, qps: number, efSearch?: number): StudyRow["chosen"] => ({
  params: efSearch === undefined ? {} : { efSearch },
  recall,
  epsilonRecall: { "0.01": recall, "0.1": recall },
  relativeError: 1,
  qps,
  qpsMedian: qps,
  p50Ms: 1000 / qps,
  p95Ms: 1000 / qps,
  p99Ms: 1000 / qps,
});

const row = (index: string, exact: boolean, points: StudyRow["points"]): StudyRow => ({
  index,
  spec: index,
  exact,
  buildSeconds: 1.5,
  bytes: 2 ** 20,
  points,
  chosen: points[0]!,
});

const study: Study = {
  name: "generated",
  title: "Generated <vectors> & more",
  note: 'A note with "quotes" and <b>markup</b>.',
  n: 100_000,
  d: 128,
  metric: "l2",
  queries: 1000,
  k: 10,
  targetRecall: 0.95,
  threads: 2,
  rows: [
    row("Flat", true, [point(1, 500)]),
    row("HNSW16", false, [point(0.97, 5000, 40), point(0.99, 3000, 80)]),
    row("HNSW16,SQ7,Refine", false, [point(0.5, 90000, 10)]),
  ],
};

const sheet: Sheet = {
  size: 4,
  pictures: Array.from({ length: 14 }, (_, i) => new Uint8Array(48).fill(i * 10)),
  index: "HNSW16,SQ7,Refine, efSearch=12",
  rows: [
    {
      picture: 0,
      name: "red-apple",
      kind: "Twemoji",
      exact: [
        { picture: 1, name: "tomato", kind: "Noto", distance: 10, shared: true },
        { picture: 2, name: "cherries", kind: "Noto", distance: 12, shared: false },
      ],
      approximate: [
        { picture: 1, name: "tomato", kind: "Noto", distance: 10, shared: true },
        { picture: 13, name: "stop-sign", kind: "OpenMoji", distance: 14, shared: false },
      ],
    },
  ],
};

const results: StartResults = {
  job: "start",
  version: "1.2.3",
  machine: { cpu: "Test <CPU>", threads: 2, memoryGiB: 8, node: "v20.19.0", system: "linux x64" },
  seed: 1,
  quick: false,
  seconds: 12,
  emoji: {
    drawings: 9137,
    dimension: 768,
    identities: 2300,
    styles: [],
    skipped: [{ style: "noto", name: "package", why: "unreachable" }],
    rendered: 9137,
    loadSeconds: 2,
    accuracy: [
      {
        scope: "twemoji",
        queries: 10,
        k: 5,
        accuracy: 0.5,
        majority: 0.2,
        labels: [{ label: "Food & Drink", queries: 10, correct: 5 }],
      },
    ],
    neighbours: { index: sheet.index, rows: [] },
  },
  learned: { raw: 0.29, learned: 0.55, emoji: 216, queries: 1080, trainSeconds: 15, kept: false },
  studies: [study],
  credits: EMOJI_STYLES.map((style) => openStyle(style).credit),
};

const html = startPage(results, sheet);

test("the report fetches nothing: no script, style sheet, font, frame or picture from elsewhere", () => {
  expect(html).not.toMatch(/<script|<iframe|<object|<embed|@import|<base|srcset/i);
  for (const [, url] of html.matchAll(/\ssrc="([^"]*)"/g)) expect(url).toMatch(/^data:image\//);
  for (const [, url] of html.matchAll(/url\(([^)]*)\)/g)) expect(url).toMatch(/^data:image\/png;base64,/);
  for (const [link] of html.matchAll(/<link[^>]*>/g)) expect(link).toBe('<link rel="icon" href="data:,">');
  const elsewhere = [...html.matchAll(/<(\w+)[^>]*\shref="https?:/g)].map(([, name]) => name);
  expect(new Set(elsewhere)).toEqual(new Set(["a"]));
  expect(html).toContain("default-src 'none'");
});

test("the report credits every style with author, licence and link", () => {
  for (const { title, author, licence, licenceUrl, home } of results.credits) {
    for (const part of [title, author, licence]) expect(html).toContain(text(part));
    for (const url of [licenceUrl, home]) expect(html).toContain(`href="${text(url)}"`);
  }
});

test("text from data cannot become markup", () => {
  expect(html).not.toContain("<vectors>");
  expect(html).not.toContain("<CPU>");
  expect(html).not.toContain("<b>markup");
  expect(table([{ title: "<i>" }], [[text("<u>")]])).not.toMatch(/<[iu]>/);
});

test("a neighbour that approximate search missed is marked in both rows, and counted", () => {
  expect(html).toContain("1 of 2 missed, marked red");
  expect([...html.matchAll(/class="off"/g)].length).toBe(2);
  expect(html).toMatch(/aria-label="cherries, Noto"[\s\S]*?missed/);
  expect(html).toMatch(/aria-label="stop sign, OpenMoji"[\s\S]*?instead/);
});

test("numbers stand with machine, Node and version", () => {
  for (const fact of [
    "Node 20.19.0",
    "vicinal 1.2.3",
    "100,000 × 128",
    "0.970",
    "5,000",
    "1.50 s",
    "1.0 MiB",
  ])
    expect(html).toContain(fact);
});

test("the fastest index is one that reaches the wanted recall, however fast the others", () => {
  expect(fastest(study)).toMatchObject({ index: "HNSW16", faster: 10 });
  const said = verdict(study).join(" ");
  expect(said).toContain("HNSW16 answers 10× as fast");
  expect(said).toContain("Below recall 0.95 at every setting tried: HNSW16,SQ7,Refine.");
});

test("on emoji the report says that approximate search does not pay", () => {
  expect(verdict({ ...study, name: "emoji", n: 8637 }).join(" ")).toContain(
    "8,637 rows are too few for approximate search to pay",
  );
});
