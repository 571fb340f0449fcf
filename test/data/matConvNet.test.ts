import { describe, expect, test } from "vitest";
import { createRng, isVicinalError } from "../../src/core/index.ts";
import { freshPath, loadHdf5 } from "../../src/data/formats/hdf5.ts";
import { bytesSource, readMatConvNet } from "../../src/data/index.ts";
import { mutate } from "./mutate.ts";

const codes = (text: string): Uint16Array => Uint16Array.from(text, (letter) => letter.charCodeAt(0));

/** A file as MatConvNet's, with layers of these types; convolution i has kernels of [out, in, columns, rows] and a bias. */
async function file(types: readonly string[], shapes: readonly number[][]): Promise<Uint8Array> {
  const { h5, files } = await loadHdf5("a test");
  const path = freshPath();
  const out = new h5.File(path, "w");
  out.create_group("#refs#");
  out.create_group("net");
  let convolution = 0;
  const layers = types.map((type, i) => {
    const layer = out.get("#refs#") as InstanceType<typeof h5.Group>;
    const group = layer.create_group(`layer${i}`);
    group.create_dataset({ name: "type", data: codes(type), shape: [type.length, 1] });
    if (type === "conv") {
      const shape = shapes[convolution++]!;
      const size = shape.reduce((a, b) => a * b, 1);
      const parts = [
        layer.create_dataset({
          name: `w${i}`,
          data: Float32Array.from({ length: size }, (_, j) => j + i),
          shape,
        }),
        layer.create_dataset({ name: `b${i}`, data: Float32Array.of(i, i + 1), shape: [2, 1] }),
      ];
      const data = parts.map((_, j) =>
        (layer.get(`${j === 0 ? "w" : "b"}${i}`) as InstanceType<typeof h5.Dataset>).create_reference(),
      );
      group.create_dataset({ name: "weights", data, shape: [2, 1] });
    }
    return (layer.get(`layer${i}`) as InstanceType<typeof h5.Group>).create_reference();
  });
  (out.get("net") as InstanceType<typeof h5.Group>).create_dataset({
    name: "layers",
    data: layers,
    shape: [layers.length, 1],
  });
  out.close();
  const bytes = files.readFile(path).slice();
  files.unlink(path);
  return bytes;
}
const read = (bytes: Uint8Array): ReturnType<typeof readMatConvNet> =>
  readMatConvNet(bytesSource(bytes, "net.mat"));
const codeOf = async (bytes: Uint8Array): Promise<string> => {
  try {
    await read(bytes);
    return "read";
  } catch (error) {
    return isVicinalError(error) ? error.code : String(error);
  }
};

describe("networks of MatConvNet", () => {
  test("kernels have rows before columns, and the axis that MATLAB dropped", async () => {
    const tensors = await read(
      await file(
        ["conv", "relu", "conv"],
        [
          [2, 1, 3, 3],
          [2, 3, 3],
        ],
      ),
    );
    expect([...tensors.keys()]).toEqual(["0.weight", "0.bias", "1.weight", "1.bias"]);
    expect(tensors.get("0.weight")!.shape).toEqual([2, 1, 3, 3]);
    expect([...tensors.get("0.weight")!.values()]).toEqual(
      [0, 9].flatMap((from) => [0, 3, 6, 1, 4, 7, 2, 5, 8].map((i) => from + i)),
    );
    expect([...tensors.get("0.bias")!.values()]).toEqual([0, 1]);
    expect(tensors.get("1.weight")!.shape).toEqual([1, 2, 3, 3]);
    expect(tensors.get("1.weight")!.values()[1]).toBe(2 + 3);
  });

  test("layers of other kinds or in another order are refused", async () => {
    const kernel = [2, 1, 3, 3];
    expect(await codeOf(await file(["conv", "relu", "conv", "loss"], [kernel, kernel]))).toBe("read");
    expect(await codeOf(await file(["conv", "bnorm", "conv"], [kernel, kernel]))).toBe("UNSUPPORTED");
    expect(await codeOf(await file(["conv", "conv"], [kernel, kernel]))).toBe("UNSUPPORTED");
    expect(await codeOf(await file(["relu"], []))).toBe("UNSUPPORTED");
    expect(await codeOf(await file(["conv"], [[2, 1, 3, 3, 1]]))).toBe("FORMAT");
    expect(await codeOf(new Uint8Array(600))).toBe("FORMAT");
  });

  test("damaged files are read or refused with a typed error", async () => {
    const whole = await file(
      ["conv", "relu", "conv"],
      [
        [2, 1, 3, 3],
        [2, 3, 3],
      ],
    );
    const rng = createRng(9, "damage");
    const seen = new Set<string>();
    for (let i = 0; i < 150; i++) seen.add(await codeOf(mutate(whole, rng)));
    expect([...seen].filter((code) => !["read", "FORMAT", "UNSUPPORTED", "LIMIT"].includes(code))).toEqual(
      [],
    );
  });
});
