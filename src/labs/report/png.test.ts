import { inflateSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { encodePng } from "./png.ts";

interface Chunk {
  type: string;
  data: Buffer;
  crc: number;
}

function chunks(png: Uint8Array): Chunk[] {
  const bytes = Buffer.from(png);
  const out: Chunk[] = [];
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    out.push({
      type: bytes.toString("latin1", at + 4, at + 8),
      data: bytes.subarray(at + 8, at + 8 + length),
      crc: bytes.readUInt32BE(at + 8 + length),
    });
    at += 12 + length;
  }
  return out;
}

test("a reader written from the format finds the pixels again", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      fc.infiniteStream(fc.nat(255)),
      (w, h, s) => {
        const pixels = Uint8Array.from({ length: w * h * 3 }, () => s.next().value);
        const png = encodePng(pixels, w, h);
        expect([...png.subarray(0, 8)]).toEqual([137, 80, 78, 71, 13, 10, 26, 10]);
        const [header, image, end] = chunks(png);
        expect([header!.type, image!.type, end!.type]).toEqual(["IHDR", "IDAT", "IEND"]);
        expect([header!.data.readUInt32BE(0), header!.data.readUInt32BE(4)]).toEqual([w, h]);
        expect([...header!.data.subarray(8)]).toEqual([8, 2, 0, 0, 0]);
        const lines = inflateSync(image!.data);
        for (let y = 0; y < h; y++) {
          expect(lines[y * (w * 3 + 1)]).toBe(0);
          const line = lines.subarray(y * (w * 3 + 1) + 1, (y + 1) * (w * 3 + 1));
          expect([...line]).toEqual([...pixels.subarray(y * w * 3, (y + 1) * w * 3)]);
        }
      },
    ),
  );
});

test("the checksum of the closing chunk is the one every PNG ends with", () => {
  const end = chunks(encodePng(new Uint8Array(3), 1, 1)).at(-1)!;
  expect(end.crc.toString(16)).toBe("ae426082");
});
