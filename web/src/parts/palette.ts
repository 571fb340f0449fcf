import type { Theme } from "../shell/theme.ts";

export type Colour = readonly [red: number, green: number, blue: number];

// Found by search: the closest two of each list, grey included, are 0.068 apart in OKLab to whoever does not see red,
// green or blue, and 0.12 to others (Okabe and Ito's seven: 0.076 and 0.16). Each list is for its own background.
const CATEGORIES: Readonly<Record<Theme, readonly string[]>> = {
  light: [
    ...["#2872a6", "#df7f2b", "#5e7736", "#967bd2", "#dab81b"],
    ...["#8b0409", "#16bce2", "#834765", "#5342ab", "#30e49e"],
  ],
  dark: [
    ...["#81a8f5", "#e68f29", "#05cdc2", "#ce759e", "#f5ed61"],
    ...["#c8309e", "#77edf9", "#ec4b0c", "#8471fe", "#c1cb64"],
  ],
};
const OTHERS: Readonly<Record<Theme, string>> = { light: "#a9a9a4", dark: "#5c6470" };

// From dark and blue to light and yellow: lightness alone tells the order.
const SCALE = ["#2d2a66", "#3f5187", "#6d7485", "#9b9772", "#cdbf57", "#f8ea4e"];

/** Colours told apart by everybody, at most ten. */
export function categoryColours(theme: Theme): readonly Colour[] {
  return CATEGORIES[theme].map(colourOf);
}

/** For what has no colour of its own. */
export function otherColour(theme: Theme): Colour {
  return colourOf(OTHERS[theme]);
}

/** Colour of a share between 0 and 1; on a dark page the scale begins a little lighter. */
export function scaleColour(share: number, theme: Theme): Colour {
  const least = theme === "dark" ? 0.15 : 0;
  const at = (least + (1 - least) * Math.min(1, Math.max(0, share))) * (SCALE.length - 1);
  const i = Math.min(SCALE.length - 2, Math.floor(at));
  const [a, b] = [colourOf(SCALE[i]!), colourOf(SCALE[i + 1]!)];
  const mixed = (c: 0 | 1 | 2): number => Math.round(a[c] + (at - i) * (b[c] - a[c]));
  return [mixed(0), mixed(1), mixed(2)];
}

export function cssColour([red, green, blue]: Colour): string {
  return `rgb(${red} ${green} ${blue})`;
}

function colourOf(hex: string): Colour {
  const value = Number.parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}
