/** What the last few names stood for. A failure is forgotten, so that asking again tries again. */
export interface Kept<T> {
  (name: string, make: () => Promise<T>): Promise<T>;
  forget(name: string): void;
}

export function keepLast<T>(most: number): Kept<T> {
  const kept = new Map<string, Promise<T>>();
  const keep = (name: string, make: () => Promise<T>): Promise<T> => {
    const known = kept.get(name);
    const made = known ?? make();
    kept.delete(name);
    kept.set(name, made);
    if (known === undefined) made.catch(() => kept.get(name) === made && kept.delete(name));
    if (kept.size > most) kept.delete(kept.keys().next().value!);
    return made;
  };
  return Object.assign(keep, { forget: (name: string) => void kept.delete(name) });
}
