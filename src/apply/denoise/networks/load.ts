import { readSafetensors, readTorch } from "../../../autodiff/index.ts";
import { VicinalError } from "../../../core/index.ts";
import { chainOf, checkChain, convolutionOf, type NamedTensor, type TensorFile, vector } from "./tensors.ts";
import type { BlockWeights, Chain, DenoisingNetwork, N3netWeights } from "./weights.ts";

/** Classes of the authors' scripts whose objects are read as plain data. */
const CLASSES = [
  "__main__.DnCNN",
  "models.DnCNN",
  "model.DnCNN",
  "network_dncnn.DnCNN",
  "models.network_dncnn.DnCNN",
];
/** What both papers' networks add to a variance unless the file tells otherwise. */
const EPSILON = 1e-5;

/** Texts of a safetensors file by {@link saveDenoisingNetwork}. */
interface Metadata {
  readonly denoiser?: string;
  readonly sigma?: string;
  readonly options?: string;
}

/**
 * A network from a file: ours (safetensors), or one of PyTorch that the authors of DnCNN or N3Net published, which are
 * obtained from them. Norms are merged into convolutions.
 *
 * @throws VicinalError FORMAT_UNKNOWN, FORMAT, UNSUPPORTED, LIMIT, CORRUPT; nothing in the file is run
 */
export function loadDenoisingNetwork(bytes: Uint8Array, what = "network file"): DenoisingNetwork {
  const isTorch = (bytes[0] === 0x50 && bytes[1] === 0x4b) || (bytes[0] === 0x80 && bytes[1] === 2);
  if (isTorch) return fromTorch(bytes, what);
  if (bytes[8] === 0x7b) return fromSafetensors(bytes, what);
  throw new VicinalError("FORMAT_UNKNOWN", { what, known: ["safetensors", "files of PyTorch"] });
}

/**
 * DnCNN from its convolutions, named 0, 1, … as `readMatConvNet` of `vicinal/data` reads them: `0.weight` of
 * [channels out, in, 3, 3], `0.bias`.
 *
 * @throws VicinalError FORMAT
 */
export function denoisingNetworkOf(
  tensors: ReadonlyMap<string, NamedTensor>,
  what = "network",
): DenoisingNetwork {
  return { weights: dncnnOf({ what, tensors, outFirst: true, epsilon: () => EPSILON }), sigma: undefined };
}

function fromTorch(bytes: Uint8Array, what: string): DenoisingNetwork {
  const { tensors, scalars } = readTorch(bytes, { what, classes: CLASSES });
  const prefix = commonPrefix(tensors.keys());
  const short = new Map([...tensors].map(([name, tensor]) => [name.slice(prefix.length), tensor]));
  const epsilon = (name: string): number => {
    const given = scalars.get(`${prefix}${name}.eps`);
    return typeof given === "number" && given >= 0 ? given : EPSILON;
  };
  const file: TensorFile = { what, tensors: short, outFirst: true, epsilon };
  if (!short.has("nls.0.embedcnn.0.weight")) return { weights: dncnnOf(file), sigma: undefined };
  return theirN3net(file);
}

/** The part of all names as far as their last common dot: "net.", "module.dncnn." or nothing. */
function commonPrefix(names: Iterable<string>): string {
  let common: string | undefined;
  for (const name of names) {
    common ??= name;
    while (!name.startsWith(common)) common = common.slice(0, -1);
  }
  return (common ?? "").slice(0, (common ?? "").lastIndexOf(".") + 1);
}

/** A chain from one channel to one, whose layers are numbered. */
function dncnnOf(file: TensorFile): DenoisingNetwork["weights"] {
  return { kind: "dncnn", body: checkChain(file, "the network", chainOf(file, ""), 1, 1) };
}

const count = (file: TensorFile, name: (i: number) => string): number => {
  let i = 0;
  while (i < 16 && file.tensors.has(name(i))) i++;
  return i;
};

/** Channels fit together: n parts, and after each but the last a block that makes k + 1 of each channel. */
function checked(file: TensorFile, weights: N3netWeights): N3netWeights {
  const { parts, blocks } = weights;
  if (blocks.length !== parts.length - 1) {
    const rule = "there is a block between two parts";
    throw new VicinalError("FORMAT", {
      what: file.what,
      rule,
      got: `${blocks.length} of ${parts.length} parts`,
    });
  }
  parts.forEach((part, i) => {
    const last = i === parts.length - 1;
    checkChain(file, `part ${i}`, part, i === 0 ? 1 : undefined, last ? 1 : undefined);
    if (last) return;
    const width = part.at(-1)!.outputs;
    const { embedding, temperature } = blocks[i]!;
    if (embedding !== undefined) checkChain(file, `the embedding of block ${i}`, embedding, width);
    if (temperature !== undefined) checkChain(file, `the temperature of block ${i}`, temperature, width, 1);
    const next = parts[i + 1]![0]!.inputs;
    if (next % width !== 0 || next <= width || next !== parts[1]![0]!.inputs) {
      const rule = `part ${i + 1} takes k + 1 times ${width} channels`;
      throw new VicinalError("FORMAT", { what: file.what, rule, got: String(next) });
    }
  });
  return weights;
}

