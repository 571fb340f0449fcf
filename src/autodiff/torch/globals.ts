import { sizeOf } from "../shape.ts";
import type { Fail } from "./source.ts";
import {
  asKind,
  type Dict,
  describe,
  type Key,
  STORAGE_TYPES,
  type Storage,
  type Strided,
  type Value,
} from "./values.ts";

/** What calling a function of a pickle comes to: a value made of its arguments, never anything run. */
type Rebuild = (args: readonly Value[], fail: Fail) => Value;

/** A tensor has at most so many axes. */
const MOST_AXES = 64;

const axes = (value: Value | undefined, what: string, fail: Fail): number[] => {
  const numbers = asKind(value, "tuple")?.items;
  const fine = (x: Value): x is number => typeof x === "number" && Number.isSafeInteger(x) && x >= 0;
  if (numbers === undefined || numbers.length > MOST_AXES || !numbers.every(fine)) {
    return fail(`${what} of a tensor is at most ${MOST_AXES} whole numbers >= 0`, describe(value));
  }
  return numbers;
};

/** (storage, offset, shape, strides, …), all of it within the storage. */
function rebuildTensor(args: readonly Value[], fail: Fail): Strided {
  const storage: Storage = asKind(args[0], "storage") ?? fail("a tensor has a storage", describe(args[0]));
  const offset = args[1];
  if (typeof offset !== "number" || !Number.isSafeInteger(offset) || offset < 0) {
    return fail("a tensor begins at a whole number >= 0", describe(offset));
  }
  const shape = axes(args[2], "the shape", fail);
  const strides = axes(args[3], "the strides", fail);
  if (shape.length !== strides.length)
    fail("a tensor has one stride for each axis", `${strides.length} for ${shape.length}`);
  const size = sizeOf(shape);
  const last = shape.reduce((at, extent, i) => at + (extent - 1) * strides[i]!, offset);
  // Equal elements laid out by strides of 0 are refused, lest a small file become large.
  if (size > storage.count || (size > 0 && last >= storage.count)) {
    const got = `shape [${shape.join(", ")}] from ${offset} by [${strides.join(", ")}]`;
    return fail(`a tensor lies within its storage of ${storage.count}, each element once`, got);
  }
  return { kind: "tensor", storage, offset, shape: Object.freeze(shape), strides };
}

const tensorFirst: Rebuild = (args, fail) =>
  asKind(args[0], "tensor") ?? fail("a parameter is a tensor", describe(args[0]));

const tupleFirst: Rebuild = (args, fail) =>
  asKind(args[0], "tuple") ?? fail("a size is a tuple", describe(args[0]));

const setOf: Rebuild = (args, fail) => {
  const from = args.length === 0 ? [] : (asKind(args[0], "list")?.items ?? fail("a set is made of a list"));
  return { kind: "set", items: [...from] };
};

/** A pickled key: text, a number, a truth value or None. */
export function keyOf(value: Value | undefined, fail: Fail): Key {
  if (value === undefined || (typeof value === "object" && value !== null)) {
    return fail("keys of a dictionary are text or numbers", describe(value));
  }
  return value;
}

/** OrderedDict() or OrderedDict([(key, value), …]). */
function orderedDict(args: readonly Value[], fail: Fail): Dict {
  const entries = new Map<Key, Value>();
  if (args.length > 0) {
    const pairs =
      asKind(args[0], "list") ?? fail("an ordered dictionary is made of a list", describe(args[0]));
    for (const pair of pairs.items) {
      const both = (asKind(pair, "list") ?? asKind(pair, "tuple"))?.items;
      if (both?.length !== 2) return fail("an ordered dictionary is made of pairs", describe(pair));
      entries.set(keyOf(both[0], fail), both[1]!);
    }
  }
  return { kind: "dict", entries };
}

const nothing: Rebuild = () => null;

/** _reconstructor(class, object, None): an object without attributes yet. */
const reconstruct: Rebuild = (args, fail) => {
  const of = asKind(args[0], "global") ?? fail("an object has a class", describe(args[0]));
  if (!CLASSES.has(of.name) || args[2] !== null)
    return fail("an object is made of its class alone", describe(args[2]));
  return { kind: "object", of: of.name, attributes: undefined };
};

/** Functions that may be called. */
export const FUNCTIONS: ReadonlyMap<string, Rebuild> = new Map<string, Rebuild>([
  ["collections.OrderedDict", orderedDict],
  ["torch._utils._rebuild_tensor", rebuildTensor],
  ["torch._utils._rebuild_tensor_v2", rebuildTensor],
  ["torch._utils._rebuild_parameter", tensorFirst],
  ["torch.nn.parameter.Parameter", tensorFirst],
  ["torch.Tensor", tensorFirst],
  ["torch.Size", tupleFirst],
  ["torch.nn.backends.thnn._get_thnn_function_backend", nothing],
  ["torch.device", nothing],
  ["copy_reg._reconstructor", reconstruct],
  ["copyreg._reconstructor", reconstruct],
  ["builtins.set", setOf],
  ["__builtin__.set", setOf],
]);

const modules = (file: string, names: string): string[] =>
  names.split(" ").map((name) => `torch.nn.modules.${file}.${name}`);

/** Classes whose objects are rebuilt as plain data. */
export const CLASSES: ReadonlySet<string> = new Set([
  ...modules("container", "Sequential ModuleList ModuleDict ParameterList ParameterDict"),
  ...modules("conv", "Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d"),
  ...modules("batchnorm", "BatchNorm1d BatchNorm2d BatchNorm3d"),
  ...modules("instancenorm", "InstanceNorm1d InstanceNorm2d InstanceNorm3d"),
  ...modules("normalization", "LayerNorm GroupNorm LocalResponseNorm"),
  ...modules("linear", "Linear Identity Bilinear"),
  ...modules("sparse", "Embedding EmbeddingBag"),
  ...modules("dropout", "Dropout Dropout2d Dropout3d"),
  ...modules(
    "activation",
    "ReLU ReLU6 LeakyReLU PReLU ELU SELU GELU SiLU Sigmoid Tanh Softplus Softmax LogSoftmax",
  ),
  ...modules("pooling", "MaxPool1d MaxPool2d MaxPool3d AvgPool1d AvgPool2d AvgPool3d"),
  ...modules("pooling", "AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveMaxPool2d"),
  ...modules("padding", "ReflectionPad2d ReplicationPad2d ZeroPad2d ConstantPad2d"),
  ...modules("upsampling", "Upsample UpsamplingNearest2d UpsamplingBilinear2d"),
  ...modules("pixelshuffle", "PixelShuffle PixelUnshuffle"),
  "torch.nn.modules.flatten.Flatten",
  "torch.nn.parallel.data_parallel.DataParallel",
]);

/** Classes of storages, and what else is only named. */
export const STORAGES: ReadonlyMap<string, (typeof STORAGE_TYPES)[keyof typeof STORAGE_TYPES]> = new Map(
  Object.entries(STORAGE_TYPES).map(([name, type]) => [`torch.${name}Storage`, type]),
);
export const MARKERS: ReadonlySet<string> = new Set(["builtins.object", "__builtin__.object"]);
