import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readImage, readImageFolder } from "../../src/data/index.ts";
import { build } from "../../src/index.ts";

const sharp = await import("sharp").then(
  (module) => module.default,
  () => undefined,
);
if (sharp === undefined) console.warn("skipped: pictures, since the optional package sharp is not installed");

/** A PNG file by hand: 8 bits a channel, no filter. `says` overrides the size that its header states. */
function png(
  width: number,
  height: number,
  channels: 1 | 3 | 4,
  pixels: Uint8Array,
  says: [number, number] = [width, height],
): Uint8Array {
  const chunk = (name: string, body: Uint8Array): Buffer => {
    const out = Buffer.alloc(12 + body.length);
    out.writeUInt32BE(body.length, 0);
    out.write(name, 4, "latin1");
    out.set(body, 8);
    out.writeUInt32BE(checksum(out.subarray(4, 8 + body.length)), 8 + body.length);
    return out;
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(says[0], 0);
  header.writeUInt32BE(says[1], 4);
  header.set([8, { 1: 0, 3: 2, 4: 6 }[channels]], 8);
  const lines = Buffer.alloc(height * (1 + width * channels));
  for (let y = 0; y < height; y++) {
    lines.set(
      pixels.subarray(y * width * channels, (y + 1) * width * channels),
      y * (1 + width * channels) + 1,
    );
  }
  const magic = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  return Buffer.concat([
    magic,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(lines)),
    chunk("IEND", new Uint8Array()),
  ]);
}

/** CRC-32 (zlib's own is newer than the oldest Node served). */
function checksum(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** A picture that deflate cannot shrink. */
const noisy = png(
  40,
  40,
  3,
  Uint8Array.from({ length: 4800 }, (_, i) => Math.imul(i * i + 1, 0x9e3779b1) >>> 21),
);

/** One plain colour. */
function plain(width: number, height: number, colour: readonly number[]): Uint8Array {
  return Uint8Array.from({ length: width * height * colour.length }, (_, i) => colour[i % colour.length]!);
}

describe.skipIf(sharp === undefined)("pictures", () => {
  const folder = mkdtempSync(join(tmpdir(), "vicinal-images-"));
  beforeAll(() => {
    mkdirSync(join(folder, "more"));
    writeFileSync(join(folder, "red.png"), png(5, 3, 3, plain(5, 3, [255, 0, 0])));
    writeFileSync(join(folder, "grey.PNG"), png(2, 9, 1, plain(2, 9, [128])));
    writeFileSync(join(folder, "more", "clear.png"), png(4, 4, 4, plain(4, 4, [0, 0, 255, 0])));
    writeFileSync(join(folder, "notes.txt"), "no picture");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each([1, 3, 4] as const)("of PNG with %d channels are decoded to the very bytes", async (channels) => {
    const pixels = Uint8Array.from({ length: 6 * channels }, (_, i) =>
      channels === 4 && i % 4 === 3 ? 200 : (i * 37) & 255,
    );
    expect(await readImage(png(3, 2, channels, pixels))).toEqual({
      ...{ width: 3, height: 2, channels },
      data: pixels,
    });
  });

  test.each(["jpeg", "webp"] as const)("of %s have their size and about their colour", async (format) => {
    const bytes = await sharp!(png(8, 6, 3, plain(8, 6, [200, 100, 50])))
      .toFormat(format)
      .toBuffer();
    const { width, height, channels, data } = await readImage(bytes);
    expect([width, height, channels]).toEqual([8, 6, 3]);
    for (const [c, want] of [200, 100, 50].entries()) expect(Math.abs(data[c]! - want)).toBeLessThan(12);
  });

  test("are turned upright as their EXIF data say", async () => {
    const sideways = sharp!(png(8, 6, 3, plain(8, 6, [9, 9, 9]))).withMetadata({ orientation: 6 });
    expect(await readImage(await sideways.jpeg().toBuffer())).toMatchObject({ width: 6, height: 8 });
  });

  test("too large by their header are refused before they are decoded", async () => {
    const bomb = png(1, 1, 1, plain(1, 1, [0]), [20_000, 20_000]);
    await expect(readImage(bomb)).rejects.toMatchObject({ code: "LIMIT", params: { got: 4e8, limit: 1e8 } });
    const small = png(3, 3, 1, plain(3, 3, [0]));
    await expect(readImage(small, { limits: { maxPixels: 8 } })).rejects.toMatchObject({ code: "LIMIT" });
  });

  test.each([
    ["empty", new Uint8Array()],
    [
      "of another format that sharp knows",
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'),
    ],
    ["cut short", noisy.subarray(0, noisy.length >> 1)],
    ["damaged", noisy.map((byte, i) => (i === noisy.length >> 1 ? byte ^ 1 : byte))],
    ["a header alone", Buffer.from("\x89PNG\r\n\x1a\n", "latin1")],
  ])("%s are refused as FORMAT", async (_, bytes) => {
    await expect(readImage(bytes, { name: "x.png" })).rejects.toMatchObject({ code: "FORMAT" });
  });

  test("of a folder become rows of equal size, named by their files, in order", async () => {
    const table = await readImageFolder(folder, { size: 2 });
    expect(table.keys).toEqual(["grey.PNG", "more/clear.png", "red.png"]);
    expect(table.rowShape).toEqual([2, 2, 3]);
    expect(table.data).toMatchObject({ rows: 3, cols: 12, stride: 12 });
    const [grey, white, red] = [
      plain(2, 2, [128, 128, 128]),
      plain(2, 2, [255, 255, 255]),
      plain(2, 2, [255, 0, 0]),
    ];
    expect(Array.from(table.data.data)).toEqual([...grey, ...white, ...red]);
    const index = await build(table.data, { keys: table.keys });
    expect(index.search(red, { k: 1 }).keys(0)).toEqual(["red.png"]);
    index.close();
  });

  test("of a folder in grey have one channel", async () => {
    const { data, rowShape } = await readImageFolder(folder, { size: 3, grey: true });
    expect(rowShape).toEqual([3, 3]);
    expect(data.cols).toBe(9);
    expect(data.data[0]).toBe(128);
    expect(data.data[9]).toBe(255);
  });

  test("that are not there, or of no use, are refused", async () => {
    const none = join(folder, "none");
    await expect(readImageFolder(none)).rejects.toMatchObject({ code: "FILE" });
    await expect(readImage(join(folder, "none.png"))).rejects.toMatchObject({ code: "FILE" });
    await expect(readImageFolder(folder, { size: 0 })).rejects.toMatchObject({ code: "OPTION_RANGE" });
    mkdirSync(none);
    await expect(readImageFolder(none)).rejects.toMatchObject({ code: "BAD_INPUT" });
    writeFileSync(join(none, "broken.png"), "no picture");
    await expect(readImageFolder(none)).rejects.toMatchObject({ code: "FORMAT" });
    rmSync(none, { recursive: true });
  });

  test("stop being read when asked to", async () => {
    const stop = new AbortController();
    const reading = readImageFolder(folder, {
      signal: stop.signal,
      onProgress: () => stop.abort(new Error("enough")),
    });
    await expect(reading).rejects.toThrow("enough");
  });
});
