let table: Uint32Array | undefined;

function makeTable(): Uint32Array {
  const out = new Uint32Array(256);
  for (let n = 0; n < 256; n++) {
    let c = n;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
    out[n] = c >>> 0;
  }
  return out;
}

/** CRC-32 as zip and gzip use it, continued from `previous` (0 to begin). */
export function crc32(bytes: Uint8Array, previous = 0): number {
  table ??= makeTable();
  let c = ~previous;
  for (let i = 0; i < bytes.length; i++) c = table[(c ^ bytes[i]!) & 255]! ^ (c >>> 8);
  return ~c >>> 0;
}
