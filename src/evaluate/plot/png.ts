import { joinBytes } from "../../core/bytes.ts";
import { crc32 } from "../../core/crc32.ts";

/** Up to 256 colours as red, green, blue, alpha bytes. */
export type Palette = readonly (readonly [r: number, g: number, b: number, a: number])[];

/**
 * A picture of few colours as a PNG inside a URI, made without any help of the runtime.
 *
 * @param pixels numbers of colours, width × height, row-major
 * @see ISO/IEC 15948 §11; RFC 1951 §3.2.6
 */
export function indexedPngUri(pixels: Uint8Array, width: number, height: number, palette: Palette): string {
  const bytes = indexedPng(pixels, width, height, palette);
  let text = "";
  for (let i = 0; i < bytes.length; i += 4096) text += String.fromCharCode(...bytes.subarray(i, i + 4096));
  return `data:image/png;base64,${btoa(text)}`;
}

export function indexedPng(pixels: Uint8Array, width: number, height: number, palette: Palette): Uint8Array {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, 3], 8);
  const lines = new Uint8Array(height * (width + 1));
  for (let y = 0; y < height; y++) {
    lines.set(pixels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  }
  return joinBytes([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", header),
    chunk("PLTE", Uint8Array.from(palette.flatMap((color) => color.slice(0, 3)))),
    chunk(
      "tRNS",
      Uint8Array.from(palette, ([, , , a]) => a),
    ),
    chunk("IDAT", zlib(lines, width + 1)),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const out = new Uint8Array(data.length + 12);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length);
  for (let i = 0; i < 4; i++) out[4 + i] = type.charCodeAt(i);
  out.set(data, 8);
  view.setUint32(data.length + 8, crc32(out.subarray(4, data.length + 8)));
  return out;
}

/** Bits in the order of deflate: the first is the lowest of its byte. */
class BitWriter {
  readonly bytes: number[] = [];
  #held = 0;
  #bits = 0;

  /** `count` bits of `value`, lowest first. */
  put(value: number, count: number): void {
    this.#held |= value << this.#bits;
    this.#bits += count;
    while (this.#bits >= 8) {
      this.bytes.push(this.#held & 255);
      this.#held >>>= 8;
      this.#bits -= 8;
    }
  }

  /** A code of a Huffman tree, which goes highest bit first. */
  code(value: number, count: number): void {
    let turned = 0;
    for (let i = 0; i < count; i++) turned |= ((value >> i) & 1) << (count - 1 - i);
    this.put(turned, count);
  }

  flush(): void {
    if (this.#bits > 0) this.put(0, 8 - this.#bits);
  }
}

/**
 * A zlib stream of one block with the fixed codes. Matches are looked for at two distances alone, the pixel to the left
 * and the one above, which is what areas of one colour need.
 */
function zlib(data: Uint8Array, line: number): Uint8Array {
  const out = new BitWriter();
  out.put(0x0178, 16);
  out.put(0b011, 3);
  const distances = line <= 32768 && line > 1 ? [line, 1] : [1];
  for (let at = 0; at < data.length; ) {
    let best = 0;
    let from = 0;
    for (const distance of distances) {
      const length = matchLength(data, at, distance);
      if (length > best) [best, from] = [length, distance];
    }
    if (best < 3) {
      literal(out, data[at]!);
      at++;
      continue;
    }
    matched(out, best, from);
    at += best;
  }
  literal(out, 256);
  out.flush();
  let a = 1;
  let b = 0;
  for (const byte of data) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  out.bytes.push(b >> 8, b & 255, a >> 8, a & 255);
  return Uint8Array.from(out.bytes);
}

function matchLength(data: Uint8Array, at: number, distance: number): number {
  if (at < distance) return 0;
  const most = Math.min(258, data.length - at);
  let length = 0;
  while (length < most && data[at + length] === data[at + length - distance]) length++;
  return length;
}

function literal(out: BitWriter, symbol: number): void {
  if (symbol < 144) out.code(0x30 + symbol, 8);
  else if (symbol < 256) out.code(0x190 + symbol - 144, 9);
  else if (symbol < 280) out.code(symbol - 256, 7);
  else out.code(0xc0 + symbol - 280, 8);
}

function matched(out: BitWriter, length: number, distance: number): void {
  if (length === 258) literal(out, 285);
  else {
    const [step, extra, rest] = spread(length - 3, 4);
    literal(out, 257 + step);
    out.put(rest, extra);
  }
  const [step, extra, rest] = spread(distance - 1, 2);
  out.code(step, 5);
  out.put(rest, extra);
}

/** Deflate's classes of lengths (4 to an octave) and distances (2 to an octave): class, extra bits, their value. */
function spread(value: number, perOctave: number): [number, number, number] {
  if (value < 2 * perOctave) return [value, 0, 0];
  const extra = 31 - Math.clz32(value / perOctave);
  const step = Math.floor(value / 2 ** extra);
  return [extra * perOctave + step, extra, value - step * 2 ** extra];
}
