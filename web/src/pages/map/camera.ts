/** Where the reader looks: a centre in units of the map, and how many pixels of CSS a unit takes. */
export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Spot {
  readonly x: number;
  readonly y: number;
}

const MARGIN = 0.94;
const FARTHEST = 0.5;
const NEAREST = 4000;
/** How far from the middle of the map the middle of the view may be. */
const EDGE = 1.5;

/** Maps are kept within −1 … 1 in both directions; pixels to a unit that show all of one. */
export function fittingScale({ width, height }: Size): number {
  return Math.max(1, (MARGIN * Math.min(width, height)) / 2);
}

/** Pixels of CSS from the upper left corner. */
export function toScreen(camera: Camera, { width, height }: Size, spot: Spot): Spot {
  return {
    x: width / 2 + (spot.x - camera.x) * camera.scale,
    y: height / 2 - (spot.y - camera.y) * camera.scale,
  };
}

export function toMap(camera: Camera, { width, height }: Size, spot: Spot): Spot {
  return {
    x: camera.x + (spot.x - width / 2) / camera.scale,
    y: camera.y - (spot.y - height / 2) / camera.scale,
  };
}

/** The map pulled along by so many pixels; some of it stays in sight. */
export function panned(camera: Camera, dx: number, dy: number): Camera {
  const inside = (value: number): number => Math.min(EDGE, Math.max(-EDGE, value));
  return {
    x: inside(camera.x - dx / camera.scale),
    y: inside(camera.y + dy / camera.scale),
    scale: camera.scale,
  };
}

/** Closer by a factor, with what is under that pixel staying there. */
export function zoomed(camera: Camera, size: Size, factor: number, at?: Spot): Camera {
  const all = fittingScale(size);
  const scale = Math.min(all * NEAREST, Math.max(all * FARTHEST, camera.scale * factor));
  const pixel = at ?? { x: size.width / 2, y: size.height / 2 };
  const fixed = toMap(camera, size, pixel);
  return {
    x: fixed.x - (pixel.x - size.width / 2) / scale,
    y: fixed.y + (pixel.y - size.height / 2) / scale,
    scale,
  };
}

/** Diameter of a point in pixels of CSS: smaller the more there are, growing slower than the map does. */
export function pointSize(camera: Camera, size: Size, count: number): number {
  const closeness = camera.scale / fittingScale(size);
  const base = Math.min(9, Math.max(2, 420 / Math.sqrt(Math.max(1, count))));
  return Math.min(18, base * Math.max(0.8, closeness ** 0.4));
}
