import {
  dncnn,
  type N3netOptions,
  n3net,
  type SavedNetwork,
  saveDenoisingNetwork,
} from "../../../apply/index.ts";
import { type Layer, layers, type Tape } from "../../../autodiff/index.ts";

/** What all arms share: everything but the network. */
export interface Recipe {
  readonly sigma: number;
  /** Channels between convolutions. */
  readonly features: number;
  /** Convolutions of each of N3Net's three parts. */
  readonly depth: number;
  readonly steps: number;
  readonly batch: number;
  readonly crop: number;
  readonly learningRate: number;
  /** Share of a batch in running statistics. */
  readonly momentum: number;
}

/** A network to learn. */
export interface ArmNetwork {
  readonly layer: Layer;
  /** Files of networks that are run one after another. */
  save(): Uint8Array[];
}

export interface Arm {
  readonly name: string;
  readonly title: string;
  make(tape: Tape, recipe: Recipe, seed: number): ArmNetwork;
}

const N3NET: N3netOptions = { parts: 3, channels: 8, k: 7, start: "identity" };

function n3netArm(own: N3netOptions): Arm["make"] {
  return (tape, { features, depth, momentum, sigma }, seed) => {
    const layer = n3net(tape, { ...N3NET, ...own, features, depth, momentum, seed });
    const options: SavedNetwork["options"] = own.form === undefined ? {} : { form: own.form };
    return { layer, save: () => [saveDenoisingNetwork(layer.parameters, { kind: "n3net", sigma, options })] };
  };
}

function dncnnArm(depths: (recipe: Recipe) => readonly number[]): Arm["make"] {
  return (tape, recipe, seed) => {
    const { features, momentum, sigma } = recipe;
    const chains = depths(recipe).map((depth, i) =>
      dncnn(tape, { features, depth, momentum, start: "identity", seed: 2 * seed + i }),
    );
    const layer: Layer = {
      forward: (x) => chains.reduce((y, chain) => chain.forward(y), x),
      parameters: layers.namedParameters(Object.fromEntries(chains.map((chain, i) => [`chain${i}`, chain]))),
    };
    const save = (): Uint8Array[] =>
      chains.map(({ parameters }) => saveDenoisingNetwork(parameters, { kind: "dncnn", sigma }));
    return { layer, save };
  };
}

/** Convolutions of each of two DnCNNs that together have as many parameters as the arm n3: at depth 4, 10 each. */
const halfDepth = ({ depth }: Recipe): number => Math.round(1.5 * depth + 4);

/** The networks that are compared; the first against each of the others. */
export const ARMS: readonly Arm[] = [
  { name: "n3", title: "N3Net", make: n3netArm({}) },
  { name: "knn", title: "N3Net, hard k-NN", make: n3netArm({ form: "hard" }) },
  { name: "k1", title: "N3Net, k = 1", make: n3netArm({ k: 1 }) },
  { name: "dncnn", title: "DnCNN, as deep", make: dncnnArm(({ depth }) => [3 * depth]) },
  {
    name: "dncnn2",
    title: "2 × DnCNN, as large",
    make: dncnnArm((recipe) => [halfDepth(recipe), halfDepth(recipe)]),
  },
];
