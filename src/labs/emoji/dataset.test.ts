import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isVicinalError, type Progress } from "../../core/index.ts";
import { decode, encode } from "./cache.ts";
import { type EmojiSet, loadEmoji } from "./dataset.ts";
import { createRenderer } from "./renderer.ts";
import { openDrawings, openStyle, packageFolder } from "./styles.ts";
import { pixelVectors } from "./vectors.ts";

const dir = mkdtempSync(join(tmpdir(), "vicinal-emoji-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

describe("renderer", () => {
  const twemoji = openDrawings(openStyle("twemoji"));
  const noto = openDrawings(openStyle("noto"));

  test("a red circle has its own red in the middle and white in the corners", async () => {
    const svg = twemoji.svg("red-circle", 32);
    const [, hex] = /fill="#([0-9a-f]{6})"/i.exec(svg)!;
    const red = [0, 2, 4].map((at) => Number.parseInt(hex!.slice(at, at + 2), 16));
    const picture = (await (await createRenderer()).draw(svg, 32)) as Uint8Array;
    expect(picture.length).toBe(32 * 32 * 3);
    const pixel = (x: number, y: number): number[] => [
      ...picture.subarray((y * 32 + x) * 3, (y * 32 + x) * 3 + 3),
    ];
    expect(pixel(16, 16)).toEqual(red);
    for (const corner of [0, 31]) expect(pixel(corner, corner)).toEqual([255, 255, 255]);
  });

  test("another engine draws the same bytes", async () => {
    const [a, b] = [await createRenderer(), await createRenderer()];
    for (const name of ["red-apple", "dog-face", "flag-france", "clown-face"]) {
      const first = await a.draw(twemoji.svg(name, 32), 32);
      expect(await b.draw(twemoji.svg(name, 32), 32), name).toEqual(first);
    }
  });

  test("two drawings of noto stop the engine; the next drawing comes out as from a fresh one", async () => {
    const fresh = await createRenderer();
    const used = await createRenderer();
    for (const trap of ["package", "rainbow-flag"]) {
      expect(await used.draw(noto.svg(trap, 32), 32), trap).toEqual({ why: "unreachable" });
      for (const name of ["grinning-face", "red-apple", "flag-in-hole"]) {
        expect(await used.draw(noto.svg(name, 32), 32), name).toEqual(
          await fresh.draw(noto.svg(name, 32), 32),
        );
      }
    }
  });

  test("markup that is no SVG is reported, not thrown", async () => {
    const answer = await (await createRenderer()).draw("<svg", 32);
    expect(answer).not.toBeInstanceOf(Uint8Array);
  });
});

describe("loadEmoji", () => {
  const styles = ["noto"] as const;
  let first: EmojiSet;
  beforeAll(async () => {
    first = await loadEmoji({ styles, cacheDir: dir });
  });

  test("lists the two drawings it cannot make, and has all others", () => {
    expect(first.skipped.map(({ name }) => name)).toEqual(["package", "rainbow-flag"]);
    expect(first.drawings.length).toBe(1687);
    expect(first.rendered).toBe(1687);
    expect(first.pixels.length).toBe(1687 * 32 * 32 * 3);
    expect(first.drawings.some(({ name }) => name === "package" || name === "rainbow-flag")).toBe(false);
  });

  test("a second call renders nothing and gives the same set", async () => {
    const second = await loadEmoji({ styles, cacheDir: dir });
    expect(second.rendered).toBe(0);
    expect({ ...second, rendered: first.rendered, pixels: digest(second.pixels) }).toEqual({
      ...first,
      pixels: digest(first.pixels),
    });
  });

  test("picture i is of drawing i", async () => {
    const renderer = await createRenderer();
    const source = openDrawings(openStyle("noto"));
    for (const i of [0, 700, 1686]) {
      const alone = await renderer.draw(source.svg(first.drawings[i]!.name, 32), 32);
      expect(first.pixels.subarray(i * 3072, (i + 1) * 3072)).toEqual(alone);
    }
  });

  test("a damaged, shortened or foreign cache file is drawn again and mended", async () => {
    const cacheDir = join(dir, "damaged");
    const whole = await loadEmoji({ styles: ["emojione"], cacheDir });
    const [file] = readdirSync(cacheDir);
    const path = join(cacheDir, file!);
    const kept = readFileSync(path);
    const flipped = Buffer.from(kept);
    flipped[kept.length >> 1]! ^= 1;
    const foreign = encode({ names: ["x"], skipped: [], pixels: new Uint8Array(3072) });
    for (const bytes of [flipped, kept.subarray(0, kept.length - 1000), Buffer.from("hello"), foreign]) {
      writeFileSync(path, bytes);
      const again = await loadEmoji({ styles: ["emojione"], cacheDir });
      expect(again.rendered).toBe(1409);
      expect(digest(again.pixels)).toBe(digest(whole.pixels));
      expect(readFileSync(path).equals(kept)).toBe(true);
    }
    expect(readdirSync(cacheDir)).toEqual([file]);
  });

  test("a cache folder that cannot be made is no failure", async () => {
    const blocked = join(dir, "file");
    writeFileSync(blocked, "");
    const set = await loadEmoji({ styles: ["emojione"], cacheDir: join(blocked, "sub") });
    expect(set.drawings.length).toBe(1409);
    rmSync(blocked);
  });

  test("progress climbs to the number of drawings", async () => {
    const seen: Progress[] = [];
    const into = join(dir, "progress");
    await loadEmoji({ styles: ["emojione"], cacheDir: into, onProgress: (p) => seen.push(p) });
    expect(seen.length).toBeGreaterThan(2);
    for (const [i, p] of seen.entries()) {
      expect(p.total).toBe(1409);
      if (i > 0) expect(p.done).toBeGreaterThanOrEqual(seen[i - 1]!.done);
    }
    expect(seen.at(-1)!.done).toBe(1409);
  });

  test("an abort while drawing rejects with its reason and leaves no cache file", async () => {
    const into = join(dir, "aborted");
    const controller = new AbortController();
    const reason = new Error("enough");
    const job = loadEmoji({
      styles: ["twemoji"],
      cacheDir: into,
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    });
    await expect(job).rejects.toBe(reason);
    expect(() => readdirSync(into)).toThrow();
  });

  test("unknown styles, no styles and bad sizes are refused", async () => {
    const refused = async (options: object): Promise<void> => {
      const error = await loadEmoji({ cacheDir: dir, ...options }).catch((e: unknown) => e);
      expect(isVicinalError(error, "OPTION_RANGE"), JSON.stringify(options)).toBe(true);
    };
    await refused({ styles: ["apple"] });
    await refused({ styles: [] });
    await refused({ size: 0 });
    await refused({ size: 12.5 });
  });

  test("a package that is not installed is named with the command that installs it", () => {
    try {
      packageFolder("@iconify-json/not-a-style", "The emoji style");
      expect.unreachable();
    } catch (error) {
      expect(isVicinalError(error, "DEPENDENCY_MISSING")).toBe(true);
      expect((error as Error).message).toContain("npm install @iconify-json/not-a-style");
    }
  });
});

describe("cache file", () => {
  const sample = encode({
    names: ["a", "b"],
    skipped: [{ name: "c", why: "unreachable" }],
    pixels: Uint8Array.from({ length: 2 * 2 * 2 * 3 }, (_, i) => i * 7),
  });

  test("decodes to what was encoded", () => {
    expect(decode(sample, 2)).toEqual({
      names: ["a", "b"],
      skipped: [{ name: "c", why: "unreachable" }],
      pixels: Uint8Array.from({ length: 24 }, (_, i) => i * 7),
    });
  });

  test("any changed bit and any truncation is refused", () => {
    fc.assert(
      fc.property(fc.nat(sample.length - 1), fc.nat(7), (at, bit) => {
        const damaged = Uint8Array.from(sample);
        damaged[at]! ^= 1 << bit;
        expect(decode(damaged, 2)).toBeUndefined();
      }),
    );
    for (let n = 0; n < sample.length; n++) expect(decode(sample.subarray(0, n), 2)).toBeUndefined();
    expect(decode(sample, 4)).toBeUndefined();
  });
});

describe("pixelVectors", () => {
  const picture = Uint8Array.from({ length: 8 * 8 * 3 }, (_, i) => (i * 37) % 256);
  const set = {
    size: 8,
    drawings: [0, 1],
    pixels: new Uint8Array([...picture, ...picture.map((v) => 255 - v)]),
  } as unknown as EmojiSet;

  test("are the means of square blocks, channel by channel", () => {
    const vectors = pixelVectors(set, { side: 4 });
    expect([vectors.rows, vectors.cols]).toEqual([2, 48]);
    for (let y = 0; y < 4; y++) {
      for (let x = 0; x < 4; x++) {
        for (let c = 0; c < 3; c++) {
          let sum = 0;
          for (const dy of [0, 1])
            for (const dx of [0, 1]) sum += picture[((2 * y + dy) * 8 + 2 * x + dx) * 3 + c]!;
          expect(vectors.data[(y * 4 + x) * 3 + c]).toBe(sum / 4);
          expect(vectors.data[48 + (y * 4 + x) * 3 + c]).toBe(255 - sum / 4);
        }
      }
    }
  });

  test("of the full size are the pixels, of chosen rows in the order given", () => {
    const vectors = pixelVectors(set, { side: 8, rows: [1, 0, 1] });
    expect(vectors.rows).toBe(3);
    expect([...vectors.data.subarray(192, 384)]).toEqual([...picture]);
    expect([...vectors.data.subarray(384)]).toEqual([...vectors.data.subarray(0, 192)]);
  });

  test("refuse a side that does not divide the size", () => {
    for (const side of [3, 0, 16, 2.5]) {
      expect(() => pixelVectors(set, { side })).toThrow(
        expect.objectContaining({ code: "OPTION_RANGE" }) as Error,
      );
    }
  });
});
