import {
  adamW,
  add,
  type Batch,
  createTape,
  gather,
  type Layer,
  type Loader,
  mul,
  oneCycle,
  type Tape,
  type Tensor,
  trainJob,
} from "../../autodiff/index.ts";
import { createRng, type Job, type Matrix, matrix, permutation } from "../../core/index.ts";
import { contrastive, nPair, triplet } from "../../learn/index.ts";
import { type EncoderShape, emojiEncoder, SHAPE } from "./encoder.ts";
import { AUGMENTATION, type Augmentation, drawView, type Inks, paint, STRAIGHT, VALUES } from "./pictures.ts";
import { type EmojiTask, type Family, type Split, STYLES } from "./task.ts";

/** What is compared within a batch. */
export type Method = "contrastive" | "triplet" | "N-pair";

export interface TrainingOptions {
  readonly method: Method;
  /** Number of the style that training does not see; without one it sees all five. */
  readonly heldOut?: number;
  readonly seed: number;
  readonly epochs: number;
  /** Identities in a batch, each with one drawing in each of the styles. */
  readonly identities: number;
  readonly learningRate: number;
  /** Share of the weights that decays, AdamW. */
  readonly weightDecay?: number;
  readonly augmentation?: Augmentation;
  readonly shape?: EncoderShape;
  readonly scale?: number;
  /** Threads of the network's arithmetic, default 1; the weights do not depend on it. */
  readonly threads?: number;
}

/** Families whose drawings training may see, and in at least two of the four styles. */
export function trainingFamilies(task: EmojiTask, split: Split, heldOut?: number): Family[] {
  const away = new Set(Array.from(split.unseen, (i) => task.identities[i]!));
  return task.families.filter(
    ({ identity, byStyle }) =>
      !away.has(identity) && byStyle.filter((rows, style) => style !== heldOut && rows.length > 0).length > 1,
  );
}

/**
 * Batches of different identities, each with one drawing in each style but the one held out, identity by identity.
 * Where a style lacks it, another's drawing stands in.
 */
export function familyLoader(
  families: readonly Family[],
  heldOut: number | undefined,
  size: number,
  seed: number,
): Loader {
  const styles = Array.from({ length: STYLES }, (_, style) => style).filter((style) => style !== heldOut);
  const stepsPerEpoch = Math.max(1, Math.floor(families.length / size));
  return {
    stepsPerEpoch,
    description: `${families.length} identities by ${size}, style ${heldOut ?? "none"} held out, seed ${seed}`,
    at(step): Batch {
      const epoch = Math.floor(step / stepsPerEpoch);
      const order = permutation(families.length, createRng(seed, `identities of epoch ${epoch}`));
      const rng = createRng(seed, `drawings of step ${step}`);
      const begin = (step % stepsPerEpoch) * size;
      const rows: number[] = [];
      for (const family of order.slice(begin, begin + size)) {
        const { byStyle } = families[family]!;
        const present = styles.filter((style) => byStyle[style]!.length > 0);
        for (const style of styles) {
          const own = byStyle[style]!;
          const from = own.length > 0 ? own : byStyle[present[rng.below(present.length)]!]!;
          rows.push(from[rng.below(from.length)]!);
        }
      }
      return { rows: Uint32Array.from(rows), step, epoch, rng };
    },
  };
}

/** An encoder trained on four styles, and its tape. */
export interface Trained {
  readonly tape: Tape;
  readonly encoder: Layer;
  /** Mean loss of each epoch. */
  readonly losses: readonly number[];
}

/** Trains an encoder; the same options give the same weights, bit for bit. */
export function* trainEncoder(
  task: EmojiTask,
  inks: Inks,
  split: Split,
  options: TrainingOptions,
): Job<Trained> {
  const { method, heldOut, seed, epochs, identities, learningRate, weightDecay = 0.05 } = options;
  const { augmentation = AUGMENTATION, shape = SHAPE } = options;
  const tape = createTape({ threads: options.threads ?? 1 });
  const encoder = emojiEncoder(tape, seed, shape);
  const families = trainingFamilies(task, split, heldOut);
  const size = Math.min(identities, families.length);
  const loader = familyLoader(families, heldOut, size, seed);
  const losses: number[] = [];
  yield* trainJob({
    tape,
    model: encoder,
    loader,
    optimiser: adamW(encoder.parameters, { learningRate, weightDecay }),
    epochs,
    schedule: oneCycle({ rate: learningRate, steps: epochs * loader.stepsPerEpoch }),
    onEpoch: ({ loss }) => losses.push(loss),
    loss({ rows, rng }) {
      const values = new Float32Array(rows.length * VALUES);
      rows.forEach((row, i) => {
        paint(inks, row, drawView(rng, augmentation), values, i * VALUES);
      });
      const z = encoder.forward(tape.tensor(values, [rows.length, VALUES]));
      return lossOf(method, z, heldOut === undefined ? STYLES : STYLES - 1, options.scale ?? 20);
    },
  });
  return { tape, encoder, losses };
}

/** The loss of a batch of identities in `styles` styles each, identity by identity. */
export function lossOf(method: Method, z: Tensor, styles: number, scale: number): Tensor {
  const identities = z.shape[0]! / styles;
  const labels = Int32Array.from({ length: z.shape[0]! }, (_, i) => Math.floor(i / styles));
  if (method === "contrastive") return contrastive(z, labels, { margin: 1, reduction: "meanActive" });
  if (method === "triplet") return triplet(z, labels, { margin: 0.3, reduction: "meanActive" });
  // Each style against the next ones round: every row is an anchor and a positive equally often.
  const of = (style: number): Tensor =>
    gather(
      z,
      Int32Array.from({ length: identities }, (_, i) => i * styles + style),
    );
  const views = Array.from({ length: styles }, (_, style) => of(style));
  const terms = views.flatMap((a, s) => views.flatMap((b, t) => (s === t ? [] : [nPair(a, b, { scale })])));
  return mul(
    terms.reduce((sum, term) => add(sum, term)),
    1 / terms.length,
  );
}

/** Embeddings of drawings, rows of the set in that order. */
export function* embed(
  inks: Inks,
  { tape, encoder }: Pick<Trained, "tape" | "encoder">,
  rows: ArrayLike<number>,
): Job<Matrix> {
  let out: Float32Array | undefined;
  let width = 0;
  for (let from = 0; from < rows.length; from += 256) {
    const some = Array.from({ length: Math.min(256, rows.length - from) }, (_, i) => rows[from + i]!);
    const values = new Float32Array(some.length * VALUES);
    for (const [i, row] of some.entries()) paint(inks, row, STRAIGHT, values, i * VALUES);
    const part = tape.inference(() => {
      const z = encoder.forward(tape.tensor(values, [some.length, VALUES]));
      width = z.shape[1]!;
      return z.values();
    });
    out ??= new Float32Array(rows.length * width);
    out.set(part, from * width);
    yield { phase: "embed", done: from + some.length, total: rows.length };
  }
  return matrix(out ?? new Float32Array(), Math.max(1, width), rows.length);
}
