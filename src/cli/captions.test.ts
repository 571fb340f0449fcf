import { expect, test } from "vitest";
import { DENOISERS } from "../apply/index.ts";
import { below, caption } from "./captions.ts";

/** A caption as it looks, one character a pixel. */
function drawn(lines: readonly string[], width: number, channels = 1): string[] {
  const image = caption(lines, width, channels);
  return Array.from({ length: image.height }, (_, y) =>
    Array.from({ length: width }, (_, x) => {
      const pixel = image.data.subarray((y * width + x) * channels, (y * width + x + 1) * channels);
      if (channels === 4) expect(pixel[3]).toBe(1);
      return pixel[0] === 0 ? "#" : ".";
    }).join(""),
  );
}

test("letters are those drawn here, line below line", () => {
  expect(drawn(["n3", "4 B"], 17)).toEqual([
    ".................",
    ".................",
    "......#####......",
    ".........#.......",
    "####....#........",
    "#...#....#.......",
    "#...#.....#......",
    "#...#.#...#......",
    "#...#..###.......",
    ".................",
    ".................",
    ".................",
    ".................",
    "...#........####.",
    "..##........#...#",
    ".#.#........#...#",
    "#..#........####.",
    "#####.......#...#",
    "...#........#...#",
    "...#........####.",
    ".................",
    ".................",
    ".................",
    ".................",
  ]);
});

test("a letter that does not fit whole is left out; on colours alpha stays opaque", () => {
  expect(drawn(["nn"], 10)).toEqual(drawn(["n"], 10));
  expect(drawn(["nn"], 11)).not.toEqual(drawn(["n"], 11));
  expect(drawn(["nn"], 30, 4)).toEqual(drawn(["nn"], 30));
  expect(drawn(["nn"], 3)).toEqual(drawn([""], 3));
});

test("dots grow with the picture", () => {
  const small = drawn(["d"], 10);
  const large = drawn(["d"], 240);
  expect(large).toHaveLength(2 * small.length);
  large.forEach((row, y) => {
    const wide = [...small[y >> 1]!.slice(0, 5)].map((dot) => dot + dot).join("");
    expect(row.slice(0, 10)).toBe(wide);
  });
});

test("whatever a comparison writes has letters of its own", () => {
  const words = ["clean", "noisy", ...DENOISERS.map(({ name }) => name), "0123456789.-dB"];
  const seen = new Set<string>();
  for (const letter of new Set(words.join(""))) {
    const art = drawn([letter], 5).join("\n");
    expect(art, letter).toContain("#");
    seen.add(art);
  }
  expect(seen.size).toBe(new Set(words.join("")).size);
});

test("a caption below a picture leaves the picture as it is", () => {
  const image = { width: 7, height: 2, channels: 2, data: Float32Array.from({ length: 28 }, (_, i) => i) };
  const made = below(image, caption(["x"], 7, 2));
  expect(made.height).toBe(2 + 13);
  expect(made.data.subarray(0, 28)).toEqual(image.data);
  expect(made.data).toHaveLength(7 * 15 * 2);
});
