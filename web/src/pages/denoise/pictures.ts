/** A picture of numbers in [0, 1]: rows from the top, the channels of a pixel together; 1 grey, 3 colour. */
export interface FloatPicture {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Float32Array<ArrayBuffer>;
}

/** Longer sides are shrunk to it, so that an answer comes while one waits. */
const LONGEST = 512;
/** Weights of red, green and blue in a luminance, as the sets of grey pictures were made. */
const LUMINANCE = [0.2989, 0.587, 0.114] as const;

/** A picture file as numbers, shrunk where it is large. Rejects when the browser cannot read it. */
export async function readPicture(file: Blob, colour: boolean): Promise<FloatPicture> {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })!;
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return fromRgba(context.getImageData(0, 0, width, height), colour);
}

function fromRgba({ width, height, data: rgba }: ImageData, colour: boolean): FloatPicture {
  const channels = colour ? 3 : 1;
  const data = new Float32Array(width * height * channels);
  for (let i = 0; i < width * height; i++) {
    if (colour) for (let c = 0; c < 3; c++) data[i * 3 + c] = rgba[i * 4 + c]! / 255;
    else data[i] = LUMINANCE.reduce((sum, weight, c) => sum + weight * rgba[i * 4 + c]!, 0) / 255;
  }
  return { width, height, channels, data };
}

/** Draws a picture at its own size; what lies outside [0, 1] is clipped, here alone. */
export function drawPicture(
  canvas: HTMLCanvasElement,
  { width, height, channels, data }: FloatPicture,
): void {
  canvas.width = width;
  canvas.height = height;
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    // Bytes of an ImageData are rounded and clipped as they are set.
    for (let c = 0; c < 3; c++) image.data[i * 4 + c] = 255 * data[i * channels + (channels === 3 ? c : 0)]!;
    image.data[i * 4 + 3] = 255;
  }
  canvas.getContext("2d")!.putImageData(image, 0, 0);
}

/** A picture with edges, textures and slopes, for want of a photograph: the same on every machine. */
export function drawnPicture(side = 256): FloatPicture {
  const data = new Float32Array(side * side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) data[y * side + x] = drawnValue(x / side, y / side);
  }
  return { width: side, height: side, channels: 1, data };
}

/** Four quarters: rings that narrow outwards, a chequered floor in perspective, stripes on a slope, discs. */
function drawnValue(x: number, y: number): number {
  const [u, v] = [(x % 0.5) * 2, (y % 0.5) * 2];
  if (x < 0.5 && y < 0.5) return 0.5 + 0.4 * Math.cos(60 * ((u - 0.5) ** 2 + (v - 0.5) ** 2));
  if (x < 0.5) {
    const depth = 1 / (v + 0.12);
    return (Math.floor((u - 0.5) * depth * 5) + Math.floor(depth * 4)) % 2 === 0 ? 0.82 : 0.2;
  }
  if (y < 0.5) return 0.15 + 0.5 * u + (v > 0.5 ? 0.22 * Math.sign(Math.sin(38 * (u + 0.4 * v))) : 0);
  const [cx, cy] = [Math.floor(u * 4), Math.floor(v * 4)];
  const inside = (u * 4 - cx - 0.5) ** 2 + (v * 4 - cy - 0.5) ** 2 < 0.16;
  return inside ? 0.25 + 0.045 * (cx * 4 + cy) : 0.95 - 0.03 * (cx + cy);
}

/** Sample pictures that the server has, by name; none without a server. */
export async function listSamples(): Promise<readonly Sample[]> {
  try {
    const answer = await fetch("./api/pictures/index.json");
    const isList = answer.ok && answer.headers.get("content-type")?.includes("json");
    return isList ? ((await answer.json()) as { pictures: Sample[] }).pictures : [];
  } catch {
    return [];
  }
}

/** One of the server's pictures: /api/pictures/{name}.png */
export interface Sample {
  readonly name: string;
  readonly title: string;
}

export async function fetchSample(name: string, colour: boolean): Promise<FloatPicture> {
  const answer = await fetch(`./api/pictures/${encodeURIComponent(name)}.png`);
  if (!answer.ok) throw new Error(`The picture ${name} did not come: status ${answer.status}.`);
  return readPicture(await answer.blob(), colour);
}
