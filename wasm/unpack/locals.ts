// Turns ranks of local variables in the code of a module back into their numbers. scripts/pack.mjs walks in the
// same way in the other direction. Variables from 128 on, whose numbers take more than one byte, stand as they
// are, so no size changes. What stands between the operands is skipped alike in both directions: an
// instruction unknown here would cost some size and never the round trip.

let at: usize = 0;

/** An unsigned LEB128 number. */
function number(): u32 {
  let byte: u32 = load<u8>(at++);
  let value = byte & 127;
  for (let bits: u32 = 7; byte >= 128; bits += 7) {
    byte = load<u8>(at++);
    value |= (byte & 127) << bits;
  }
  return value;
}

/** How many numbers follow an opcode: offsets and alignments, indices, depths, types, integers. */
function operands(opcode: u32): u32 {
  if ((opcode >= 0x28 && opcode <= 0x3e) || opcode == 0x11) return 2;
  if ((opcode >= 0x02 && opcode <= 0x04) || (opcode >= 0x3f && opcode <= 0x42)) return 1;
  return u32(opcode == 0x0c || opcode == 0x0d || opcode == 0x10 || opcode == 0x23 || opcode == 0x24);
}

/** The same behind a prefix: bulk memory, atomics, vectors (lanes being numbers). */
function prefixedOperands(prefix: u32, opcode: u32): u32 {
  if (prefix == 0xfc) return opcode == 10 ? 2 : u32(opcode == 11);
  if (prefix == 0xfe) return opcode == 3 ? 1 : 2;
  if (opcode <= 11 || opcode == 92 || opcode == 93) return 2;
  if (opcode >= 84 && opcode <= 91) return 3;
  return u32(opcode >= 21 && opcode <= 34);
}

function skip(opcode: u32): void {
  let count: u32 = 0;
  if (opcode == 0x43) at += 4;
  else if (opcode == 0x44) at += 8;
  else if (opcode == 0x0e) count = 1 + number();
  else if (opcode < 0xfc) count = operands(opcode);
  else {
    const second = number();
    if (opcode == 0xfd && (second == 12 || second == 13)) at += 16;
    else count = prefixedOperands(opcode, second);
  }
  while (count-- > 0) number();
}

/** In place, in the module at `module`; `order` is room for 128 bytes. */
export function restoreLocals(module: usize, order: usize): void {
  at = module + 8;
  while (load<u8>(at) != 10) {
    at++;
    const size = number();
    at += size;
  }
  at++;
  number();
  for (let functions = number(); functions > 0; functions--) {
    for (let i: u32 = 0; i < 128; i++) store<u8>(order + i, i);
    const size = number();
    const end = at + size;
    for (let count = 2 * number(); count > 0; count--) number();
    while (at < end) {
      const opcode: u32 = load<u8>(at++);
      if (opcode < 0x20 || opcode > 0x22) skip(opcode);
      else {
        const rank: u32 = load<u8>(at);
        if (rank < 128) {
          const local = load<u8>(order + rank);
          for (let i = rank; i > 0; i--) store<u8>(order + i, load<u8>(order + i - 1));
          store<u8>(order, local);
          store<u8>(at, local);
        }
        number();
      }
    }
  }
}
