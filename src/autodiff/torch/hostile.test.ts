import { describe, expect, test } from "vitest";
import { golden, outcome, TYPED, valuesOf } from "../../../test/autodiff/torch.ts";
import { readTorch } from "./index.ts";

/** Pickles put together by hand. */
const encoder = new TextEncoder();
const line = (text: string): number[] => [...encoder.encode(`${text}\n`)];
const u32 = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 255);
const text = (value: string): number[] => [
  0x58,
  ...u32(encoder.encode(value).length),
  ...encoder.encode(value),
];
const int = (value: number): number[] => [0x4a, ...u32(value)];
const global = (module: string, name: string): number[] => [0x63, ...line(module), ...line(name)];
const START = [0x80, 2];
const STOP = 0x2e;
const MARK = 0x28;
const TUPLE = 0x74;
const REDUCE = 0x52;

/** A file of the older form with this object and these storages. */
function stream(
  object: ArrayLike<number>,
  keys: readonly string[] = [],
  data: readonly number[] = [],
): Uint8Array {
  const head = golden("types-legacy").subarray(0, 137);
  const order = [...START, 0x5d, MARK, ...keys.flatMap(text), 0x65, STOP];
  return Uint8Array.from([...head, ...START, ...Array.from(object), STOP, ...order, ...data]);
}
const storage = (count: number[], { key = "0", of = "FloatStorage" } = {}): number[] => [
  ...[
    MARK,
    ...text("storage"),
    ...global("torch", of),
    ...text(key),
    ...text("cpu"),
    ...count,
    0x4e,
    TUPLE,
    0x51,
  ],
];
const tuple = (...numbers: number[]): number[] => [MARK, ...numbers.flatMap(int), TUPLE];
const tensor = (count: number, offset: number, shape: number[], strides: number[]): number[] => [
  ...global("torch._utils", "_rebuild_tensor"),
  ...[MARK, ...storage(int(count)), ...int(offset), ...tuple(...shape), ...tuple(...strides), TUPLE, REDUCE],
];
const two = [...u32(2), ...u32(0), 0, 0, 128, 63, 0, 0, 0, 64];

