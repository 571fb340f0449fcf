import { promisify } from "node:util";
import { deflate, deflateSync } from "node:zlib";

const deflateAsync: (bytes: Uint8Array) => Promise<Uint8Array> = promisify(deflate);

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/**
 * An RGB picture as a PNG file (8 bits a channel, no interlace).
 *
 * @param pixels width × height × 3 bytes, row-major
 * @see ISO/IEC 15948 §11
 */
export function encodePng(pixels: Uint8Array, width: number, height: number): Uint8Array {
  return file(width, height, 3, deflateSync(filtered(pixels, width * 3, height), { level: 9 }));
}

/** The same, grey (1) or RGB (3), packed on another thread and less tightly: for who waits for it. */
export async function encodePngAsync(
  pixels: Uint8Array,
  width: number,
  height: number,
  channels: 1 | 3,
): Promise<Uint8Array<ArrayBuffer>> {
  return file(width, height, channels, await deflateAsync(filtered(pixels, width * channels, height)));
}

/** Lines with filter 0 before each: flat drawings deflate best as they are. */
function filtered(pixels: Uint8Array, line: number, height: number): Uint8Array {
  const lines = new Uint8Array(height * (line + 1));
  for (let y = 0; y < height; y++) {
    lines.set(pixels.subarray(y * line, (y + 1) * line), y * (line + 1) + 1);
  }
  return lines;
}

function file(width: number, height: number, channels: 1 | 3, packed: Uint8Array): Uint8Array<ArrayBuffer> {
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, 8);
  header.setUint8(9, channels === 3 ? 2 : 0);
  const parts = [
    SIGNATURE,
    chunk("IHDR", new Uint8Array(header.buffer)),
    chunk("IDAT", packed),
    chunk("IEND", new Uint8Array(0)),
  ];
  return Buffer.concat(parts);
}

/** The PNG as a URI that a page can carry inside itself. */
export function pngUri(pixels: Uint8Array, width: number, height: number): string {
  return `data:image/png;base64,${Buffer.from(encodePng(pixels, width, height)).toString("base64")}`;
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const out = Buffer.alloc(data.length + 12);
  out.writeUInt32BE(data.length, 0);
  out.write(type, 4, "latin1");
  out.set(data, 8);
  out.writeUInt32BE(crc32(out.subarray(4, data.length + 8)), data.length + 8);
  return out;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

/** CRC-32 of ISO 3309, as PNG wants it (Node's own needs a later Node than the floor). */
function crc32(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes) c = TABLE[(c ^ byte) & 255]! ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}
