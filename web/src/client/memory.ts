// What the browser keeps for a reader. One that keeps nothing, as some do in private windows, begins anew each time.

/** What was kept by that name. */
export function recall(name: string): string | undefined {
  try {
    return localStorage.getItem(name) ?? undefined;
  } catch {
    return undefined;
  }
}

export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Then it is for this page only.
  }
}
