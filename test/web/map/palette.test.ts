import { expect, test } from "vitest";

// By way of a variable: pages are not type-checked together with tests, which have no document.
const module = "../../../web/src/parts/palette.ts";
type Colour = readonly [number, number, number];
const { categoryColours, otherColour, scaleColour } = (await import(/* @vite-ignore */ module)) as {
  categoryColours(theme: "light" | "dark"): Colour[];
  otherColour(theme: "light" | "dark"): Colour;
  scaleColour(share: number, theme: "light" | "dark"): Colour;
};

/** Normal sight, and the whole loss of red, green or blue, in linear light (Machado, Oliveira, Fernandes 2009). */
const SIGHTS: Record<string, number[][]> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};
const times = (m: number[][], v: readonly number[]): number[] =>
  m.map((row) => row.reduce((sum, value, i) => sum + value * v[i]!, 0));
const linear = (colour: Colour): number[] =>
  colour.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
/** Ottosson's OKLab (2020). */
function oklab(light: readonly number[]): number[] {
  const cones = times(
    [
      [0.4122214708, 0.5363325363, 0.0514459929],
      [0.2119034982, 0.6806995451, 0.1073969566],
      [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    light.map((value) => Math.min(1, Math.max(0, value))),
  );
  return times(
    [
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766],
    ],
    cones.map(Math.cbrt),
  );
}

for (const theme of ["light", "dark"] as const) {
  for (const [sight, matrix] of Object.entries(SIGHTS)) {
    test(`${theme}: ten colours and grey are told apart by ${sight} sight`, () => {
      const all = [...categoryColours(theme), otherColour(theme)].map((c) => oklab(times(matrix, linear(c))));
      expect(all).toHaveLength(11);
      let closest = Number.POSITIVE_INFINITY;
      for (const [i, a] of all.entries()) {
        for (const b of all.slice(0, i))
          closest = Math.min(closest, Math.hypot(...a.map((v, c) => v - b[c]!)));
      }
      expect(closest).toBeGreaterThan(0.065);
    });
  }

  test(`${theme}: the scale grows lighter all the way`, () => {
    const lightness = Array.from({ length: 21 }, (_, i) => oklab(linear(scaleColour(i / 20, theme)))[0]!);
    expect(lightness).toEqual([...lightness].sort((a, b) => a - b));
    expect(lightness[20]! - lightness[0]!).toBeGreaterThan(0.4);
  });
}
