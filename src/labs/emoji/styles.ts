import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { VicinalError } from "../../core/index.ts";

/** The five open drawing styles, in the order in which they are rendered and reported. */
export type EmojiStyle = "twemoji" | "noto" | "openmoji" | "fluent-emoji-flat" | "emojione";

export const EMOJI_STYLES: readonly EmojiStyle[] = [
  "twemoji",
  "noto",
  "openmoji",
  "fluent-emoji-flat",
  "emojione",
];

/** What a style is called where people read it. */
export const STYLE_LABELS: Readonly<Record<EmojiStyle, string>> = {
  twemoji: "Twemoji",
  noto: "Noto",
  openmoji: "OpenMoji",
  "fluent-emoji-flat": "Fluent",
  emojione: "Emoji One",
};

/** Who drew a style and under which licence it may be shown; taken from its package. */
export interface StyleCredit {
  readonly style: EmojiStyle;
  readonly title: string;
  readonly author: string;
  readonly home: string;
  readonly licence: string;
  readonly licenceUrl: string;
  /** Package and version the drawings came from. */
  readonly source: string;
}

/** One picture as the package stores it: SVG markup without the outer element. */
interface StoredIcon {
  body: string;
  width?: number;
  height?: number;
  left?: number;
  top?: number;
  hidden?: boolean;
}

interface IconFile {
  icons: Record<string, StoredIcon>;
  aliases?: Record<string, { parent: string }>;
  width?: number;
  height?: number;
}

/** What the lists of a style's package say, without the drawings themselves. */
export interface StylePackage {
  readonly style: EmojiStyle;
  readonly version: string;
  readonly credit: StyleCredit;
  /** Category name → drawing names. */
  readonly categories: Readonly<Record<string, readonly string[]>>;
  /** Code sequence (lower-case hexadecimal joined by "-") → drawing name; empty for emojione. */
  readonly codes: Readonly<Record<string, string>>;
  readonly folder: string;
}

const here = createRequire(import.meta.url);

/** The folder of an installed package, seen from this library or from the working folder. */
export function packageFolder(name: string, why: string): string {
  const from = [here, createRequire(join(process.cwd(), "anywhere.js"))];
  for (const require of from) {
    for (const root of require.resolve.paths(name) ?? []) {
      const folder = join(root, name);
      if (existsSync(join(folder, "package.json"))) return folder;
    }
  }
  throw new VicinalError("DEPENDENCY_MISSING", { name, why });
}

export function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, "utf8")) as T;
}

/** Reads one style's lists. Throws DEPENDENCY_MISSING when its package is not installed. */
export function openStyle(style: EmojiStyle): StylePackage {
  const name = `@iconify-json/${style}`;
  const folder = packageFolder(name, `The emoji style "${style}"`);
  const { version } = readJson<{ version: string }>(join(folder, "package.json"));
  const info = readJson<{
    name: string;
    author: { name: string; url: string };
    license: { title: string; url: string };
  }>(join(folder, "info.json"));
  const { categories } = readJson<{ categories: Record<string, string[]> }>(join(folder, "metadata.json"));
  return {
    style,
    version,
    folder,
    categories,
    codes: readJson<Record<string, string>>(join(folder, "chars.json")),
    credit: {
      style,
      title: info.name,
      author: info.author.name,
      home: info.author.url,
      licence: info.license.title,
      licenceUrl: info.license.url,
      source: `${name} ${version}`,
    },
  };
}

/** A style's drawings as whole SVG documents, to be scaled into a square of `size` pixels. */
export interface StyleDrawings {
  /** The SVG of that drawing; it keeps its proportions and is centred. */
  svg(name: string, size: number): string;
  /** Other names of a drawing. */
  aliases(name: string): readonly string[];
}

/** Reads one style's drawings, a few megabytes of text. */
export function openDrawings(pkg: StylePackage): StyleDrawings {
  const file = readJson<IconFile>(join(pkg.folder, "icons.json"));
  const others = new Map<string, string[]>();
  for (const [alias, { parent }] of Object.entries(file.aliases ?? {})) {
    const list = others.get(parent);
    if (list) list.push(alias);
    else others.set(parent, [alias]);
  }
  return {
    aliases: (name) => others.get(name) ?? [],
    svg(name, size) {
      const icon = file.icons[name];
      if (icon === undefined) {
        throw new VicinalError("FORMAT", {
          what: `package of the emoji style "${pkg.style}"`,
          rule: "every listed drawing must be present",
          got: `no drawing "${name}"`,
        });
      }
      const box = [
        icon.left ?? 0,
        icon.top ?? 0,
        icon.width ?? file.width ?? 16,
        icon.height ?? file.height ?? 16,
      ];
      return (
        `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ` +
        `width="${size}" height="${size}" viewBox="${box.join(" ")}">${icon.body}</svg>`
      );
    },
  };
}

/** Version and folder of the renderer. Throws DEPENDENCY_MISSING when it is not installed. */
export function openRendererPackage(): { version: string; folder: string } {
  const folder = packageFolder("@resvg/resvg-wasm", "Drawing the emoji");
  const root = dirname(join(folder, "package.json"));
  return { folder: root, version: readJson<{ version: string }>(join(root, "package.json")).version };
}
