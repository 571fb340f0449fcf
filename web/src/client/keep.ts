/** Remembers what the last few names stood for; a failure is forgotten, so that asking again tries again. */
export function keepLast<T>(most: number): (name: string, make: () => Promise<T>) => Promise<T> {
  const kept = new Map<string, Promise<T>>();
  return (name, make) => {
    const made = kept.get(name) ?? make();
    kept.delete(name);
    kept.set(name, made);
    made.catch(() => kept.get(name) === made && kept.delete(name));
    if (kept.size > most) kept.delete(kept.keys().next().value!);
    return made;
  };
}
