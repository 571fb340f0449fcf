/** A picture made smaller by the mean of each block, line by line; `from` is a multiple of `to`. */
export function averaged(pixels: readonly number[], from: number, to: number, channels: number): number[] {
  const block = from / to;
  const out = new Array<number>(to * to * channels).fill(0);
  pixels.forEach((value, i) => {
    const place = Math.floor(i / channels);
    const line = Math.floor(place / from / block);
    const column = Math.floor((place % from) / block);
    out[(line * to + column) * channels + (i % channels)]! += value / (block * block);
  });
  return out;
}
