/**
 * Which drawings are "the same emoji" for the sake of a fair test: variants that differ only in
 * skin tone or in gender share one identity, so that none is ever judged by its own twin.
 */

const ZWJ = "200d";
const PRESENTATION = new Set(["fe0f", "fe0e"]);
const TONES = new Set(["1f3fb", "1f3fc", "1f3fd", "1f3fe", "1f3ff"]);
const GENDER_SIGNS = new Set(["2640", "2642"]);

/** Gendered code points → the neutral one. */
const NEUTRAL: Readonly<Record<string, string>> = {
  "1f468": "1f9d1", // man → person
  "1f469": "1f9d1", // woman
  "1f466": "1f9d2", // boy → child
  "1f467": "1f9d2", // girl
  "1f474": "1f9d3", // old man → older person
  "1f475": "1f9d3", // old woman
  "1f934": "1fac5", // prince → person with crown
  "1f478": "1fac5", // princess
  "1f57a": "1f483", // man dancing → woman dancing
  "1f930": "1fac4", // pregnant woman → pregnant person
  "1fac3": "1fac4", // pregnant man
};

/** Neutral sequences → the one code that other vendors use for the same thing. */
const WHOLE: Readonly<Record<string, string>> = {
  "1f936": "1f385", // Mrs Claus → Santa Claus
  "1f9d1-200d-1f384": "1f385", // Mx Claus
  "1f46b": "1f9d1-200d-1f91d-200d-1f9d1", // couples holding hands → people holding hands
  "1f46c": "1f9d1-200d-1f91d-200d-1f9d1",
  "1f46d": "1f9d1-200d-1f91d-200d-1f9d1",
  "1f9d1-200d-2764-200d-1f48b-200d-1f9d1": "1f48f", // kiss
  "1f9d1-200d-2764-200d-1f9d1": "1f491", // couple with heart
};

const MEMBERS = new Set(["1f9d1", "1f9d2"]);

/** True when the sequence colours somebody's skin; the five swatches themselves count too. */
export function hasSkinTone(code: string): boolean {
  return code.split("-").some((part) => TONES.has(part));
}

/** The sequence without presentation selectors, skin tones and leading zeros: one emoji, in whatever style. */
export function emojiCode(code: string): string {
  const parts = code
    .toLowerCase()
    .split("-")
    .map((part) => part.replace(/^0+(?=.)/, ""))
    .filter((part) => !PRESENTATION.has(part));
  const bare = parts.filter((part) => !TONES.has(part));
  return (bare.length > 0 ? bare : parts).join("-");
}

/** The identity of a code sequence: its emoji with gender taken out as well. */
export function identityOfCode(code: string): string {
  const parts = emojiCode(code)
    .split("-")
    .map((part) => NEUTRAL[part] ?? part);
  const kept: string[] = [];
  for (const part of parts) {
    if (GENDER_SIGNS.has(part) && kept.at(-1) === ZWJ) kept.pop();
    else kept.push(part);
  }
  const family =
    kept.length > 1 &&
    kept.includes("1f9d2") &&
    kept.every((part, i) => (i % 2 === 0 ? MEMBERS.has(part) : part === ZWJ));
  if (family) return "1f46a";
  const neutral = kept.join("-");
  return WHOLE[neutral] ?? neutral;
}

/** True for a sequence that starts with a code point left to private use: a vendor's own picture. */
export function isPrivate(code: string): boolean {
  return /^(?:e[0-9a-f]{3}|f[0-8][0-9a-f]{2})(?:-|$)/i.test(code);
}

/** The identity of a drawing that only its name tells: the name without words of gender and tone. */
export function identityOfName(name: string): string {
  const words = name.replace(/-(?:light|medium-light|medium|medium-dark|dark)-skin-tone/g, "").split("-");
  const neutral = words.filter((word) => !GENDERED.has(word));
  return `name:${(neutral.length > 0 ? neutral : words).join("-")}`;
}

const GENDERED = new Set(["man", "men", "woman", "women", "boy", "girl", "male", "female", "person"]);

/** Emoji that emojione calls by a name no other style uses, with their code sequences. */
export const EMOJIONE_CODES: Readonly<Record<string, string>> = {
  "a-button": "1f170",
  "ab-button": "1f18e",
  "b-button": "1f171",
  "o-button": "1f17e",
  "up-text-button": "1f199",
  asterisk: "2a-20e3",
  "pound-symbol": "23-20e3",
  "digit-zero": "30-20e3",
  "digit-one": "31-20e3",
  "digit-two": "32-20e3",
  "digit-three": "33-20e3",
  "digit-four": "34-20e3",
  "digit-five": "35-20e3",
  "digit-six": "36-20e3",
  "digit-seven": "37-20e3",
  "digit-eight": "38-20e3",
  "digit-nine": "39-20e3",
  "exclamation-mark": "2757",
  "question-mark": "2753",
  "heavy-heart-exclamation": "2763",
  "direct-hit": "1f3af",
  pistol: "1f52b",
  "robot-face": "1f916",
  "dizzy-face": "1f635",
  "cat-face-with-tears-of-joy": "1f639",
  "cat-face-with-wry-smile": "1f63c",
  "crying-cat-face": "1f63f",
  "grinning-cat-face": "1f63a",
  "grinning-cat-face-with-smiling-eyes": "1f638",
  "kissing-cat-face": "1f63d",
  "pouting-cat-face": "1f63e",
  "smiling-cat-face-with-heart-eyes": "1f63b",
  "weary-cat-face": "1f640",
  "blond-haired-person": "1f471",
  "bride-with-veil": "1f470",
  "man-with-chinese-cap": "1f472",
  "man-and-woman-holding-hands": "1f46b",
  "two-men-holding-hands": "1f46c",
  "two-women-holding-hands": "1f46d",
  "flag-for-black-flag": "1f3f4",
  "flag-for-white-flag": "1f3f3",
  "flag-for-rainbow-flag": "1f3f3-200d-1f308",
  "flag-for-chequered-flag": "1f3c1",
  "flag-for-crossed-flags": "1f38c",
  "flag-for-triangular-flag": "1f6a9",
  "flag-for-cocos-islands": "1f1e8-1f1e8",
  "flag-for-macau-sar-china": "1f1f2-1f1f4",
  "flag-for-macedonia": "1f1f2-1f1f0",
  "flag-for-myanmar": "1f1f2-1f1f2",
  "flag-for-swaziland": "1f1f8-1f1ff",
  "flag-for-turkey": "1f1f9-1f1f7",
};