describe("files that mean harm", () => {
  const reading = (bytes: Uint8Array) => (): unknown =>
    [...readTorch(bytes).tensors.values()].map((t) => t.values());

  test("the maker of these is right: one of them is a file", () => {
    const file = readTorch(stream(tensor(2, 0, [2], [1]), ["0"], two));
    expect(valuesOf(file, "")).toEqual([1, 2]);
  });

  test.each([
    ["os", "system"],
    ["posix", "system"],
    ["nt", "system"],
    ["subprocess", "Popen"],
    ["builtins", "eval"],
    ["builtins", "exec"],
    ["__builtin__", "getattr"],
    ["__builtin__", "apply"],
    ["builtins", "__import__"],
    ["torch", "load"],
    ["torch.hub", "load"],
    ["torch.jit._pickle", "build_intlist"],
    ["torch._utils", "_rebuild_device_tensor_from_numpy"],
    ["numpy.core.multiarray", "_reconstruct"],
    ["importlib", "import_module"],
    ["functools", "partial"],
    ["operator", "attrgetter"],
    ["collections", "OrderedDict.fromkeys"],
    ["__main__", "DnCNN"],
    ["constructor", "constructor"],
    ["__proto__", "toString"],
    ["torch.nn.modules.conv", "Conv2d.forward"],
  ])("%s.%s is refused by name, as a line and as text, called or not", (module, name) => {
    const byText = [...text(module), ...text(name), 0x93];
    for (const ref of [global(module, name), byText]) {
      for (const rest of [[], [...text("id"), 0x85, REDUCE], [0x29, 0x81], [0x29, REDUCE]]) {
        const read = reading(stream([...ref, ...rest]));
        expect(read).toThrow(expect.objectContaining({ code: "UNSUPPORTED" }));
        expect(read).toThrow(JSON.stringify(`${module}.${name}`));
      }
    }
  });

  test("instructions that make or call by other ways are refused by name", () => {
    const refused = {
      ...{ INST: 0x69, OBJ: 0x6f, NEWOBJ_EX: 0x92, EXT1: 0x82, EXT2: 0x83, EXT4: 0x84, PERSID: 0x50 },
      ...{
        DUP: 0x32,
        STRING: 0x53,
        INT: 0x49,
        LONG: 0x4c,
        FLOAT: 0x46,
        UNICODE: 0x56,
        DICT: 0x64,
        LIST: 0x6c,
      },
      ...{ FROZENSET: 0x91, BYTEARRAY8: 0x96, NEXT_BUFFER: 0x97, READONLY_BUFFER: 0x98, BINBYTES8: 0x8e },
      ...{ PUT: 0x70, GET: 0x67 },
    };
    for (const [name, code] of Object.entries(refused)) {
      expect(reading(stream([code, ...line("os"), ...line("system")])), name).toThrow(
        `pickle instruction ${name} `,
      );
    }
    const known = new Set([...Object.values(refused)]);
    for (let code = 0; code < 256; code++) {
      if (!known.has(code)) expect([...TYPED, "read"], String(code)).toContain(outcome(stream([code])));
    }
  });

  test("functions are called and objects made only with what they take", () => {
    const dict = global("collections", "OrderedDict");
    const conv = global("torch.nn.modules.conv", "Conv2d");
    const cases: number[][] = [
      [...dict, ...text("x"), 0x85, REDUCE],
      [...dict, 0x5d, 0x4e, 0x61, 0x85, REDUCE],
      [...dict, REDUCE],
      [...conv, 0x29, REDUCE],
      [...conv, ...text("x"), 0x85, 0x81],
      [...dict, 0x29, 0x81],
      [...text("x"), 0x29, 0x81],
      [...conv, 0x29, 0x81, ...text("x"), 0x62],
      [...text("x"), 0x7d, 0x62],
      [...global("copy_reg", "_reconstructor"), MARK, ...dict, 0x4e, 0x4e, TUPLE, REDUCE],
      [...global("torch._utils", "_rebuild_tensor"), 0x29, REDUCE],
      [...global("torch._utils", "_rebuild_parameter"), ...text("x"), 0x85, REDUCE],
      [...text("x"), 0x51],
      [
        MARK,
        ...text("file"),
        ...global("torch", "FloatStorage"),
        ...text("/etc/passwd"),
        0x4e,
        ...int(1),
        0x4e,
        TUPLE,
        0x51,
      ],
      storage(int(-1)),
      storage(text("2")),
      storage(int(2), { of: "Size" }),
      [0x7d, 0x7d, 0x4e, 0x73],
      [0x5d, MARK, 0x4e, 0x4e, 0x75],
      [0x7d, MARK, 0x4e, 0x75],
      [0x7d, 0x4e, 0x61],
      [0x65],
      [0x29, 0x29],
      [],
    ];
    for (const [i, object] of cases.entries()) {
      expect(outcome(stream(object, ["0"], two)), `case ${i}`).toBe("FORMAT");
    }
  });

  test("lengths, counts, shapes and strides beyond the file are refused before anything is made", () => {
    const tensors = [
      tensor(2, 0, [3], [1]),
      tensor(2, 1, [2], [1]),
      tensor(2, 0, [2], [2]),
      tensor(2, 0, [2_000_000_000], [0]),
      tensor(2, 0, [2, 2], [1]),
      tensor(2, 0, [-1], [1]),
      tensor(2, -1, [1], [1]),
      tensor(2, 0, [2], [-1]),
      tensor(2_000_000_000, 0, [2_000_000_000], [1]),
      tensor(2, 0, Array(70).fill(1), Array(70).fill(1)),
      tensor(2, 0, Array(40).fill(2_000_000_000), Array(40).fill(0)),
    ];
    for (const [i, object] of tensors.entries()) {
      expect(outcome(stream(object, ["0"], two)), `tensor ${i}`).toBe("FORMAT");
    }
    const long = [0xff, 0xff, 0xff, 0x7f];
    const lengths = [
      [0x58, ...long],
      [0x54, ...long],
      [0x42, ...long],
      [0x8b, ...long],
      [0x8d, ...long, ...long],
    ];
    for (const object of [
      ...lengths,
      [0x8c, 255],
      [0x8a, 255],
      [0x95, ...long, ...long],
      [0x63, ...Array(999).fill(65)],
    ]) {
      expect(outcome(stream(object)), String(object[0])).toBe("FORMAT");
    }
    const huge = [0, 0, 0, 0, 0, 0, 0xff, 0x7f];
    expect(outcome(stream(tensor(2, 0, [2], [1]), ["0"], [...huge, ...two.slice(8)]))).toBe("FORMAT");
    expect(outcome(stream(tensor(2, 0, [2], [1]), ["0", "0"], [...two, ...two]))).toBe("FORMAT");
    expect(outcome(stream(tensor(2, 0, [2], [1]), [], []))).toBe("FORMAT");
    expect(outcome(stream(tensor(2, 0, [2], [1]), ["1"], two))).toBe("FORMAT");
    expect(outcome(stream(tensor(2, 0, [2], [1]), ["0"], [...two, 0]))).toBe("FORMAT");
  });

  test("values within values without end are refused, not followed", () => {
    const deep = new Uint8Array(300_000).fill(0x85);
    deep[0] = 0x29;
    expect(outcome(stream(deep))).toBe("LIMIT");
    // A list that holds itself, a dictionary that does, and an object among its own parts.
    expect(outcome(stream([0x5d, 0x71, 0, 0x68, 0, 0x61]))).toBe("LIMIT");
    expect(outcome(stream([0x7d, 0x71, 0, ...text("a"), 0x68, 0, 0x73]))).toBe("LIMIT");
    const conv = [...global("torch.nn.modules.conv", "Conv2d"), 0x29, 0x81, 0x71, 0];
    const own = [0x7d, ...text("_modules"), 0x7d, ...text("a"), 0x68, 0, 0x73, 0x73];
    expect(outcome(stream([...conv, ...own, 0x62]))).toBe("LIMIT");
  });

  test("a value that holds two of the one before, forty times over, is not unfolded", () => {
    const doubled = Array.from({ length: 40 }, (_, i) => [0x30, 0x68, i, 0x68, i, 0x86, 0x71, i + 1]).flat();
    expect(outcome(stream([0x29, 0x71, 0, ...doubled]))).toBe("LIMIT");
  });

  test("instructions without end, notes of any number and names that grow", () => {
    expect(outcome(stream(new Uint8Array(1_100_000).fill(0x5d)))).toBe("LIMIT");
    const notes = Array.from({ length: 2000 }, (_, i) => [0x72, ...u32(i * 2_000_003)]).flat();
    expect(outcome(stream([0x29, ...notes]))).toBe("read");
    expect(outcome(stream([0x6a, ...u32(4_000_000_000)]))).toBe("FORMAT");
    const names = [...text("a".repeat(300)), 0x71, 0, 0x5d, 0x73];
    expect(
      outcome(stream([0x7d, 0x71, 1, ...names, 0x30, 0x7d, ...text("b".repeat(400)), 0x68, 1, 0x73])),
    ).toBe("LIMIT");
  });

  test("names of objects' own properties are names like others", () => {
    const names = ["__proto__", "constructor", "toString", "hasOwnProperty"];
    const entries = names.flatMap((name, i) => [...text(name), ...int(i)]);
    const { scalars } = readTorch(stream([0x7d, MARK, ...entries, 0x75]));
    expect([...scalars]).toEqual(names.map((name, i) => [name, i]));
    expect(({} as Record<string, unknown>)["0"]).toBeUndefined();
  });

  test("an archive with packed, encrypted, double or missing members is refused", () => {
    const whole = golden("types-zip");
    const view = new DataView(whole.buffer);
    const at: number[] = [];
    for (let i = 0; i + 4 <= whole.length; i++) if (view.getUint32(i, true) === 0x02014b50) at.push(i);
    const changed = (offset: number, value: number): string => {
      const copy = whole.slice();
      copy[at[1]! + offset] = value;
      return outcome(copy);
    };
    expect(at.length).toBe(14);
    expect(changed(10, 8)).toBe("UNSUPPORTED");
    expect(changed(8, 1)).toBe("UNSUPPORTED");
    expect(changed(20, 99)).toBe("FORMAT");
    expect(changed(16, 99)).toBe("CORRUPT");
    expect(changed(45, 99)).toBe("FORMAT");
    expect(changed(47 + "weights".length, 65)).toBe("FORMAT");
  });
});
