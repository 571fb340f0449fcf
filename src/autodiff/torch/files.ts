import { VicinalError } from "../../core/index.ts";
import { readArchive } from "./container.ts";
import { STORAGES } from "./globals.ts";
import { Source } from "./source.ts";
import { unpickle } from "./unpickle.ts";
import {
  asKind,
  type Dict,
  describe,
  ELEMENT_SIZES,
  type Named,
  type Storage,
  type Value,
} from "./values.ts";

/** The number that the older form begins with, and its version. */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;
const NONE: ReadonlySet<string> = new Set();

/** The storages that a pickle names, each once. */
class Storages {
  readonly byKey: Map<string, Storage> = new Map();
  readonly #source: Source;

  constructor(source: Source) {
    this.#source = source;
  }

  /** ('storage', class, key, location, count) and, in the older form, a view, which must be None. */
  readonly resolve = (id: readonly Value[]): Value => {
    const { fail } = this.#source;
    const [what, of, key, , count, view] = id;
    if (what === "module") return this.#moduleClass(of);
    const dtype = STORAGES.get(asKind(of, "global")?.name ?? "");
    if (what !== "storage" || dtype === undefined || typeof key !== "string") {
      return fail(
        "outside values are storages of numbers",
        `${describe(what)}, ${describe(of)}, ${describe(key)}`,
      );
    }
    if (typeof count !== "number" || !Number.isSafeInteger(count) || count < 0) {
      return fail("a storage has a whole number of elements", describe(count));
    }
    if (view !== undefined && view !== null) {
      throw new VicinalError("UNSUPPORTED", {
        what: `${this.#source.what}: a storage that is part of another`,
        rule: "save copies of its tensors (tensor.clone())",
      });
    }
    const known = this.byKey.get(key);
    if (known === undefined) {
      const made: Storage = { kind: "storage", key, dtype, count, bytes: undefined };
      this.byKey.set(key, made);
      return made;
    }
    if (known.dtype !== dtype || known.count !== count)
      fail("a storage is the same wherever it is named", key.slice(0, 40));
    return known;
  };

  /** The older form keeps the source of a class beside its name; only the name is kept. */
  #moduleClass(of: Value | undefined): Named {
    return asKind(of, "global") ?? this.#source.fail("a module is named by its class", describe(of));
  }
}

function checkSystem(info: Value, { fail }: Source): void {
  const entries = (asKind(info, "dict") as Dict | undefined)?.entries;
  if (entries?.get("little_endian") !== true) fail("its numbers are little-endian");
  const version = entries?.get("protocol_version");
  if (version !== undefined && version !== PROTOCOL) fail(`its protocol is ${PROTOCOL}`, describe(version));
}

/** Three pickles that say what it is, one with the object, one with the order of storages, then these. */
function readStream(bytes: Uint8Array, what: string, classes: ReadonlySet<string>): Value {
  const source = new Source(bytes, what);
  const { fail } = source;
  const magic = unpickle(source, { classes: NONE });
  if (magic !== MAGIC) fail("it begins with PyTorch's number", describe(magic));
  const version = unpickle(source, { classes: NONE });
  if (version !== PROTOCOL) fail(`its protocol is ${PROTOCOL}`, describe(version));
  checkSystem(unpickle(source, { classes: NONE }), source);
  const storages = new Storages(source);
  const value = unpickle(source, { classes, persistent: storages.resolve });
  const order = asKind(unpickle(source, { classes: NONE }), "list")?.items ?? fail("storages are listed");
  for (const key of order) {
    const storage = typeof key === "string" ? storages.byKey.get(key) : undefined;
    if (storage === undefined || storage.bytes !== undefined) {
      return fail("each storage that is named is listed once", describe(key));
    }
    const count = source.u64();
    if (count !== storage.count)
      fail(`storage ${storage.key.slice(0, 40)} has ${storage.count} elements`, String(count));
    storage.bytes = source.take(count * ELEMENT_SIZES[storage.dtype]);
  }
  for (const storage of storages.byKey.values()) {
    if (storage.bytes === undefined) fail("each storage that is named is listed", storage.key.slice(0, 40));
  }
  if (source.at !== bytes.length)
    fail("its storages reach to the end of the file", String(bytes.length - source.at));
  return value;
}

/** A zip archive with data.pkl and one member for each storage. */
function readZip(bytes: Uint8Array, what: string, classes: ReadonlySet<string>): Value {
  const archive = readArchive(bytes, what);
  const pickle = archive.names.filter((name) => /^[^/]*\/data\.pkl$/.test(name));
  const source = new Source(archive.take(pickle[0] ?? "") ?? new Uint8Array(0), what);
  const { fail } = source;
  if (pickle.length !== 1) fail("its archive holds one data.pkl, in a folder", String(pickle.length));
  const folder = pickle[0]!.slice(0, -"data.pkl".length);
  const order = archive.take(`${folder}byteorder`);
  if (order !== undefined && new TextDecoder().decode(order) !== "little")
    fail("its numbers are little-endian");
  const storages = new Storages(source);
  const value = unpickle(source, { classes, persistent: storages.resolve });
  if (source.at !== source.bytes.length)
    fail("its data.pkl is one pickle", String(source.bytes.length - source.at));
  for (const storage of storages.byKey.values()) {
    const content = archive.take(`${folder}data/${storage.key}`);
    const size = storage.count * ELEMENT_SIZES[storage.dtype];
    if (content?.length !== size) {
      fail(
        `its archive holds storage ${storage.key.slice(0, 40)} of ${size} bytes`,
        String(content?.length ?? "none"),
      );
    }
    storage.bytes = content;
  }
  return value;
}

/** The object that a file of torch.save holds, as plain data. */
export function readObject(bytes: Uint8Array, what: string, classes: ReadonlySet<string>): Value {
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) return readZip(bytes, what, classes);
  return readStream(bytes, what, classes);
}
