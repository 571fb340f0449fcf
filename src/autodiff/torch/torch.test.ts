import { describe, expect, test } from "vitest";
import { golden, NET, outcome, TYPED, valuesOf } from "../../../test/autodiff/torch.ts";
import { mutate } from "../../../test/data/mutate.ts";
import { createRng } from "../../core/index.ts";
import { readTorch } from "./index.ts";

const FORMS = ["zip", "legacy"] as const;
const ramp = (count: number, scale = 0.125): number[] =>
  Array.from({ length: count }, (_, i) => i * scale - 0.25);

/** Names of a state dictionary of the golden network, and how many values each has. */
const STATE: readonly (readonly [string, number])[] = [
  ["scale", 2],
  ["body.0.weight", 18],
  ["body.0.bias", 2],
  ["body.2.weight", 36],
  ["body.3.weight", 2],
  ["body.3.bias", 2],
  ["body.3.running_mean", 2],
  ["body.3.running_var", 2],
];

describe.each(FORMS)("files of torch 1.13 in the %s form", (form) => {
  test("a state dictionary within a checkpoint, and what lies beside it", () => {
    const file = readTorch(golden(`state-${form}`));
    STATE.forEach(([name, count], i) => {
      expect(valuesOf(file, `net.${name}`), name).toEqual(ramp(count).map((value) => value + i));
    });
    expect(file.tensors.size).toBe(9);
    expect(file.tensors.get("net.body.2.weight")!.shape).toEqual([2, 2, 3, 3]);
    expect(file.tensors.get("net.body.3.num_batches_tracked")).toMatchObject({ dtype: "I64", shape: [] });
    expect(valuesOf(file, "net.body.3.num_batches_tracked")).toEqual([7]);
    expect(Object.fromEntries(file.scalars)).toEqual({
      ...{ epoch: 3, note: "by formula", rate: 0.5, done: true, big: 2n ** 70n },
    });
  });

  test("a whole module has the tensors of its state dictionary, once its class is named", () => {
    const state = readTorch(golden(`state-${form}`));
    const module = readTorch(golden(`module-${form}`), NET);
    expect(module.tensors.size).toBe(9);
    for (const [name, tensor] of module.tensors) {
      const same = state.tensors.get(`net.${name}`)!;
      expect({ ...tensor, values: [...tensor.values()] }, name).toEqual({
        ...same,
        values: [...same.values()],
      });
    }
    expect(() => readTorch(golden(`module-${form}`))).toThrow(/"__main__.Net" is not supported/);
  });

  test("every type of element, a number without axes and an empty tensor", () => {
    const file = readTorch(golden(`types-${form}`));
    const up = [0, 1, 2, 3, 4, 5];
    expect(valuesOf(file, "f32")).toEqual(ramp(6));
    expect(valuesOf(file, "f64")).toEqual(ramp(6).map((value) => value / 7));
    expect(valuesOf(file, "f16")).toEqual(ramp(6));
    expect(valuesOf(file, "bf16")).toEqual(ramp(6));
    expect(valuesOf(file, "i64")).toEqual(up.map((i) => (i - 3) * 1e12));
    expect(valuesOf(file, "i32")).toEqual(up.map((i) => (i - 3) * 5e8));
    expect(valuesOf(file, "i16")).toEqual(up.map((i) => (i - 3) * 10_000));
    expect(valuesOf(file, "i8")).toEqual(up.map((i) => (i - 3) * 40));
    expect(valuesOf(file, "u8")).toEqual(up.map((i) => i * 50));
    expect(valuesOf(file, "bool")).toEqual([1, 0, 1, 0, 1, 0]);
    expect(valuesOf(file, "number")).toEqual([2.5]);
    expect(file.tensors.get("empty")).toMatchObject({ dtype: "F32", shape: [0, 4] });
    expect(valuesOf(file, "empty")).toEqual([]);
  });

  test("tensors that share a storage, by their offsets and strides", () => {
    const file = readTorch(golden(`strided-${form}`));
    const at = (row: number, column: number): number => (row * 6 + column) * 0.125 - 0.25;
    const grid = (rows: number[], columns: number[], value: (a: number, b: number) => number): number[] =>
      rows.flatMap((a) => columns.map((b) => value(a, b)));
    const [four, six] = [
      [0, 1, 2, 3],
      [0, 1, 2, 3, 4, 5],
    ] as const;
    expect(valuesOf(file, "0")).toEqual(grid([...four], [...six], at));
    expect(valuesOf(file, "1")).toEqual(grid([...six], [...four], (a, b) => at(b, a)));
    expect(valuesOf(file, "2")).toEqual(grid([1, 2], [1, 3, 5], at));
    expect(valuesOf(file, "3")).toEqual(grid([2], [...six], at));
    expect(valuesOf(file, "4")).toEqual(grid([0, 3], [...four], (a, b) => at(b, a)));
    expect([...file.tensors.values()].map(({ shape }) => shape)).toEqual([
      [4, 6],
      [6, 4],
      [2, 3],
      [6],
      [2, 4],
    ]);
  });

  test("is read alike as a Buffer that shares memory with others", () => {
    const shared = Buffer.concat([new Uint8Array(3), golden(`types-${form}`)]).subarray(3);
    const file = readTorch(golden(`types-${form}`));
    for (const name of file.tensors.keys())
      expect(valuesOf(readTorch(shared), name)).toEqual(valuesOf(file, name));
  });
});

describe("damaged files", () => {
  const files = FORMS.flatMap((form) =>
    ["state", "types", "strided", "module"].map((name) => golden(`${name}-${form}`)),
  );

  test("of 4000 with bytes changed, cut or repeated each is read or refused with a typed error", () => {
    const rng = createRng(11, "damage");
    const seen = new Map<string, number>();
    for (let i = 0; i < 4000; i++) {
      const got = outcome(mutate(files[i % files.length]!, rng));
      seen.set(got, (seen.get(got) ?? 0) + 1);
    }
    expect([...seen.keys()].filter((code) => ![...TYPED, "read"].includes(code))).toEqual([]);
    for (const code of ["FORMAT", "UNSUPPORTED", "CORRUPT"]) expect(seen.get(code), code).toBeGreaterThan(20);
  });

  test("a file cut short anywhere is refused", () => {
    for (const whole of files) {
      for (let end = 0; end < whole.length; end += Math.ceil(whole.length / 150)) {
        expect(TYPED).toContain(outcome(whole.subarray(0, end)));
      }
    }
  });

  test("of the older form, every bit of the header matters or changes nothing", () => {
    const whole = golden("strided-legacy");
    for (let bit = 0; bit < 8 * 137; bit++) {
      const changed = whole.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect([...TYPED, "read"]).toContain(outcome(changed));
    }
  });
});
