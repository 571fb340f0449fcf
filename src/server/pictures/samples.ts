import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isVicinalError } from "../../core/index.ts";
import { createRenderer } from "../../labs/emoji/renderer.ts";
import { type EmojiStyle, openDrawings, openStyle } from "../../labs/emoji/styles.ts";
import { encodePngAsync } from "../../labs/report/png.ts";
import { findTexts, type TextSet } from "../../labs/textFiles.ts";

/** A grey picture to take noise out of. */
export interface Sample {
  readonly name: string;
  readonly title: string;
  /** The bytes of a PNG. */
  load(): Promise<Uint8Array<ArrayBuffer>>;
}

const SIDE = 256;

/** What the twelve pictures of Set12 show, in its order. */
const SET12 = [
  ...["Cameraman", "House", "Peppers", "Starfish", "Butterfly", "Aeroplane"],
  ...["Parrot", "Lena", "Barbara", "Boat", "Man", "Couple"],
];

const SET12_FILES: TextSet = {
  name: "Set12",
  folders: ["denoise/Set12", "Set12"],
  files: SET12.map((_, i) => `${String(i + 1).padStart(2, "0")}.png`),
  fix: "put its twelve pictures there",
};

const DRAWINGS: readonly { style: EmojiStyle; drawing: string; title: string }[] = [
  { style: "noto", drawing: "dog-face", title: "Dog, drawn (Noto)" },
  { style: "noto", drawing: "sunflower", title: "Sunflower, drawn (Noto)" },
  { style: "openmoji", drawing: "bicycle", title: "Bicycle, drawn (OpenMoji)" },
];

/** Pictures that there always are, then those of Set12 where it is at hand. */
export async function samplePictures(dataDir: string | undefined): Promise<readonly Sample[]> {
  const made: Sample = {
    name: "waves-and-edges",
    title: "Waves and edges, generated",
    load: () => encodePngAsync(wavesAndEdges(SIDE), SIDE, SIDE, 1),
  };
  return [made, ...drawn(), ...(await set12(dataDir))];
}

async function set12(dataDir: string | undefined): Promise<readonly Sample[]> {
  try {
    const folder = await findTexts(SET12_FILES, dataDir);
    return SET12_FILES.files.map((file, i) => ({
      name: `set12-${file.slice(0, 2)}`,
      title: `${SET12[i]} (Set12)`,
      load: async () => new Uint8Array(await readFile(join(folder, file))),
    }));
  } catch (error) {
    if (!isVicinalError(error, "DATASET_MISSING")) throw error;
    return [];
  }
}

/** Large drawings of emoji, where their packages are installed. */
function drawn(): readonly Sample[] {
  return DRAWINGS.filter(({ style }) => isInstalled(style)).map(({ style, drawing, title }) => ({
    name: drawing,
    title,
    load: () => greyDrawing(style, drawing),
  }));
}

function isInstalled(style: EmojiStyle): boolean {
  try {
    openStyle(style);
    return true;
  } catch (error) {
    if (!isVicinalError(error, "DEPENDENCY_MISSING")) throw error;
    return false;
  }
}

async function greyDrawing(style: EmojiStyle, drawing: string): Promise<Uint8Array<ArrayBuffer>> {
  const svg = openDrawings(openStyle(style)).svg(drawing, SIDE);
  const rgb = await (await createRenderer()).draw(svg, SIDE);
  const pixels = rgb instanceof Uint8Array ? rgb : new Uint8Array(SIDE * SIDE * 3).fill(255);
  const grey = new Uint8Array(SIDE * SIDE);
  for (let i = 0; i < grey.length; i++) {
    const [red, green, blue] = [pixels[3 * i]!, pixels[3 * i + 1]!, pixels[3 * i + 2]!];
    grey[i] = Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
  }
  return encodePngAsync(grey, SIDE, SIDE, 1);
}

/** Slow and fast waves that repeat, discs with sharp edges, and stripes: what is alike elsewhere in a picture helps. */
export function wavesAndEdges(side: number): Uint8Array {
  const out = new Uint8Array(side * side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const [u, v] = [x / side, y / side];
      let value = 128 + 50 * Math.sin(9 * u + 4 * Math.sin(5 * v)) + 20 * Math.sin(70 * (u + v * v));
      for (const [cx, cy, radius, shade] of DISCS) {
        if (Math.hypot(u - cx, v - cy) < radius) value = shade + 30 * (u - cx + v - cy);
      }
      if (v > 0.8) value = Math.floor(u * 24) % 2 === 0 ? 40 : 215;
      out[y * side + x] = Math.max(0, Math.min(255, Math.round(value)));
    }
  }
  return out;
}

const DISCS = [
  [0.3, 0.3, 0.16, 220],
  [0.68, 0.42, 0.2, 50],
  [0.74, 0.36, 0.08, 170],
] as const;
