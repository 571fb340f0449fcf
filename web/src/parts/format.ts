// How numbers read on the pages.

export function count(n: number): string {
  return n.toLocaleString("en-GB");
}

/** With about three digits that count. */
export function short(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return `${value}`;
  const size = Math.abs(value);
  if (size >= 1000) return count(Math.round(value));
  return size >= 0.001 ? `${Number(value.toPrecision(3))}` : value.toExponential(1);
}

/** Of a share of one. */
export function percent(share: number): string {
  return `${Math.round(100 * share)}\u00a0%`;
}

export function milliseconds(ms: number): string {
  return ms >= 1000
    ? `${short(ms / 1000)}\u00a0s`
    : `${ms >= 10 ? Math.round(ms) : Number(ms.toPrecision(2))}\u00a0ms`;
}

export function seconds(s: number): string {
  return s < 1 ? `${Math.max(1, Math.round(s * 1000))}\u00a0ms` : `${s.toFixed(s < 10 ? 1 : 0)}\u00a0s`;
}

export function bytes(n: number): string {
  const units = ["B", "kB", "MB", "GB"];
  const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, n)) / 3));
  return `${short(n / 1000 ** step)}\u00a0${units[step]}`;
}
