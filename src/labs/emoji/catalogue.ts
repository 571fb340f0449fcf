import {
  EMOJIONE_CODES,
  emojiCode,
  hasSkinTone,
  identityOfCode,
  identityOfName,
  isPrivate,
} from "./identity.ts";
import { type EmojiStyle, openDrawings, type StylePackage } from "./styles.ts";

/** The groups of the Unicode emoji list, and one for OpenMoji's pictures beyond it. */
export const EMOJI_GROUPS: readonly string[] = [
  "Activities",
  "Animals & Nature",
  "Extras",
  "Flags",
  "Food & Drink",
  "Objects",
  "People & Body",
  "Smileys & Emotion",
  "Symbols",
  "Travel & Places",
];

/** One drawing of one emoji in one style. */
export interface Drawing {
  readonly style: EmojiStyle;
  /** Name within the style, such as "red-apple". */
  readonly name: string;
  /** One of {@link EMOJI_GROUPS}. */
  readonly group: string;
  /** Code sequence without skin tone ("1f34e"), equal across styles; null where only the name is known. */
  readonly code: string | null;
  /** Shared by tone and gender variants, in every style. */
  readonly identity: string;
}

/** Category names that differ from one package to another. */
const GROUP_OF_CATEGORY: Readonly<Record<string, string>> = {
  "Animals Nature": "Animals & Nature",
  "Food Drink": "Food & Drink",
  "People Body": "People & Body",
  "Smileys Emotion": "Smileys & Emotion",
  "Travel Places": "Travel & Places",
  "Extras Openmoji": "Extras",
  "Extras Unicode": "Extras",
  Nature: "Animals & Nature",
  Food: "Food & Drink",
  People: "People & Body",
  Travel: "Travel & Places",
};

const TONE_WORDS = /-skin-tone(?:-|$)/;

/**
 * Lists the drawings of some styles, in a fixed order (style, then name). Left out: hidden drawings
 * (older duplicates, in no category), skin-tone variants unless `tones`, and mirrored aliases.
 *
 * emojione carries no code sequences: its drawings take code and group from a drawing of the same
 * name, or of one of their other names, in the remaining styles.
 */
export function catalogue(
  packages: readonly StylePackage[],
  { tones = false }: { tones?: boolean } = {},
): Drawing[] {
  const byName = new Map<string, Drawing>();
  const byCode = new Map<string, Drawing>();
  const out: Drawing[] = [];
  const coded = packages.filter((pkg) => Object.keys(pkg.codes).length > 0);
  for (const pkg of coded) {
    for (const drawing of codedDrawings(pkg, tones)) {
      if (!byName.has(drawing.name)) byName.set(drawing.name, drawing);
      if (!byCode.has(drawing.code!)) byCode.set(drawing.code!, drawing);
      out.push(drawing);
    }
  }
  for (const pkg of packages) {
    if (coded.includes(pkg)) continue;
    const { aliases } = openDrawings(pkg);
    for (const [name, group] of grouped(pkg)) {
      if (!tones && TONE_WORDS.test(name)) continue;
      const plain = name.replace(/-(?:medium-)?(?:light|medium|dark)-skin-tone/g, "");
      const names = [plain, ...aliases(plain), plain.replace(/^flag-for-/, "flag-")];
      const known = byCode.get(EMOJIONE_CODES[plain] ?? "") ?? find(names, byName);
      const { code, identity } = known ?? { code: null, identity: identityOfName(plain) };
      out.push({ style: pkg.style, name, group: known?.group ?? group, code, identity });
    }
  }
  const order = new Map(packages.map((pkg, i) => [pkg.style, i]));
  return out.sort((a, b) => order.get(a.style)! - order.get(b.style)! || (a.name < b.name ? -1 : 1));
}

function find<T>(names: readonly string[], among: ReadonlyMap<string, T>): T | undefined {
  return names.map((name) => among.get(name)).find((found) => found !== undefined);
}

function* codedDrawings(pkg: StylePackage, tones: boolean): Generator<Drawing> {
  const codeOf = new Map<string, string>();
  for (const code of Object.keys(pkg.codes).sort()) {
    const name = pkg.codes[code]!;
    // A second code is a private-use duplicate; the standard one sorts first.
    if (!codeOf.has(name)) codeOf.set(name, code);
  }
  for (const [name, group] of grouped(pkg)) {
    const code = codeOf.get(name);
    if (code === undefined || (!tones && hasSkinTone(code))) continue;
    const identity = isPrivate(code) ? identityOfName(name) : identityOfCode(code);
    yield { style: pkg.style, name, group, code: emojiCode(code), identity };
  }
}

/** Name → group of every drawing that is in a category; the last category named wins. */
function grouped(pkg: StylePackage): Map<string, string> {
  const groups = new Map<string, string>();
  // A standard category is preferred to OpenMoji's own where a drawing is in both.
  const names = Object.keys(pkg.categories).sort((a, b) => Number(isExtra(b)) - Number(isExtra(a)));
  for (const category of names) {
    for (const name of pkg.categories[category]!) groups.set(name, GROUP_OF_CATEGORY[category] ?? category);
  }
  return groups;
}

const isExtra = (category: string): boolean => GROUP_OF_CATEGORY[category] === "Extras";
