import { inflateSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { wellFormed } from "../../../test/helpers/svg.ts";
import { confusionMatrix } from "../index.ts";
import { plotBars } from "./bars.ts";
import { plotConfusion } from "./confusion.ts";
import { plotLines } from "./lines.ts";
import { indexedPng } from "./png.ts";
import { plotRaster } from "./raster.ts";
import { linearScale } from "./scale.ts";
import { plotScatter } from "./scatter.ts";

/** Chunks of a PNG by type, as its own lengths say. */
function chunks(png: Uint8Array): Map<string, Uint8Array> {
  const out = new Map<string, Uint8Array>();
  const view = new DataView(png.buffer, png.byteOffset);
  for (let at = 8; at < png.length; at += 12 + view.getUint32(at)) {
    const type = String.fromCharCode(...png.subarray(at + 4, at + 8));
    out.set(type, png.subarray(at + 8, at + 8 + view.getUint32(at)));
  }
  return out;
}

test("an indexed PNG inflates to its pixels, whatever they are", () => {
  const shape = fc.record({
    width: fc.integer({ min: 1, max: 300 }),
    height: fc.integer({ min: 1, max: 9 }),
    run: fc.integer({ min: 1, max: 900 }),
    seed: fc.nat(),
  });
  fc.assert(
    fc.property(shape, ({ width, height, run, seed }) => {
      const pixels = Uint8Array.from(
        { length: width * height },
        (_, i) => Math.imul(Math.floor(i / run) + seed, 0x9e3779b1) >>> 24,
      );
      const palette = Array.from({ length: 256 }, (_, i) => [i, 255 - i, i, 255] as const);
      const lines = inflateSync(chunks(indexedPng(pixels, width, height, palette)).get("IDAT")!);
      const back = new Uint8Array(width * height);
      for (let y = 0; y < height; y++) {
        expect(lines[y * (width + 1)]).toBe(0);
        back.set(lines.subarray(y * (width + 1) + 1, (y + 1) * (width + 1)), y * width);
      }
      expect(back).toEqual(pixels);
    }),
  );
});

test("an area of one colour costs next to nothing", () => {
  const pixels = new Uint8Array(300 * 300).fill(3);
  expect(indexedPng(pixels, 300, 300, [[0, 0, 0, 255]]).length).toBeLessThan(1000);
});

test("a linear axis encloses its values between ticks that a reader can say", () => {
  const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(values, (list) => {
      const { place, ticks } = linearScale(list);
      for (const v of list) expect(place(v)).toBeGreaterThanOrEqual(-1e-9);
      for (const v of list) expect(place(v)).toBeLessThanOrEqual(1 + 1e-9);
      expect(ticks.length).toBeGreaterThanOrEqual(2);
      expect(ticks.length).toBeLessThanOrEqual(10);
    }),
  );
  expect(linearScale([0.1, 0.47]).ticks.map((t) => t.label)).toEqual(["0.1", "0.2", "0.3", "0.4", "0.5"]);
  expect(linearScale([-1, 1], { exact: true }).place(1)).toBe(1);
});

const evil = '<script>"&\u0000';

test("every picture is well-formed, keeps text as text, and needs neither network nor script", () => {
  const points = [
    { x: 1, y: 2 },
    { x: 3, y: -4, says: evil },
  ];
  const values = [0, 1, 2, Number.NaN, -1, 0.5];
  const grid = { values, rows: 2, cols: 3 };
  const pictures = [
    plotScatter([{ name: evil, points }], { title: evil, subtitle: evil, xTitle: evil }),
    plotScatter([], { title: "none", axes: false }),
    plotRaster(grid, { title: evil, legend: evil }),
    plotRaster(grid, { title: "diverging", scale: "diverging", x: [0, 1], y: [-1, 1] }),
    plotRaster(
      { values: [0, 1], rows: 1, cols: 2 },
      {
        title: "classes",
        scale: "classes",
        classes: [evil, "b"],
        points: [{ name: "points", points }],
        lines: [
          [
            [0, 0],
            [1, 1],
          ],
        ],
      },
    ),
    plotBars([{ label: evil, values: [1, -2, Number.NaN], low: [0.5], high: [2] }], {
      title: evil,
      series: ["a", evil, "c"],
    }),
    plotBars([], { title: "none" }),
    plotConfusion(confusionMatrix([evil, "b"], ["b", "b"]), { title: evil }),
    plotLines([{ name: evil, law: true, points: [{ x: 0, y: -1, low: -2, high: 0 }] }], {
      title: evil,
      xTitle: "x",
      yTitle: "y",
      xScale: "linear",
      yScale: "linear",
    }),
  ];
  for (const svg of pictures) {
    expect(wellFormed(svg)).toBe(true);
    expect(svg).not.toMatch(/<script|NaN|Infinity|url\(|@import/);
    const elsewhere = svg.replace("http://www.w3.org/2000/svg", "");
    expect(elsewhere.replaceAll(/href="data:image\/png;base64,[\w+/=]*"/g, "")).not.toMatch(/https?:|href/);
    expect(svg).toContain("prefers-color-scheme: dark");
  }
});

test("points that say nothing are one path a class, and those that do can be pointed at", () => {
  const points = Array.from({ length: 500 }, (_, i) => ({ x: i, y: i * i }));
  const silent = plotScatter([{ name: "a", points }], { title: "t" });
  expect(silent.match(/<circle/g)).toHaveLength(1);
  expect(silent.length).toBeLessThan(20_000);
  const speaking = points.map((p) => ({ ...p, says: "here" }));
  expect(
    plotScatter([{ name: "a", points: speaking }], { title: "t" }).match(/<title>a: here/g),
  ).toHaveLength(500);
});

test("points beside the picture are left out of it", () => {
  const svg = plotRaster(
    { values: [0, 1], rows: 1, cols: 2 },
    {
      title: "t",
      scale: "classes",
      x: [0, 2],
      y: [0, 1],
      points: [
        {
          name: "p",
          points: [
            { x: 1, y: 0.5, says: "in" },
            { x: 3, y: 0.5, says: "out" },
          ],
        },
      ],
    },
  );
  expect(svg).toContain("p: in");
  expect(svg).not.toContain("p: out");
});

test("a grid that is not rows × cols is refused", () => {
  expect(() => plotRaster({ values: [1, 2], rows: 1, cols: 3 }, { title: "t" })).toThrow(
    expect.objectContaining({ code: "BAD_INPUT" }),
  );
});

test("a confusion matrix says of each cell and class what it counts", () => {
  const svg = plotConfusion(confusionMatrix(["cat", "cat", "cat", "dog"], ["cat", "cat", "dog", "dog"]), {
    title: "Pets",
  });
  expect(svg).toContain("cat told to be dog: 1 of 3");
  expect(svg).toContain("66.7 %");
  expect(svg).toContain("100.0 %");
});
