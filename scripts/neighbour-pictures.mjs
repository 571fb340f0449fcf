// Writes the pictures of docs/neural-neighbours.md to docs/pictures/, from generated data alone:
//   node scripts/build.mjs && node scripts/neighbour-pictures.mjs
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { plotLines } from "../dist/evaluate/index.js";
import { frame, text } from "../dist/evaluate/plot/frame.js";
import { tag } from "../dist/evaluate/plot/svg.js";
import { relaxedNeighbors, relaxedNeighborsGradient, sampleNeighbors } from "../dist/learn/index.js";

const FOLDER = fileURLToPath(new URL("../docs/pictures/", import.meta.url));
const D = [0, 0.5, 1, 1.5, 2];
const range = (from, to, steps) =>
  Array.from({ length: steps + 1 }, (_, i) => from * (to / from) ** (i / steps));
const TEMPERATURES = range(0.02, 10, 40);

/** Weights of a step, by temperature. */
const weightsOf = (form, step, t) =>
  relaxedNeighbors(D, { k: step, t, form }).weights.subarray((step - 1) * D.length, step * D.length);

/** What each candidate weighs in the second step of a form. */
function falling(form) {
  return plotLines(
    D.map((d, i) => ({
      name: `d = ${d}`,
      plain: true,
      points: TEMPERATURES.map((t) => ({ x: t, y: weightsOf(form, 2, t)[i] })),
    })),
    {
      title: `Weights of the second step, ${form} form`,
      subtitle: `candidates at ${D.join(", ")}`,
      ...{ xTitle: "t", yTitle: "Weight", yScale: "linear", yReach: [0, 1], width: 760, height: 380 },
    },
  );
}

/** Frequencies of second draws without replacement, beside the weights that stand for them. */
function draws() {
  const count = 20_000;
  const at = range(0.05, 10, 14);
  const frequencies = at.map((t, s) => {
    const drawn = sampleNeighbors(Array(count).fill(D), { k: 2, t, seed: s + 1 });
    const seconds = drawn.columns.filter((_, i) => i % 2 === 1);
    return D.map((_, i) => seconds.filter((column) => column === i).length / count);
  });
  return plotLines(
    [0, 1, 2].flatMap((i) => [
      {
        name: `d = ${D[i]}, weight`,
        plain: true,
        color: i,
        points: TEMPERATURES.map((t) => ({ x: t, y: weightsOf("alpha", 2, t)[i] })),
      },
      {
        name: `d = ${D[i]}, drawn`,
        color: i,
        points: at.map((t, s) => ({ x: t, y: frequencies[s][i] })),
      },
    ]),
    {
      title: "Second neighbours: drawn, and relaxed",
      subtitle: `marks: ${count.toLocaleString("en")} draws without replacement; lines: the alpha form`,
      ...{ xTitle: "t", yTitle: "Share", yScale: "linear", yReach: [0, 1], width: 760, height: 380 },
    },
  );
}

/** How much of a gradient reaches the distances, by temperature. */
function gradients() {
  const kinds = [
    { name: "alpha, k = 3", form: "alpha", k: 3 },
    { name: "logit, k = 3", form: "logit", k: 3 },
    { name: "k = 1 (attention)", form: "alpha", k: 1 },
  ];
  // The loss asks for the third candidate and for no other.
  const upstream = (k) =>
    Float64Array.from({ length: k * D.length }, (_, i) => (i % D.length === 2 ? -1 : 0));
  const length = (values) => Math.hypot(...values);
  return plotLines(
    kinds.map(({ name, form, k }) => ({
      name,
      plain: true,
      points: TEMPERATURES.map((t) => ({
        x: t,
        y: length(relaxedNeighborsGradient(D, upstream(k), { form, k, t }).distances),
      })),
    })),
    {
      title: "What a gradient gets through",
      subtitle: "loss: less weight on the third of five candidates; length of its gradient by the distances",
      ...{ xTitle: "t", yTitle: "Length", yScale: "linear", yReach: [0], width: 760, height: 380 },
    },
  );
}

/** Boxes and arrows of the image block. */
function block() {
  const box = (x, y, w, title, says, color) =>
    tag("rect", { x, y, width: w, height: 62, rx: 9, class: `c${color}`, fill: "none", "stroke-width": 2 }) +
    text(title, x + w / 2, y + 27, { class: "ink", "text-anchor": "middle", "font-weight": 600 }) +
    text(says, x + w / 2, y + 48, { class: "soft", "text-anchor": "middle", "font-size": 13 });
  const arrow = (...points) => {
    const [[x1, y1], [x2, y2]] = points.slice(-2);
    const [dx, dy] = [Math.sign(x2 - x1), Math.sign(y2 - y1)];
    const head = [
      [x2, y2],
      [x2 - 9 * dx - 5 * dy, y2 - 9 * dy - 5 * dx],
      [x2 - 9 * dx + 5 * dy, y2 - 9 * dy + 5 * dx],
    ];
    const path = (list) => `M${list.map((p) => p.join(" ")).join("L")}`;
    return (
      tag("path", { d: path(points), class: "line", fill: "none", "stroke-width": 1.5 }) +
      tag("path", { d: `${path(head)}Z`, class: "ink" })
    );
  };
  return frame(
    {
      title: "A block of neural nearest neighbours",
      subtitle: "for images: items are patches of 10 × 10 pixels, 5 apart",
      ...{ width: 960, height: 420 },
      label: "Block diagram: embedding and temperature networks, distances, relaxation, weighted patches",
    },
    box(24, 200, 130, "input", "h × w × 8", 6),
    box(214, 110, 180, "embedding", "three convolutions, 8", 0),
    box(214, 290, 180, "temperature", "three convolutions, 1", 1),
    box(444, 110, 190, "distances", "to 224 patches around", 0),
    box(444, 290, 190, "relaxation", "k = 7 rows of weights", 2),
    box(684, 290, 130, "average", "of input patches", 2),
    box(684, 110, 250, "output", "input, 7 × (neighbour − input)", 6),
    arrow([154, 218], [184, 218], [184, 141], [212, 141]),
    arrow([154, 244], [184, 244], [184, 321], [212, 321]),
    arrow([394, 141], [442, 141]),
    arrow([394, 321], [442, 321]),
    arrow([539, 172], [539, 288]),
    arrow([634, 321], [682, 321]),
    arrow([749, 290], [749, 174]),
    arrow([154, 231], [662, 231], [662, 158], [682, 158]),
    arrow([89, 262], [89, 392], [749, 392], [749, 354]),
    text("laid where they lie,", 762, 226, { class: "soft", "font-size": 13 }),
    text("overlaps averaged", 762, 243, { class: "soft", "font-size": 13 }),
    text("t", 416, 312, { class: "soft", "text-anchor": "middle" }),
  );
}

const PICTURES = {
  "weights-alpha": falling("alpha"),
  "weights-logit": falling("logit"),
  draws: draws(),
  gradients: gradients(),
  block: block(),
};
mkdirSync(FOLDER, { recursive: true });
for (const [name, svg] of Object.entries(PICTURES)) {
  writeFileSync(`${FOLDER}neighbours-${name}.svg`, `${svg}\n`);
}
