import { join } from "node:path";
import { fitDenoiserAsync } from "../../../apply/index.ts";
import { createTape, layers } from "../../../autodiff/index.ts";
import { isVicinalError, type Matrix, type RunOptions } from "../../../core/index.ts";
import { checkpointFile } from "../../checkpointFile.ts";
import type { Arm, Recipe } from "./arms.ts";

/** One arm trained from one seed. */
export interface ArmRun {
  readonly arm: string;
  readonly seed: number;
  readonly parameters: number;
  /** Processor time of training, of what was done before an interruption too. */
  readonly cpuSeconds: number;
  /** Mean squared error of crops over the last 100 steps; null where none were left after an interruption. */
  readonly loss: number | null;
  /** PSNR of each picture by set, with noise of that seed, once measured. */
  readonly psnr?: { readonly noise: number; readonly sets: Readonly<Record<string, readonly number[]>> };
}

/** What is kept of a run: of another key it is of other settings, and nothing. */
interface Kept extends ArmRun {
  readonly key: string;
  /** Files of weights. */
  readonly networks: number;
}

export interface ArmFiles {
  /** What is known of the run; undefined until it has been trained. */
  run(): ArmRun | undefined;
  /** Bytes of its networks, run one after another. */
  networks(): Uint8Array[];
  keep(run: ArmRun, networks?: readonly Uint8Array[]): void;
  readonly checkpoint: ReturnType<typeof checkpointFile>;
  /** Processor time of a run that is not done, and where it is kept. */
  spent(): number;
  spend(cpuSeconds: number): void;
}

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

function decode<T>(bytes: Uint8Array | undefined): T | undefined {
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as T;
  } catch {
    return undefined;
  }
}

/** Files of one arm and seed in a folder. `key` tells all that decides the numbers. */
export function armFiles(folder: string, arm: string, seed: number, key: string): ArmFiles {
  const at = (ending: string): ReturnType<typeof checkpointFile> =>
    checkpointFile(join(folder, `${arm}-${seed}${ending}`));
  const facts = at(".json");
  const spent = at(".cpu.json");
  const network = (i: number): ReturnType<typeof checkpointFile> =>
    at(i === 0 ? ".safetensors" : `.${i + 1}.safetensors`);
  const bytesOf = (count: number): (Uint8Array | undefined)[] =>
    Array.from({ length: count }, (_, i) => network(i).load());
  const kept = (): Kept | undefined => {
    const found = decode<Kept>(facts.load());
    if (found?.key !== key) return undefined;
    return bytesOf(found.networks).includes(undefined) ? undefined : found;
  };
  return {
    run() {
      const found = kept();
      if (found === undefined) return undefined;
      const { key: _, networks: __, ...run } = found;
      return run;
    },
    networks: () => bytesOf(kept()?.networks ?? 0).filter((bytes) => bytes !== undefined),
    keep(run, networks) {
      networks?.forEach((bytes, i) => {
        network(i).save(bytes);
      });
      facts.save(encode({ key, networks: networks?.length ?? kept()?.networks ?? 0, ...run }));
    },
    checkpoint: at(".checkpoint"),
    spent() {
      const found = decode<{ key: string; cpuSeconds: number }>(spent.load());
      return found?.key === key ? found.cpuSeconds : 0;
    },
    spend(cpuSeconds) {
      if (cpuSeconds === 0) spent.remove();
      else spent.save(encode({ key, cpuSeconds }));
    },
  };
}

const cpuSeconds = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
};

/**
 * Trains one arm, unless its files say that it is done; goes on from a checkpoint that is there. Crops, their order and
 * their noise are functions of the seed, the same for all arms.
 *
 * @throws the abort's reason, once a checkpoint is written
 */
export async function trainArm(
  arm: Arm,
  seed: number,
  recipe: Recipe,
  pictures: readonly Matrix[],
  files: ArmFiles,
  run: RunOptions & { every?: number } = {},
): Promise<ArmRun> {
  const done = files.run();
  if (done !== undefined) return done;
  const { sigma, steps, batch, crop, learningRate } = recipe;
  const { every = 50, ...reporting } = run;
  const start = process.cpuUsage();
  const train = async (resume: Uint8Array | undefined): Promise<ArmRun> => {
    const tape = createTape();
    const before = resume === undefined ? 0 : files.spent();
    try {
      const { layer, save } = arm.make(tape, recipe, seed);
      const { loss } = await fitDenoiserAsync(tape, layer, pictures, {
        ...{ sigma, steps, batch, crop, learningRate, seed, ...reporting },
        checkpoint: {
          every,
          save(bytes) {
            files.checkpoint.save(bytes);
            files.spend(before + cpuSeconds(start));
          },
        },
        ...(resume === undefined ? {} : { resume }),
      });
      const parameters = layers.parameterCount(layer);
      const known = Number.isNaN(loss) ? null : loss;
      const made = { arm: arm.name, seed, parameters, cpuSeconds: before + cpuSeconds(start), loss: known };
      files.keep(made, save());
      return made;
    } finally {
      tape.dispose();
    }
  };
  const made = await train(files.checkpoint.load()).catch((error: unknown) => {
    // A checkpoint of other settings, or damaged: begin anew.
    if (isVicinalError(error, "FORMAT") || isVicinalError(error, "BAD_INPUT")) return train(undefined);
    throw error;
  });
  files.checkpoint.remove();
  files.spend(0);
  return made;
}
