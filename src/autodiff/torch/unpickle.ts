import { VicinalError } from "../../core/index.ts";
import { CLASSES, FUNCTIONS, keyOf, MARKERS, STORAGES } from "./globals.ts";
import { nameOf } from "./opcodes.ts";
import type { Fail, Source } from "./source.ts";
import { asKind, type Dict, describe, type Instance, type Items, type Named, type Value } from "./values.ts";

export interface UnpickleOptions {
  /** Names of further classes whose objects are rebuilt as plain data. */
  readonly classes: ReadonlySet<string>;
  /** What an identifier that the pickle names stands for. */
  readonly persistent?: (id: readonly Value[]) => Value;
}

/** Instructions of one pickle; each makes at most one value, so that this bounds the memory. */
const MOST_STEPS = 1_000_000;
/** Bytes of a line that names a class. */
const LINE = 256;
/** Bytes of a whole number: the magic one of PyTorch has ten. */
const MOST_DIGITS = 64;

/** What has been put together so far. A mark remembers how many values lay below it. */
class State {
  readonly source: Source;
  readonly options: UnpickleOptions;
  readonly memo: Map<number, Value> = new Map();
  readonly stack: Value[] = [];
  readonly marks: number[] = [];

  constructor(source: Source, options: UnpickleOptions) {
    this.source = source;
    this.options = options;
  }

  push(value: Value): void {
    this.stack.push(value);
  }

  /** The value on top, of those above the last mark. */
  pop(): Value {
    const value = this.stack.length > (this.marks.at(-1) ?? 0) ? this.stack.pop() : undefined;
    return value === undefined ? this.source.fail("its instructions have the values that they take") : value;
  }

  top(): Value {
    const value = this.pop();
    this.stack.push(value);
    return value;
  }

  /** Values above the last mark, which goes. */
  popMarked(): Value[] {
    const from = this.marks.pop() ?? this.source.fail("its instructions have the mark that they go back to");
    return this.stack.splice(from);
  }

  tuple(items: Value[]): void {
    this.push({ kind: "tuple", items });
  }

  put(index: number): void {
    this.memo.set(index, this.top());
  }

  get(index: number): void {
    const value = this.memo.get(index);
    this.push(value === undefined ? this.source.fail("it recalls only what it noted", String(index)) : value);
  }
}

/** A class or function by its name, where that is one of the table's. */
function named(state: State, name: string): Named {
  const known = FUNCTIONS.has(name) || CLASSES.has(name) || STORAGES.has(name) || MARKERS.has(name);
  if (!known && !state.options.classes.has(name)) {
    throw new VicinalError("UNSUPPORTED", {
      what: `${state.source.what}: class or function ${JSON.stringify(name.slice(0, 100))}`,
      rule: "only tensors, plain data and the layers of torch.nn are rebuilt, and nothing is run; save a state_dict",
    });
  }
  return { kind: "global", name };
}

const isClass = (state: State, name: string): boolean => CLASSES.has(name) || state.options.classes.has(name);

function reduce(state: State): void {
  const fail: Fail = state.source.fail;
  const args = asKind(state.pop(), "tuple")?.items ?? fail("arguments are a tuple");
  const callee = state.pop();
  const name = asKind(callee, "global")?.name;
  const rebuild = name === undefined ? undefined : FUNCTIONS.get(name);
  state.push(
    rebuild === undefined ? fail("a function of the table is called", describe(callee)) : rebuild(args, fail),
  );
}

/** A class and no arguments: an object without attributes yet. */
function newObject(state: State): void {
  const fail: Fail = state.source.fail;
  const args = asKind(state.pop(), "tuple");
  const of = asKind(state.pop(), "global");
  if (of === undefined || !isClass(state, of.name) || args?.items.length !== 0) {
    fail("an object is made of a class of the table, without arguments", describe(of));
  }
  const made: Instance = { kind: "object", of: of.name, attributes: undefined };
  state.push(made);
}

/** Attributes of an object. Those of a dictionary, such as a state dictionary's versions, are let go. */
function build(state: State): void {
  const fail: Fail = state.source.fail;
  const attributes = asKind(state.pop(), "dict") ?? fail("attributes are a dictionary");
  const target = state.top();
  if (asKind(target, "dict") !== undefined) return;
  const object = asKind(target, "object") ?? fail("attributes belong to an object", describe(target));
  object.attributes = attributes;
}

function setItems(state: State, dict: Dict | undefined, items: readonly Value[]): void {
  const fail: Fail = state.source.fail;
  if (dict === undefined || items.length % 2 !== 0) fail("entries are pairs for a dictionary");
  for (let i = 0; i < items.length; i += 2) dict.entries.set(keyOf(items[i], fail), items[i + 1]!);
}

function append(state: State, items: readonly Value[], kind: "list" | "set"): void {
  const target: Items = asKind(state.top(), kind) ?? state.source.fail(`items are added to a ${kind}`);
  for (const item of items) target.items.push(item);
}

/** A whole number of so many bytes, little-endian, in two's complement. */
function long(state: State, bytes: number): void {
  const { source } = state;
  if (bytes > MOST_DIGITS) source.fail(`whole numbers have at most ${MOST_DIGITS} bytes`, String(bytes));
  const digits = source.take(bytes);
  let value = 0n;
  for (let i = bytes - 1; i >= 0; i--) value = (value << 8n) | BigInt(digits[i]!);
  if (bytes > 0) value = BigInt.asIntN(8 * bytes, value);
  const plain = Number(value);
  state.push(Number.isSafeInteger(plain) ? plain : value);
}

