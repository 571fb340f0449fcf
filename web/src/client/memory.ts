// What the browser keeps for a reader. One that keeps nothing, as some do in private windows, begins anew each time.

/** What was kept by that name. */
export function recall(name: string, keeper: "local" | "session" = "local"): string | undefined {
  try {
    return storage(keeper).getItem(name) ?? undefined;
  } catch {
    return undefined;
  }
}

export function remember(name: string, value: string, keeper: "local" | "session" = "local"): void {
  try {
    storage(keeper).setItem(name, value);
  } catch {
    // Then it is for this page only.
  }
}

function storage(keeper: "local" | "session"): Storage {
  return keeper === "local" ? localStorage : sessionStorage;
}
