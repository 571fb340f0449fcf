/** Whole numbers from `low` to `high`, each about a quarter more than the one before. */
export function ladder(low: number, high: number): number[] {
  const values: number[] = [];
  for (let value = low; value < high; value = Math.max(value + 1, Math.round(value * 1.25)))
    values.push(value);
  return [...values, high];
}