/** Means that the norm of distances of the first block has in the published networks, and the noise that each is for. */
const PUBLISHED: readonly (readonly [number, number])[] = [
  [-0.0219515711, 25],
  [-0.3416381478, 50],
  [-0.8581898212, 70],
];

function theirN3net(file: TensorFile): DenoisingNetwork {
  const parts = Array.from({ length: count(file, (i) => `blocks.${i}.conv1.weight`) }, (_, i): Chain => {
    const at = `blocks.${i}`;
    return [
      convolutionOf(file, `${at}.conv1`),
      ...chainOf(file, `${at}.layer1.`),
      convolutionOf(file, `${at}.conv2`),
    ];
  });
  const blocks = Array.from(
    { length: count(file, (i) => `nls.${i}.embedcnn.0.weight`) },
    (_, i): BlockWeights => {
      const norm = `nls.${i}.n3aggregation.aggregation.nnn.bn`;
      const selection = {
        "distance.gain": vector(file, `${norm}.weight`, 1),
        "distance.shift": vector(file, `${norm}.bias`, 1),
        "distance.mean": vector(file, `${norm}.running_mean`, 1),
        "distance.variance": vector(file, `${norm}.running_var`, 1),
      };
      return {
        embedding: chainOf(file, `nls.${i}.embedcnn.`),
        temperature: chainOf(file, `nls.${i}.tempcnn.`),
        selection,
      };
    },
  );
  const mean = blocks[0]?.selection["distance.mean"]?.[0] ?? 0;
  const sigma = PUBLISHED.find(([value]) => Math.abs(value - mean) < 1e-8)?.[1];
  return { weights: checked(file, { kind: "n3net", parts, blocks, options: {} }), sigma };
}

function fromSafetensors(bytes: Uint8Array, what: string): DenoisingNetwork {
  const { tensors, metadata } = readSafetensors(bytes, what);
  const { denoiser, sigma, options } = metadata as Metadata;
  const file: TensorFile = { what, tensors, outFirst: false, epsilon: () => EPSILON };
  const given = sigma === undefined ? undefined : Number(sigma);
  if (given !== undefined && !(given > 0 && given <= 255)) {
    throw new VicinalError("FORMAT", { what, rule: "its sigma is above 0 and at most 255", got: sigma! });
  }
  if (denoiser === "dncnn") return { weights: dncnnOf(file), sigma: given };
  if (denoiser === "n3net")
    return { weights: ourN3net(file, tensors, optionsOf(what, options)), sigma: given };
  const rule = "it says which denoiser it is, dncnn or n3net";
  throw new VicinalError("FORMAT", {
    what,
    rule,
    got: denoiser === undefined ? "none" : denoiser.slice(0, 40),
  });
}

const NUMBERS = ["patch", "stride", "window"] as const;

function optionsOf(what: string, text = "{}"): N3netWeights["options"] {
  const fail = (got: string): never => {
    throw new VicinalError("FORMAT", {
      what,
      rule: "its options are those of a block",
      got: got.slice(0, 60),
    });
  };
  let given: Record<string, unknown>;
  try {
    given = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return fail(text);
  }
  if (typeof given !== "object" || given === null) return fail(text);
  for (const [name, value] of Object.entries(given)) {
    const number =
      NUMBERS.some((known) => known === name) &&
      Number.isInteger(value) &&
      Number(value) >= 1 &&
      Number(value) <= 255;
    const form = name === "form" && ["alpha", "logit", "hard"].includes(String(value));
    if (!number && !form && !(name === "difference" && typeof value === "boolean"))
      fail(`${name}: ${String(value)}`);
  }
  const { patch = 10, stride = 5 } = given as { patch?: number; stride?: number };
  if (stride > patch) fail(`stride ${stride}, patch ${patch}`);
  return given as N3netWeights["options"];
}

/** Parameters of a block beside those of its networks, as it names them. */
const SELECTION = [
  ...["distance.gain", "distance.shift", "distance.mean", "distance.variance"],
  "logTemperature",
];

function ourN3net(
  file: TensorFile,
  tensors: ReadonlyMap<string, NamedTensor>,
  options: N3netWeights["options"],
): N3netWeights {
  const parts = Array.from({ length: count(file, (i) => `part${i}.0.weight`) }, (_, i) =>
    chainOf(file, `part${i}.`),
  );
  const blocks = Array.from({ length: Math.max(0, parts.length - 1) }, (_, i): BlockWeights => {
    const at = `block${i}`;
    const there = SELECTION.filter((name) => tensors.has(`${at}.${name}`));
    const inner = (name: string): Chain | undefined =>
      tensors.has(`${at}.${name}.0.weight`) ? chainOf(file, `${at}.${name}.`) : undefined;
    return {
      embedding: inner("embedding"),
      temperature: inner("temperature"),
      selection: Object.fromEntries(there.map((name) => [name, vector(file, `${at}.${name}`, 1)])),
    };
  });
  return checked(file, { kind: "n3net", parts, blocks, options });
}
