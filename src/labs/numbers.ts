/** 9137 → "9,137". */
export function count(n: number): string {
  return Math.round(n)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Queries a second with no more digits than were measured. */
export function qps(value: number): string {
  return count(Number(value.toPrecision(value >= 99.5 ? 3 : value >= 10 ? 2 : 1)));
}

/** Seconds, as "0.42 s" or "12.3 s". */
export function seconds(value: number): string {
  return `${value.toFixed(value < 9.995 ? 2 : 1)} s`;
}

/** Seconds, or minutes from 90 seconds on: "12.3 s", "4.5 minutes". */
export function minutes(value: number): string {
  return value < 90 ? seconds(value) : `${(value / 60).toFixed(1)} minutes`;
}

/** Bytes in binary units, as "28.6 MiB". */
export function bytes(value: number): string {
  if (value >= 2 ** 30) return `${(value / 2 ** 30).toFixed(2)} GiB`;
  if (value >= 2 ** 20) return `${(value / 2 ** 20).toFixed(1)} MiB`;
  return `${(value / 2 ** 10).toFixed(1)} KiB`;
}

/** A share that never claims 1 unless it is 1. */
export function share(value: number, digits = 4): string {
  const text = value.toFixed(digits);
  return value < 1 && Number(text) === 1 ? (1 - 10 ** -digits).toFixed(digits) : text;
}

/** How many times as fast, as "12×" or "0.8×". */
export function times(value: number): string {
  return `${value >= 10 ? count(value) : value.toFixed(1)}×`;
}

/** "1 neighbour", "5 neighbours". */
export function neighbours(k: number): string {
  return `${count(k)} neighbour${k === 1 ? "" : "s"}`;
}

/** The mean; 0 of nothing. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
