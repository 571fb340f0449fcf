import type { Rng } from "../../core/index.ts";
import type { EmojiSet } from "../emoji/dataset.ts";

/** Width and height of what the encoder sees. */
export const SIDE = 16;

/** Values of one picture: ink of red, green and blue, 0 (white) to 1. */
export const VALUES: number = SIDE * SIDE * 3;

/** Darkest channel from which on a pixel counts as background. */
const WHITE = 235;
/** Samples along each side of a pixel that are averaged. */
const SUB = 2;

/** Where a drawing lies on its white ground: the square around what is drawn. */
export interface Frame {
  readonly x: number;
  readonly y: number;
  /** Half the side, in pixels of the set. */
  readonly half: number;
}

/** The smallest square around all that is not white, centred on it; the whole picture when all is. */
export function frameOf({ size, pixels }: EmojiSet, row: number): Frame {
  let [left, right, top, bottom] = [size, -1, size, -1];
  const from = row * size * size * 3;
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const at = from + (y * size + x) * 3;
      if (Math.min(pixels[at]!, pixels[at + 1]!, pixels[at + 2]!) >= WHITE) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = y;
    }
  }
  if (right < 0) return { x: size / 2, y: size / 2, half: size / 2 };
  const half = (Math.max(right - left, bottom - top) + 1) / 2;
  return { x: (left + right + 1) / 2, y: (top + bottom + 1) / 2, half };
}

/** A change of view and of colour. */
export interface View {
  /** From the picture's square, −1 … 1 along both axes, to the frame's: x' = a x + b y + dx, y' = c x + d y + dy. */
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly dx: number;
  readonly dy: number;
  /** 3 × 3, row-major, applied to how far a colour is from white. */
  readonly colour: readonly number[];
  /** Multiplies ink. */
  readonly fade: number;
  /** How dark edges are drawn on top. */
  readonly line: number;
}

export const STRAIGHT: View = {
  fade: 1,
  line: 0,
  a: 1,
  b: 0,
  c: 0,
  d: 1,
  dx: 0,
  dy: 0,
  colour: [1, 0, 0, 0, 1, 0, 0, 0, 1],
};

/** How much views differ while training. */
export interface Augmentation {
  /** Largest shift, in halves of the picture. */
  readonly shift: number;
  /** Largest change of size, as a logarithm. */
  readonly scale: number;
  /** Largest turn, in radians. */
  readonly turn: number;
  /** Largest turn of hue, in radians. */
  readonly hue: number;
  /** Largest change of saturation and of strength, as a logarithm. */
  readonly strength: number;
  /** Share of pictures without colour. */
  readonly grey: number;
  /** Share of pictures drawn with dark edges, their ink fading the more. */
  readonly lines: number;
}

export const AUGMENTATION: Augmentation = {
  shift: 0.12,
  scale: 0.15,
  turn: 0.15,
  hue: 0.35,
  strength: 0.4,
  grey: 0.1,
  lines: 0.5,
};

/** A view drawn at random. */
export function drawView(rng: Rng, { shift, scale, turn, hue, strength, grey, lines }: Augmentation): View {
  const within = (most: number): number => (2 * rng.next() - 1) * most;
  const angle = within(turn);
  const [wide, high] = [Math.exp(within(scale)), Math.exp(within(scale))];
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const saturation = rng.next() < grey ? 0 : Math.exp(within(strength));
  const line = rng.next() < lines ? 2 * rng.next() : 0;
  const fade = line === 0 ? 1 : 1 - 0.5 * rng.next();
  return {
    ...{
      fade,
      line,
      a: cos * wide,
      b: -sin * high,
      c: sin * wide,
      d: cos * high,
      dx: within(shift),
      dy: within(shift),
    },
    colour: colourMatrix(within(hue), saturation, Math.exp(within(strength))),
  };
}

/** Turns hue about the grey axis, scales what is not grey by `saturation`, and all by `strength`. */
function colourMatrix(hue: number, saturation: number, strength: number): number[] {
  const [cos, sin] = [Math.cos(hue) * saturation, (Math.sin(hue) * saturation) / Math.sqrt(3)];
  // Rotation about (1, 1, 1): the grey part stays, what is across it turns.
  return Array.from({ length: 9 }, (_, at) => {
    const [i, j] = [Math.floor(at / 3), at % 3];
    const across = (i === j ? 1 : 0) - 1 / 3;
    const turned = i === j ? 0 : (j - i + 3) % 3 === 1 ? -sin : sin;
    return strength * (1 / 3 + cos * across + turned);
  });
}

/** The drawings of a set as amounts of ink, and their edges. */
export interface Inks {
  readonly size: number;
  /** For each pixel: how far red, green and blue are from white, then how strong an edge is there; 0 to 255. */
  readonly planes: Uint8Array;
  readonly frames: readonly Frame[];
}

/** Inks, edges and frames of all drawings. */
export function inksOf(set: EmojiSet): Inks {
  const { size, pixels, drawings } = set;
  const planes = new Uint8Array(drawings.length * size * size * 4);
  for (let at = 0; at < drawings.length * size * size; at++) {
    const [x, y] = [at % size, Math.floor(at / size) % size];
    let edge = 0;
    for (let c = 0; c < 3; c++) {
      const here = pixels[at * 3 + c]!;
      planes[at * 4 + c] = 255 - here;
      const right = x + 1 < size ? pixels[(at + 1) * 3 + c]! : here;
      const below = y + 1 < size ? pixels[(at + size) * 3 + c]! : here;
      edge = Math.max(edge, Math.abs(right - here), Math.abs(below - here));
    }
    planes[at * 4 + 3] = edge;
  }
  return { size, planes, frames: drawings.map((_, row) => frameOf(set, row)) };
}

/** Draws one picture as the encoder sees it: framed, in a view, SIDE × SIDE × 3 of ink from 0 to 1. */
export function paint(
  { size, planes, frames }: Inks,
  row: number,
  view: View,
  out: Float32Array,
  at: number,
): void {
  const { a, b, c, d, dx, dy, colour, fade, line } = view;
  const { x: middleX, y: middleY, half } = frames[row]!;
  const from = row * size * size * 4;
  const step = 2 / (SIDE * SUB);
  const weight = 1 / (SUB * SUB * 255);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      let [red, green, blue, edge] = [0, 0, 0, 0];
      for (let s = 0; s < SUB * SUB; s++) {
        const u = -1 + (x * SUB + (s % SUB) + 0.5) * step;
        const v = -1 + (y * SUB + Math.floor(s / SUB) + 0.5) * step;
        const px = Math.floor(middleX + half * (a * u + b * v + dx));
        const py = Math.floor(middleY + half * (c * u + d * v + dy));
        if (px < 0 || py < 0 || px >= size || py >= size) continue;
        const pixel = from + (py * size + px) * 4;
        red += planes[pixel]!;
        green += planes[pixel + 1]!;
        blue += planes[pixel + 2]!;
        edge += planes[pixel + 3]!;
      }
      const to = at + (y * SIDE + x) * 3;
      for (let i = 0; i < 3; i++) {
        const ink = colour[3 * i]! * red + colour[3 * i + 1]! * green + colour[3 * i + 2]! * blue;
        out[to + i] = Math.min(1, Math.max(0, (fade * ink + line * edge) * weight));
      }
    }
  }
}
