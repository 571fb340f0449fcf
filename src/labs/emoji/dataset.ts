import { joinBytes } from "../../core/bytes.ts";
import { type RunOptions, turn, VicinalError, wholeNumber } from "../../core/index.ts";
import { type CachedStyle, emojiCacheDir, readCache, writeCache } from "./cache.ts";
import { catalogue, type Drawing } from "./catalogue.ts";
import { createRenderer, type Renderer } from "./renderer.ts";
import {
  EMOJI_STYLES,
  type EmojiStyle,
  openDrawings,
  openRendererPackage,
  openStyle,
  type StyleCredit,
  type StylePackage,
} from "./styles.ts";

export interface EmojiOptions extends RunOptions {
  /** Default: all five. */
  styles?: readonly EmojiStyle[];
  /** Also the skin-tone variants, which are near-duplicates; default false. */
  tones?: boolean;
  /** Width and height of the pictures, 8 … 256 pixels; default 32. */
  size?: number;
  /** Folder for rendered pictures; default the user's cache folder. */
  cacheDir?: string;
}

/** Emoji as small pictures. */
export interface EmojiSet {
  readonly size: number;
  readonly drawings: readonly Drawing[];
  /** RGB over white, drawings.length × size × size × 3, row-major. */
  readonly pixels: Uint8Array;
  /** Drawings that the renderer cannot make. */
  readonly skipped: readonly { readonly style: EmojiStyle; readonly name: string; readonly why: string }[];
  readonly credits: readonly StyleCredit[];
  readonly renderer: string;
  /** Drawings rendered by this call rather than read from the cache. */
  readonly rendered: number;
}

/** Raise when the same SVG would be drawn otherwise, or listed in another order. */
const RECIPE = 1;

/**
 * Loads the emoji set, rendering each style that is not yet in the cache.
 *
 * @throws VicinalError DEPENDENCY_MISSING when a style's package or the renderer is not installed,
 *   OPTION_RANGE, BAD_INPUT
 * @remarks about 2 s for the default 9,137 pictures on one core, then about 0.2 s from the cache
 */
export async function loadEmoji(options: EmojiOptions = {}): Promise<EmojiSet> {
  const { styles = EMOJI_STYLES, tones = false, signal, onProgress } = options;
  const size = wholeNumber("size", options.size ?? 32, 8, 256);
  const dir = options.cacheDir ?? emojiCacheDir();
  checkStyles(styles);
  signal?.throwIfAborted();

  // emojione borrows codes and groups from the other styles, whichever are asked for.
  const needed = EMOJI_STYLES.filter((s) => styles.includes(s) || styles.includes("emojione"));
  const packages = needed.map(openStyle);
  const renderer = openRendererPackage().version;
  const listed = catalogue(packages, { tones }).filter((drawing) => styles.includes(drawing.style));
  const wanted = packages.filter((pkg) => styles.includes(pkg.style));

  const total = listed.length;
  let done = 0;
  let engine: Renderer | undefined;
  let rendered = 0;
  const drawings: Drawing[] = [];
  const parts: Uint8Array[] = [];
  const skipped: { style: EmojiStyle; name: string; why: string }[] = [];
  for (const pkg of wanted) {
    const mine = listed.filter((drawing) => drawing.style === pkg.style);
    const file = `${pkg.style}-${pkg.version}-${size}px-resvg${renderer}-r${RECIPE}${tones ? "-tones" : ""}.bin`;
    let style = dir === undefined ? undefined : await readCache(dir, file, size);
    if (style === undefined || !covers(style, mine)) {
      engine ??= await createRenderer();
      style = await renderStyle(engine, pkg, mine, size, {
        signal,
        onProgress: (p) => onProgress?.({ ...p, done: done + p.done, total }),
      });
      rendered += style.names.length;
      if (dir !== undefined) await writeCache(dir, file, style);
    }
    const drawn = new Set(style.names);
    drawings.push(...mine.filter((drawing) => drawn.has(drawing.name)));
    for (const { name, why } of style.skipped) skipped.push({ style: pkg.style, name, why });
    parts.push(style.pixels);
    done += mine.length;
    onProgress?.({ phase: "emoji", done, total });
  }
  return {
    size,
    drawings,
    pixels: joinBytes(parts),
    skipped,
    credits: wanted.map((pkg) => pkg.credit),
    renderer: `@resvg/resvg-wasm ${renderer}`,
    rendered,
  };
}

function checkStyles(styles: readonly EmojiStyle[]): void {
  const wrong = styles.find((style) => !EMOJI_STYLES.includes(style));
  if (wrong !== undefined || styles.length === 0) {
    throw new VicinalError("OPTION_RANGE", {
      option: "styles",
      got: wrong ?? "an empty list",
      rule: `some of ${EMOJI_STYLES.join(", ")}`,
    });
  }
}

async function renderStyle(
  renderer: Renderer,
  pkg: StylePackage,
  drawings: readonly Drawing[],
  size: number,
  { signal, onProgress }: RunOptions,
): Promise<CachedStyle> {
  const source = openDrawings(pkg);
  const bytes = size * size * 3;
  const pixels = new Uint8Array(drawings.length * bytes);
  const names: string[] = [];
  const skipped: { name: string; why: string }[] = [];
  let last = performance.now();
  for (const [i, { name }] of drawings.entries()) {
    const picture = await renderer.draw(source.svg(name, size), size);
    if (picture instanceof Uint8Array) {
      pixels.set(picture, names.length * bytes);
      names.push(name);
    } else {
      skipped.push({ name, why: picture.why });
    }
    if (performance.now() - last < 12) continue;
    onProgress?.({ phase: "emoji", done: i + 1, total: drawings.length });
    await turn();
    signal?.throwIfAborted();
    last = performance.now();
  }
  return { names, skipped, pixels: pixels.slice(0, names.length * bytes) };
}

/** Whether these pictures are of those drawings, in their order. */
function covers(style: CachedStyle, drawings: readonly Drawing[]): boolean {
  const gone = new Set(style.skipped.map(({ name }) => name));
  const names = drawings.map(({ name }) => name).filter((name) => !gone.has(name));
  return names.length === style.names.length && names.every((name, i) => name === style.names[i]);
}
