import { signal } from "@preact/signals";
import type { SetDetails } from "../../../../src/server/protocol.ts";
import { SourceError } from "../../client/index.ts";

/** A picture of the reader's own, made as those of a set are. */
export interface OwnPicture {
  readonly set: string;
  readonly name: string;
  /** Line by line, numbers from 0 to 255, as many a place as the set has channels. */
  readonly pixels: readonly number[];
  /** What is compared, as an address to show. */
  readonly shown: string;
}

/** The picture asked about when the address says so. It never leaves this browser but for the reader's own server. */
export const ownPicture = signal<OwnPicture | undefined>(undefined);

/** Reads a file and fits it into the square of the set's pictures. @throws SourceError FORMAT */
export async function readPicture(file: Blob & { name?: string }, set: SetDetails): Promise<OwnPicture> {
  const sheets = set.sheets!;
  const image = await load(file);
  const canvas = document.createElement("canvas");
  canvas.width = sheets.side;
  canvas.height = sheets.side;
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  draw(context, image, sheets.side);
  const data = context.getImageData(0, 0, sheets.side, sheets.side);
  if (sheets.channels === 1) greyOnBlack(data);
  context.putImageData(data, 0, 0);
  const step = sheets.channels === 1 ? 1 : 3;
  const pixels: number[] = [];
  for (let i = 0; i < data.data.length; i += 4) pixels.push(...data.data.subarray(i, i + step));
  return { set: set.name, name: file.name ?? "pasted picture", pixels, shown: canvas.toDataURL() };
}

async function load(file: Blob): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = URL.createObjectURL(file);
  try {
    await image.decode();
    return image;
  } catch (error) {
    const why = "This file is no picture that the browser can read; use PNG, JPEG, WebP or SVG.";
    throw new SourceError("FORMAT", why, { cause: error });
  } finally {
    URL.revokeObjectURL(image.src);
  }
}

/** Whole, in the middle, on white. */
function draw(context: CanvasRenderingContext2D, image: HTMLImageElement, side: number): void {
  context.fillStyle = "#fff";
  context.fillRect(0, 0, side, side);
  context.imageSmoothingQuality = "high";
  const [width, height] = [image.naturalWidth || side, image.naturalHeight || side];
  const scale = side / Math.max(width, height);
  const [w, h] = [width * scale, height * scale];
  context.drawImage(image, (side - w) / 2, (side - h) / 2, w, h);
}

/** Grey sets show light things on black; a picture with a light border is turned round. */
function greyOnBlack({ data, width, height }: ImageData): void {
  let border = 0;
  let places = 0;
  for (let i = 0; i < data.length; i += 4) {
    const grey = Math.round(0.299 * data[i]! + 0.587 * data[i + 1]! + 0.114 * data[i + 2]!);
    data.fill(grey, i, i + 3);
    const [x, y] = [(i / 4) % width, Math.floor(i / 4 / width)];
    if (x > 0 && y > 0 && x < width - 1 && y < height - 1) continue;
    border += grey;
    places++;
  }
  if (border / places < 128) return;
  for (let i = 0; i < data.length; i++) if (i % 4 !== 3) data[i] = 255 - data[i]!;
}
