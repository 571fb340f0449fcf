import { effect, signal } from "@preact/signals";
import { recall, remember } from "../client/memory.ts";

export type Theme = "light" | "dark";

const KEY = "vicinal.theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const chosen = signal<Theme | undefined>(stored());

/** What is shown: the reader's choice, or else the system's. */
export const theme = signal<Theme>("light");

effect(() => {
  theme.value = chosen.value ?? (system.matches ? "dark" : "light");
  document.documentElement.dataset["theme"] = theme.value;
});
system.addEventListener("change", () => {
  if (chosen.value === undefined) theme.value = system.matches ? "dark" : "light";
  document.documentElement.dataset["theme"] = theme.value;
});

export function toggleTheme(): void {
  chosen.value = theme.value === "dark" ? "light" : "dark";
  remember(KEY, chosen.value);
}

function stored(): Theme | undefined {
  const found = recall(KEY);
  return found === "light" || found === "dark" ? found : undefined;
}