function stackGlobal(state: State): void {
  const fail: Fail = state.source.fail;
  const [name, module] = [state.pop(), state.pop()];
  if (typeof name !== "string" || typeof module !== "string") fail("classes are named by text");
  state.push(named(state, `${module}.${name}`));
}

function persistent(state: State): void {
  const fail: Fail = state.source.fail;
  const id = asKind(state.pop(), "tuple")?.items;
  const { persistent: resolve } = state.options;
  if (id === undefined || resolve === undefined) fail("outside values are named by a tuple");
  state.push(resolve(id));
}

/** Latin letters of Python 2, text or bytes. */
const latin = (bytes: Uint8Array): string => {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
};

/** What each allowed instruction does. */
const INSTRUCTIONS: ReadonlyMap<number, (state: State) => void> = new Map<number, (state: State) => void>([
  [0x80, ({ source }) => checkProtocol(source)],
  [0x95, ({ source }) => checkFrame(source)],
  [0x28, ({ marks, stack }) => void marks.push(stack.length)],
  [0x30, (state) => void state.pop()],
  [0x31, (state) => void state.popMarked()],
  [0x4e, (state) => state.push(null)],
  [0x88, (state) => state.push(true)],
  [0x89, (state) => state.push(false)],
  [0x4a, (state) => state.push(state.source.i32())],
  [0x4b, (state) => state.push(state.source.u8())],
  [0x4d, (state) => state.push(state.source.u16())],
  [0x47, (state) => state.push(state.source.f64())],
  [0x8a, (state) => long(state, state.source.u8())],
  [0x8b, (state) => long(state, state.source.u32())],
  [0x58, (state) => state.push(state.source.text(state.source.u32()))],
  [0x8c, (state) => state.push(state.source.text(state.source.u8()))],
  [0x8d, (state) => state.push(state.source.text(state.source.u64()))],
  [0x54, (state) => state.push(latin(state.source.take(state.source.u32())))],
  [0x55, (state) => state.push(latin(state.source.take(state.source.u8())))],
  [0x42, (state) => state.push(state.source.take(state.source.u32()))],
  [0x43, (state) => state.push(state.source.take(state.source.u8()))],
  [0x5d, (state) => state.push({ kind: "list", items: [] })],
  [0x7d, (state) => state.push({ kind: "dict", entries: new Map() })],
  [0x8f, (state) => state.push({ kind: "set", items: [] })],
  [0x29, (state) => state.tuple([])],
  [0x74, (state) => state.tuple(state.popMarked())],
  [0x85, (state) => state.tuple([state.pop()])],
  [0x86, (state) => state.tuple([state.pop(), state.pop()].reverse())],
  [0x87, (state) => state.tuple([state.pop(), state.pop(), state.pop()].reverse())],
  [0x61, (state) => append(state, [state.pop()], "list")],
  [0x65, (state) => append(state, state.popMarked(), "list")],
  [0x90, (state) => append(state, state.popMarked(), "set")],
  [
    0x73,
    (state) => {
      const pair = [state.pop(), state.pop()].reverse();
      setItems(state, asKind(state.top(), "dict"), pair);
    },
  ],
  [
    0x75,
    (state) => {
      const items = state.popMarked();
      setItems(state, asKind(state.top(), "dict"), items);
    },
  ],
  [0x63, (state) => state.push(named(state, `${state.source.line(LINE)}.${state.source.line(LINE)}`))],
  [0x93, stackGlobal],
  [0x71, (state) => state.put(state.source.u8())],
  [0x72, (state) => state.put(state.source.u32())],
  [0x94, (state) => state.put(state.memo.size)],
  [0x68, (state) => state.get(state.source.u8())],
  [0x6a, (state) => state.get(state.source.u32())],
  [0x51, persistent],
  [0x52, reduce],
  [0x81, newObject],
  [0x62, build],
]);
const STOP = 0x2e;

function checkProtocol(source: Source): void {
  const protocol = source.u8();
  if (protocol < 2 || protocol > 5) source.fail("its pickles are of protocol 2 to 5", String(protocol));
}

function checkFrame(source: Source): void {
  const length = source.u64();
  if (length > source.bytes.length - source.at)
    source.fail("frames of its pickle lie within it", String(length));
}

/**
 * The value that a pickle stands for, as plain data. Instructions, classes and functions are those of fixed tables;
 * nothing is looked up by name or run, and nothing recurses.
 *
 * @throws VicinalError FORMAT, UNSUPPORTED for another instruction or class, LIMIT for more than a million instructions
 */
export function unpickle(source: Source, options: UnpickleOptions): Value {
  const state = new State(source, options);
  const start = source.at;
  for (let steps = 0; steps < MOST_STEPS; steps++) {
    const at = source.at;
    const opcode = source.u8();
    if (at === start && opcode !== 0x80) source.fail("a pickle begins with its protocol", nameOf(opcode));
    if (opcode === STOP) {
      const value = state.pop();
      if (state.stack.length > 0)
        source.fail("one value is left when a pickle ends", String(state.stack.length + 1));
      return value;
    }
    const instruction = INSTRUCTIONS.get(opcode);
    if (instruction === undefined) {
      throw new VicinalError("UNSUPPORTED", {
        what: `${source.what}: pickle instruction ${nameOf(opcode)} at byte ${at}`,
        rule: "only those that tensors and plain data need are followed",
      });
    }
    instruction(state);
  }
  throw new VicinalError("LIMIT", {
    what: `${source.what}: pickle instructions`,
    got: MOST_STEPS + 1,
    limit: MOST_STEPS,
  });
}
