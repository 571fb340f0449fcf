import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { DENOISERS, type DenoiseOptions, type DenoisingNetwork } from "../../apply/index.ts";
import { isVicinalError, VicinalError } from "../../core/index.ts";
import { dataRoots } from "../../data/index.ts";
import { readNetworkFile } from "./networkFile.ts";

/** A method that takes part. */
export interface Contender {
  /** Of the method, with the file's name for a network that the authors did not publish. */
  readonly name: string;
  readonly title: string;
  /** The deviation of noise that it is for; any where left out. */
  readonly sigma?: number;
  readonly options: MethodOptions;
}

type MethodOptions = DenoiseOptions extends infer O ? (O extends object ? Omit<O, "sigma"> : never) : never;

/** Where the authors' files are looked for: a folder named by the environment, or one below a data folder. */
const AUTHORS = [
  {
    variable: "VICINAL_DNCNN",
    folder: "dncnn",
    names: ["sigma=S.mat", "sigmaS.mat", "pytorch_sigmaS_model.pth"],
  },
  { variable: "VICINAL_N3NET", folder: "n3net", names: ["sigmaS.t7"] },
] as const;

interface Wanted {
  readonly dataDir?: string | undefined;
  /** Files of networks besides. */
  readonly weights: readonly string[];
  readonly sigmas: readonly number[];
  readonly log: (line: string) => void;
}

/**
 * All methods for which nothing is missing: those that have learned nothing, the authors' networks where their files are
 * at hand, and the networks given.
 *
 * @throws VicinalError as readNetworkFile, and FILE, for files that were given
 */
export async function contendersFor(wanted: Wanted): Promise<Contender[]> {
  const plain = DENOISERS.filter(({ learned }) => !learned).map(
    ({ name, title }): Contender => ({ name, title, options: { method: name } as MethodOptions }),
  );
  const theirs = wanted.sigmas.map((sigma) => authorsNetworks(sigma, wanted));
  const given = wanted.weights.map((path) => givenNetwork(path, wanted));
  return [...plain, ...(await Promise.all(theirs)).flat(), ...(await Promise.all(given)).flat()];
}

async function authorsNetworks(sigma: number, { dataDir, log }: Wanted): Promise<Contender[]> {
  const found: Contender[] = [];
  for (const { variable, folder, names } of AUTHORS) {
    const folders = [
      process.env[variable],
      ...dataRoots(dataDir).map((root) => join(root, "denoise", folder)),
    ];
    const paths = folders
      .filter((each) => each !== undefined)
      .flatMap((each) => names.map((name) => join(each, name.replace("S", String(sigma)))));
    for (const path of paths) {
      if (!existsSync(path)) continue;
      try {
        found.push(networkContender(await readNetworkFile(path), sigma));
        break;
      } catch (error) {
        // Files of MATLAB need an optional package; there may be another file.
        if (!isVicinalError(error, "DEPENDENCY_MISSING")) throw error;
        log(`${path} is left out: ${error.message}`);
      }
    }
  }
  return found;
}

async function givenNetwork(path: string, { sigmas, log }: Wanted): Promise<Contender[]> {
  const file = basename(path);
  const network = await readNetworkFile(path).catch((error: unknown) => {
    if (isVicinalError(error)) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new VicinalError("FILE", { path, why }, { cause: error });
  });
  const named = /sigma[=_-]?(\d+)/i.exec(file)?.[1];
  const sigma = network.sigma ?? (named === undefined ? undefined : Number(named));
  if (sigma !== undefined && !sigmas.includes(sigma)) {
    log(`${path} is left out: it is for noise of σ ${sigma}.`);
    return [];
  }
  return [networkContender(network, sigma, file)];
}

function networkContender(network: DenoisingNetwork, sigma: number | undefined, file?: string): Contender {
  const method = network.weights.kind;
  const { title } = DENOISERS.find(({ name }) => name === method)!;
  const own =
    file === undefined ? { name: method, title } : { name: `${method} ${file}`, title: `${title}, ${file}` };
  return { ...own, ...(sigma === undefined ? {} : { sigma }), options: { method, network } };
}
