import { VicinalError } from "../core/errors.ts";
import { parseCanonical } from "./canonical.ts";
import type { Hasher } from "./hasher.ts";
import {
  align,
  CHECKSUM_AT,
  FORMAT_VERSION,
  headChecksum,
  MAGIC,
  MAX_HEADER_BYTES,
  MAX_SECTIONS,
  PREFIX_BYTES,
} from "./layout.ts";
import {
  ELEMENT_BYTES,
  type Facts,
  isName,
  type Json,
  type SectionDtype,
  type SectionInfo,
  type SnapshotHeader,
} from "./snapshot.ts";

/** Whether these are the first bytes of an index file; names and endings do not matter. */
export function isVicinalFile(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, i) => bytes[i] === byte);
}

/** What the first 32 bytes say, checked against each other and against the source's size where that is known. */
export interface Prefix {
  readonly version: number;
  readonly jsonBytes: number;
  readonly fileBytes: number;
}

function bad(what: string, rule: string, got?: string | number): never {
  throw new VicinalError("FORMAT", { what, rule, ...(got === undefined ? {} : { got: String(got) }) });
}

/** Reads the prefix. Throws FORMAT_UNKNOWN, FORMAT_VERSION, FORMAT. */
export function readPrefix(bytes: Uint8Array, what: string, size: number | undefined): Prefix {
  if (!isVicinalFile(bytes)) {
    if (bytes.length >= MAGIC.length && MAGIC.subarray(0, 4).every((byte, i) => bytes[i] === byte)) {
      bad(what, "bytes 4 to 7 are 0D 0A 1A 0A; copying a file as text changes them");
    }
    throw new VicinalError("FORMAT_UNKNOWN", { what, known: ["the .vic files that index.save() writes"] });
  }
  if (bytes.length < PREFIX_BYTES) bad(what, `a file has at least ${PREFIX_BYTES} bytes`, bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint32(8, true);
  if (version > FORMAT_VERSION) {
    throw new VicinalError("FORMAT_VERSION", { what, got: version, want: FORMAT_VERSION });
  }
  if (version === 0) bad(what, "format versions begin at 1", version);
  const jsonBytes = view.getUint32(12, true);
  if (jsonBytes > MAX_HEADER_BYTES) bad(what, `the header has at most ${MAX_HEADER_BYTES} bytes`, jsonBytes);
  const length = view.getBigUint64(16, true);
  if (length > BigInt(Number.MAX_SAFE_INTEGER)) bad(what, "the file length is below 2^53", `${length}`);
  const fileBytes = Number(length);
  if (fileBytes !== align(fileBytes)) bad(what, "the file length is a multiple of 64", fileBytes);
  if (fileBytes < align(PREFIX_BYTES + jsonBytes)) {
    bad(what, `the file length covers a header of ${jsonBytes} bytes`, fileBytes);
  }
  if (size !== undefined && size !== fileBytes) {
    bad(what, `the file is ${fileBytes} bytes long, as its header says`, `${size} bytes`);
  }
  return { version, jsonBytes, fileBytes };
}

/** Checks and reads everything before the sections. Throws CORRUPT, FORMAT. */
export function readHead(head: Uint8Array, prefix: Prefix, what: string, hasher: Hasher): SnapshotHeader {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const stored = view.getBigUint64(CHECKSUM_AT, true).toString(16).padStart(16, "0");
  if (headChecksum(head, hasher) !== stored) throw new VicinalError("CORRUPT", { what, section: "header" });
  const end = PREFIX_BYTES + prefix.jsonBytes;
  if (head.subarray(end).some((byte) => byte !== 0)) bad(what, "the header is padded with zeros");
  let json: Json;
  try {
    json = parseCanonical(head.subarray(PREFIX_BYTES, end));
  } catch (error) {
    const got = (error as Error).message;
    throw new VicinalError("FORMAT", { what, rule: "the header is canonical JSON", got }, { cause: error });
  }
  return checkHeader(json, prefix, what, head.length);
}

function isObject(value: unknown): value is Record<string, Json> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object's members, which must be exactly those named. */
function members(
  value: unknown,
  names: readonly string[],
  what: string,
  where: string,
): Record<string, Json> {
  if (!isObject(value)) bad(what, `${where} is an object`);
  for (const name of names) if (!Object.hasOwn(value, name)) bad(what, `${where} has a member "${name}"`);
  for (const name of Object.keys(value)) {
    if (!names.includes(name)) bad(what, `${where} has no members but ${names.join(", ")}`, name);
  }
  return value;
}

function checkHeader(json: Json, prefix: Prefix, what: string, dataOffset: number): SnapshotHeader {
  const { kind, facts, sections } = members(json, ["kind", "facts", "sections"], what, "the header");
  if (!isName(kind)) bad(what, "the kind is a name of at most 63 letters and digits");
  if (!isObject(facts)) bad(what, "facts are an object");
  if (!Array.isArray(sections)) bad(what, "sections are a list");
  if (sections.length > MAX_SECTIONS)
    bad(what, `there are at most ${MAX_SECTIONS} sections`, sections.length);
  const room = prefix.fileBytes - dataOffset;
  const seen = new Set<string>();
  const table: SectionInfo[] = [];
  let next = 0;
  for (const [i, entry] of sections.entries()) {
    const info = checkSection(entry, i, what);
    if (seen.has(info.name)) bad(what, "section names are unique", info.name);
    seen.add(info.name);
    if (info.offset !== next) bad(what, `section "${info.name}" begins at ${next} of the data`, info.offset);
    next += align(info.byteLength);
    if (next > room) bad(what, `section "${info.name}" ends inside the file`, info.byteLength);
    table.push({ ...info, offset: dataOffset + info.offset });
  }
  if (next !== room) bad(what, `the sections fill the ${room} bytes after the header`, next);
  return {
    version: prefix.version,
    kind,
    facts: facts as Facts,
    sections: table,
    fileBytes: prefix.fileBytes,
  };
}

function checkSection(entry: Json, i: number, what: string): SectionInfo {
  const where = `section ${i}`;
  const fields = members(entry, ["name", "dtype", "offset", "byteLength", "checksum"], what, where);
  const { name, dtype, offset, byteLength, checksum } = fields;
  if (!isName(name)) bad(what, `the name of ${where} is at most 63 letters and digits`);
  if (typeof dtype !== "string" || !Object.hasOwn(ELEMENT_BYTES, dtype)) {
    bad(what, `the type of section "${name}" is one of ${Object.keys(ELEMENT_BYTES).join(", ")}`);
  }
  for (const value of [offset, byteLength]) {
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
      bad(what, `offset and length of section "${name}" are whole numbers`, String(value));
    }
  }
  const size = ELEMENT_BYTES[dtype as SectionDtype];
  if ((byteLength as number) % size !== 0) {
    bad(what, `section "${name}" holds whole ${dtype} elements`, `${byteLength} bytes`);
  }
  if (typeof checksum !== "string" || !/^[0-9a-f]{16}$/.test(checksum)) {
    bad(what, `the checksum of section "${name}" is 16 hexadecimal digits`);
  }
  return { name, dtype, offset, byteLength, checksum } as SectionInfo;
}
