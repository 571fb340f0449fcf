import { categoryColours, cssColour } from "../../parts/palette.ts";
import type { Theme } from "../../shell/theme.ts";
import type { Series } from "./series.ts";

/** How a curve is told from the others: by colour and sign of its index, and by the dashes of its run. */
export interface Look {
  readonly colour: string;
  readonly symbol: "circle" | "square" | "triangle" | "diamond" | "star" | "wye" | "cross";
  readonly dash: string;
}

const SYMBOLS = ["circle", "square", "triangle", "diamond", "star", "wye", "cross"] as const;
const DASHES = ["", "7 4", "2 3", "9 3 2 3"];

export function looksOf(series: readonly Series[], theme: Theme): Look[] {
  const colours = categoryColours(theme).map(cssColour);
  const indexes = [...new Set(series.map(({ result }) => result.index))];
  const runs = [...new Set(series.map(({ run }) => run))];
  return series.map(({ result, run }) => {
    const i = indexes.indexOf(result.index);
    return {
      colour: colours[i % colours.length]!,
      symbol: SYMBOLS[i % SYMBOLS.length]!,
      dash: DASHES[runs.indexOf(run) % DASHES.length]!,
    };
  });
}
