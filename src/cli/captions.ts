import type { FloatImage } from "../apply/index.ts";

/** Letters of five by nine dots, the lower two for tails; a row is one digit of base 32, its dots from the left. */
const GLYPHS: Readonly<Record<string, string>> = {
  ...{ a: "00e1fhf00", b: "gguhhhu00", c: "00fgggf00", d: "11fhhhf00", e: "00ehvge00", f: "68s888800" },
  ...{ g: "00fhhhf1e", h: "gguhhhh00", i: "40c444e00", j: "2062222ic", k: "ggikoki00", l: "c44444e00" },
  ...{ m: "00qllll00", n: "00uhhhh00", o: "00ehhhe00", p: "00uhhhugg", q: "00fhhhf11", r: "00moggg00" },
  ...{ s: "00fge1u00", t: "88s888600", u: "00hhhhf00", v: "00hhha400", w: "00hllla00", x: "00ha4ah00" },
  ...{ y: "00hhhhf1e", z: "00v248v00", B: "uhhuhhu00", ".": "00000cc00", "-": "000e00000" },
  ...{ "0": "ehjlphe00", "1": "4c4444e00", "2": "eh1248v00", "3": "v2421he00", "4": "26aiv2200" },
  ...{ "5": "vgu11he00", "6": "68guhhe00", "7": "v12488800", "8": "ehhehhe00", "9": "ehhf12c00" },
};
const ROWS = 9;
/** Dots from one letter to the next, and from one line to the next. */
const ADVANCE = 6;
const LINE = 11;
/** A panel of so many pixels gets dots of one more pixel. */
const PER_DOT = 120;
const LARGEST_DOT = 4;

/** Lines of text in black on white, as wide as a picture; letters that do not fit are left out, unknown ones are blank. */
export function caption(lines: readonly string[], width: number, channels: number): FloatImage {
  const dot = Math.min(Math.max(1, Math.floor(width / PER_DOT)), LARGEST_DOT);
  const height = lines.length * LINE * dot + 2 * dot;
  const data = new Float32Array(width * height * channels).fill(1);
  const colours = channels > 2 ? 3 : 1;
  const black = (x: number, y: number): void => {
    const from = (y * width + x) * channels;
    data.fill(0, from, from + colours);
  };
  const most = Math.floor((width + dot) / (ADVANCE * dot));
  for (const [l, line] of lines.entries()) {
    for (const [c, letter] of [...line].slice(0, most).entries()) {
      const glyph = GLYPHS[letter];
      if (glyph === undefined) continue;
      for (let i = 0; i < ROWS * dot; i++) {
        const bits = Number.parseInt(glyph[Math.floor(i / dot)]!, 32);
        for (let j = 0; j < 5 * dot; j++) {
          if ((bits >> (4 - Math.floor(j / dot))) & 1)
            black(c * ADVANCE * dot + j, l * LINE * dot + 2 * dot + i);
        }
      }
    }
  }
  return { width, height, channels, data };
}

/** A picture with another of the same width below it. */
export function below(upper: FloatImage, lower: FloatImage): FloatImage {
  const data = new Float32Array(upper.data.length + lower.data.length);
  data.set(upper.data);
  data.set(lower.data, upper.data.length);
  return { ...upper, height: upper.height + lower.height, data };
}
