import { expect, test } from "vitest";
import { wellFormed } from "../../../test/helpers/svg.ts";
import { plotRecallQps, type Series } from "./recall-qps.ts";

const series = (name: string, points: [number, number][]): Series => ({
  name,
  points: points.map(([recall, qps]) => ({ recall, qps, params: { efSearch: 20 } })),
});

test("names with markup, control characters and broken surrogates stay text", () => {
  const svg = plotRecallQps([series('<script>"&\u0000\ud800', [[0.9, 100]])], { title: "a < b & c" });
  expect(wellFormed(svg)).toBe(true);
  expect(svg).not.toContain("<script");
  expect(svg).toContain("&#60;script&#62;&#34;&#38;\ufffd\ufffd");
});

test("every point is drawn, and those behind the front are faint", () => {
  const svg = plotRecallQps([
    series("a", [
      [0.8, 100],
      [0.9, 90],
      [0.85, 50],
    ]),
    series("b", [[1, 10]]),
  ]);
  expect(wellFormed(svg)).toBe(true);
  expect(svg.match(/<title>/g)).toHaveLength(4);
  expect(svg.match(/opacity="0.35"/g)).toHaveLength(1);
});

test("a better point is farther right, a faster one higher", () => {
  const svg = plotRecallQps([
    series("a", [
      [0.8, 1000],
      [0.99, 100],
    ]),
  ]);
  const marks = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"[^>]*><title>/g)].map((m) => [
    +m[1]!,
    +m[2]!,
  ]);
  expect(marks).toHaveLength(2);
  expect(marks[1]![0]).toBeGreaterThan(marks[0]![0]!);
  expect(marks[1]![1]).toBeGreaterThan(marks[0]![1]!);
});

test("nothing in it needs a network, a script or a font file", () => {
  const svg = plotRecallQps([series("a", [[0.8, 1000]])]);
  expect(svg.replace("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:|<script|url\(|@import|href/);
});

test("no series at all gives an empty plot, not a failure", () => {
  const svg = plotRecallQps([]);
  expect(wellFormed(svg)).toBe(true);
  expect(svg).not.toContain("NaN");
});
