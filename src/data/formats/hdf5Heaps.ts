/** Fills `into` from a position; answers how many bytes there were. */
export type ReadAt = (into: Uint8Array, position: number) => number;

const PIECE = 1 << 20;
/** "GCOL" as a little-endian word. */
const SIGNATURE = 0x4c4f4347;
const HEAD = 16;

/**
 * True when every global heap of an HDF5 file (where texts of variable length lie) is well formed:
 * its objects follow one another within it. The C library walks a damaged heap without end, so texts
 * are asked of it only after this. Bytes that look like a heap by chance only cost the attributes.
 *
 * @remarks one pass over the file, at the speed of reading it
 */
export function heapsAreSound(read: ReadAt, size: number): boolean {
  // Lengths of other than 8 bytes change the layout; no writer in use makes them.
  const start = new Uint8Array(16);
  if (read(start, 0) < 16) return false;
  const version = start[8]!;
  const lengthBytes = version <= 1 ? start[14] : start[10];
  if (lengthBytes !== 8) return false;
  const piece = new Uint8Array(PIECE);
  const view = new DataView(piece.buffer);
  for (let at = 0; at < size; at += PIECE) {
    const got = read(piece, at);
    for (let i = 0; i + 4 <= got; i += 8) {
      if (view.getUint32(i, true) === SIGNATURE && !soundHeap(read, at + i, size)) return false;
    }
  }
  return true;
}

function soundHeap(read: ReadAt, address: number, fileSize: number): boolean {
  const head = new Uint8Array(HEAD);
  if (read(head, address) < HEAD || head[4] !== 1) return false;
  const size = Number(new DataView(head.buffer).getBigUint64(8, true));
  if (size < 4096 || address + size > fileSize || size > 1 << 28) return false;
  const heap = new Uint8Array(size);
  if (read(heap, address) < size) return false;
  const view = new DataView(heap.buffer);
  for (let at = HEAD; at + HEAD <= size; ) {
    const index = view.getUint16(at, true);
    const stored = view.getBigUint64(at + 8, true);
    if (stored > BigInt(size - at)) return false;
    // Object 0 is the free space: it counts its own header and reaches to the end.
    if (index === 0) return Number(stored) === size - at;
    at += HEAD + Math.ceil(Number(stored) / 8) * 8;
    if (at > size) return false;
  }
  return true;
}
