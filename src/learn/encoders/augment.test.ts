import { describe, expect, test } from "vitest";
import { createRng, type Rng } from "../../core/index.ts";
import { augmentImages } from "./augment.ts";

const image = [6, 8, 3] as const;
const SIZE = 6 * 8 * 3;
const drawn = (seed = 1): Float32Array => {
  const rng = createRng(seed, "picture");
  return Float32Array.from({ length: SIZE }, () => Math.round(rng.next() * 255));
};
/** Gives these numbers one after another. */
const scripted = (...numbers: number[]): Rng => ({
  next: () => numbers.shift()!,
  below: () => numbers.shift()!,
  normal: () => 0,
  u32: () => 0,
});

describe("augmentation", () => {
  test("shifts by whole pixels, the edge going on beyond it", () => {
    const before = drawn();
    const row = before.slice();
    // Two down, one to the left; no turn, no change of size, no mirror.
    augmentImages({ image, shift: 2 })(row, scripted(1, 0.25, 0.5, 0.5));
    for (let y = 0; y < 6; y++) {
      for (let x = 0; x < 8; x++) {
        const from = (Math.max(0, y - 2) * 8 + Math.min(7, x + 1)) * 3;
        expect([...row.subarray((y * 8 + x) * 3, (y * 8 + x) * 3 + 3)]).toEqual([
          ...before.subarray(from, from + 3),
        ]);
      }
    }
  });

  test("mirrors left to right, and twice gives the image back", () => {
    const before = drawn();
    const row = before.slice();
    const flip = augmentImages({ image, flip: true });
    flip(row, scripted(0.5, 0.5, 0.5, 0.5, 0.1));
    expect([...row.subarray(0, 3)]).toEqual([...before.subarray(21, 24)]);
    flip(row, scripted(0.5, 0.5, 0.5, 0.5, 0.1));
    expect(row).toEqual(before);
  });

  test("half a turn brings the last pixel to the first place", () => {
    const before = drawn();
    const row = before.slice();
    augmentImages({ image, turn: 180 })(row, scripted(0.5, 0.5, 1, 0.5, 0.9));
    for (let i = 0; i < 48; i++) {
      for (let c = 0; c < 3; c++) expect(row[i * 3 + c]).toBeCloseTo(before[(47 - i) * 3 + c]!, 3);
    }
  });

  test("larger by half, the middle stays and edges go out of sight", () => {
    const ramp = Float32Array.from({ length: 49 }, (_, i) => (i % 7) * 10);
    augmentImages({ image: [7, 7, 1], scale: 0.5 })(ramp, scripted(0.5, 0.5, 0.5, 1, 0.9));
    expect([...ramp.subarray(0, 7)].map((x) => Math.round(x))).toEqual([10, 17, 23, 30, 37, 43, 50]);
  });

  test("hue leaves grey alone, and a whole turn every colour; no saturation is grey of the same luma", () => {
    const grey = new Float32Array(SIZE).fill(90);
    augmentImages({ image, hue: 180 })(grey, scripted(0.9, 0.5));
    for (const value of grey) expect(value).toBeCloseTo(90, 1);
    const before = Float32Array.from({ length: SIZE }, (_, i) => 100 + ((i * 7) % 30));
    const turned = before.slice();
    augmentImages({ image, hue: 360 })(turned, scripted(1, 0.5));
    for (let i = 0; i < SIZE; i++) expect(Math.abs(turned[i]! - before[i]!)).toBeLessThan(0.5);
    const faded = before.slice();
    augmentImages({ image, saturation: 1 })(faded, scripted(0.5, 0));
    const luma = 0.299 * before[0]! + 0.587 * before[1]! + 0.114 * before[2]!;
    for (let c = 0; c < 3; c++) expect(faded[c]).toBeCloseTo(luma, 3);
  });

  test("brightness lifts all values, contrast stretches them about their mean, both kept within the range", () => {
    const row = drawn();
    const before = row.slice();
    const mean = before.reduce((a, b) => a + b, 0) / SIZE;
    augmentImages({ image, brightness: 0.2, contrast: 0.5 })(row, scripted(1, 0));
    for (let i = 0; i < SIZE; i++) {
      const want = Math.min(255, Math.max(0, mean + (before[i]! - mean) * 0.5 + 51));
      expect(row[i]).toBeCloseTo(want, 3);
    }
  });

  test("edges: a filter without a mean leaves flat areas alone and changes edges by what its weights say", () => {
    const flat = new Float32Array(SIZE).fill(77);
    const augment = augmentImages({ image, edges: 0.5 });
    augment(flat, createRng(3));
    for (const value of flat) expect(value).toBeCloseTo(77, 3);
    const dot = new Float32Array(SIZE).fill(100);
    const at = (2 * 8 + 3) * 3;
    dot[at] = 110;
    augment(dot, createRng(3));
    // Neighbours of the dot take the weights, turned about the middle; the sum of all changes is 0.
    const rng = createRng(3);
    const weights = Array.from({ length: 9 }, () => 0.5 * rng.normal());
    const mean = weights.reduce((a, b) => a + b) / 9;
    for (let tap = 0; tap < 9; tap++) {
      const place = at - ((Math.floor(tap / 3) - 1) * 8 + (tap % 3) - 1) * 3;
      expect(dot[place]).toBeCloseTo((tap === 4 ? 110 : 100) + (weights[tap]! - mean) * 10, 3);
    }
    expect(dot[at + 1]).toBeCloseTo(100, 3);
  });

  test("cutout covers one square, also where it sticks out", () => {
    const row = new Float32Array(SIZE).fill(1);
    augmentImages({ image, cutout: 3, fill: 0 })(row, scripted(2, 9));
    const covered = [...row.keys()].filter((i) => row[i] === 0).map((i) => Math.floor(i / 3));
    // Top at 2 − 3 = −1, left at 9 − 3 = 6: rows 0 and 1, columns 6 and 7.
    expect([...new Set(covered)]).toEqual([6, 7, 14, 15]);
  });

  test("everything at once: the same numbers give the same image, values stay in range", () => {
    const augment = augmentImages({
      ...{ image, shift: 3, turn: 30, scale: 0.4, flip: true, cutout: 3 },
      ...{ brightness: 0.5, contrast: 0.8, hue: 60, saturation: 1 },
    });
    for (let seed = 0; seed < 20; seed++) {
      const [a, b] = [drawn(seed), drawn(seed)];
      augment(a, createRng(seed));
      augment(b, createRng(seed));
      expect(a).toEqual(b);
      expect(a.every((value) => value >= 0 && value <= 255)).toBe(true);
      expect(a).not.toEqual(drawn(seed));
    }
    expect(() => augmentImages({ image, shift: -1 })).toThrow(/shift is -1/);
    const still = drawn();
    augmentImages({ image })(still, createRng(1));
    expect(still).toEqual(drawn());
  });
});
