import { crc32 } from "../../core/crc32.ts";
import { VicinalError } from "../../core/index.ts";
import { Source } from "./source.ts";

const END = 0x06054b50;
const WIDE_END = 0x06064b50;
const WIDE_LOCATOR = 0x07064b50;
const MEMBER = 0x02014b50;
const LOCAL = 0x04034b50;
/** The end record is followed by a comment of at most 65,535 bytes. */
const TAIL = 22 + 65_535;
const MOST_MEMBERS = 65_535;

interface Member {
  readonly name: string;
  readonly crc: number;
  readonly size: number;
  readonly offset: number;
}

function findEnd(source: Source): number {
  const { bytes } = source;
  for (let at = bytes.length - 22; at >= Math.max(0, bytes.length - TAIL); at--) {
    if (bytes[at] === 0x50 && bytes[at + 1] === 0x4b && bytes[at + 2] === 5 && bytes[at + 3] === 6) return at;
  }
  return source.fail("a zip archive ends with its directory");
}

/** Where the directory lies and how many members it has, of the wide form where there is one. */
function directory(source: Source): { offset: number; bytes: number; members: number } {
  const end = findEnd(source);
  source.at = Math.max(0, end - 20);
  if (end >= 20 && source.u32() === WIDE_LOCATOR) {
    source.step(4);
    source.at = source.u64();
    if (source.u32() !== WIDE_END)
      source.fail("the wide end record of its directory begins with PK\\x06\\x06");
    source.step(28);
    const members = source.u64();
    return { members, bytes: source.u64(), offset: source.u64() };
  }
  source.at = end;
  if (source.u32() !== END) source.fail("a zip archive ends with its directory");
  source.step(6);
  return { members: source.u16(), bytes: source.u32(), offset: source.u32() };
}

/** Fields that did not fit 32 bits, from a member's extra ones, in the order of the format. */
function widened(source: Source, extra: number, fields: readonly number[]): number[] {
  const end = source.at + extra;
  let wide = [...fields];
  while (source.at + 4 <= end) {
    const [kind, length] = [source.u16(), source.u16()];
    const next = source.at + length;
    if (next > end) source.fail("extra fields of an archive's member lie within its entry");
    if (kind === 1) {
      wide = fields.map((field) => (field === 0xffffffff && source.at + 8 <= next ? source.u64() : field));
    }
    source.at = next;
  }
  source.at = end;
  return wide;
}

function readMember(source: Source): Member {
  if (source.u32() !== MEMBER) source.fail("members of its directory begin with PK\\x01\\x02");
  source.step(4);
  const [flags, method] = [source.u16(), source.u16()];
  source.step(4);
  const crc = source.u32();
  const [packed, size] = [source.u32(), source.u32()];
  const [nameLength, extra, comment] = [source.u16(), source.u16(), source.u16()];
  source.step(8);
  const offset = source.u32();
  const name = source.text(nameLength);
  source.step(extra);
  source.at -= extra;
  const [wideSize, widePacked, wideOffset] = widened(source, extra, [size, packed, offset]) as [
    number,
    number,
    number,
  ];
  source.step(comment);
  if (flags & 1 || method !== 0) {
    throw new VicinalError("UNSUPPORTED", {
      what: `${source.what}: member ${JSON.stringify(name.slice(0, 80))}, ${flags & 1 ? "encrypted" : `zip method ${method}`}`,
      rule: "PyTorch stores its members as they are; save the file anew",
    });
  }
  if (wideSize !== widePacked)
    source.fail("stored members are as large as they are packed", `${wideSize}, ${widePacked}`);
  return { name, crc, size: wideSize, offset: wideOffset };
}

/**
 * Members of an archive that are stored uncompressed, as views, by name. Nothing is unpacked, so that none is larger
 * than the file; a member's checksum is compared when it is taken.
 */
export function readArchive(
  bytes: Uint8Array,
  what: string,
): { names: string[]; take(name: string): Uint8Array | undefined } {
  const source = new Source(bytes, what);
  const { members, offset, bytes: length } = directory(source);
  if (members > MOST_MEMBERS) {
    throw new VicinalError("LIMIT", {
      what: `${what}: members of the archive`,
      got: members,
      limit: MOST_MEMBERS,
    });
  }
  if (offset + length > bytes.length)
    source.fail("its directory lies within the file", `${length} bytes at ${offset}`);
  source.at = offset;
  const found = new Map<string, Member>();
  for (let i = 0; i < members; i++) {
    const member = readMember(source);
    if (found.has(member.name))
      source.fail("members of an archive have names of their own", member.name.slice(0, 80));
    found.set(member.name, member);
  }
  return {
    names: [...found.keys()],
    take(name) {
      const member = found.get(name);
      if (member === undefined) return undefined;
      source.at = member.offset;
      if (source.u32() !== LOCAL) source.fail(`member ${name} begins with PK\\x03\\x04`);
      source.step(22);
      const [nameLength, extra] = [source.u16(), source.u16()];
      source.step(nameLength + extra);
      const content = source.take(member.size);
      if (crc32(content) !== member.crc)
        throw new VicinalError("CORRUPT", { what, section: name.slice(0, 80) });
      return content;
    },
  };
}
