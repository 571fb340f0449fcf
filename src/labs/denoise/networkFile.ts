import { readFile, stat } from "node:fs/promises";
import { type DenoisingNetwork, denoisingNetworkOf, loadDenoisingNetwork } from "../../apply/index.ts";
import { VicinalError } from "../../core/index.ts";
import { readMatConvNet } from "../../data/index.ts";

/** Networks have some megabytes; a larger file is none. */
const MOST_BYTES = 1 << 28;

/**
 * A denoising network from a file of any kind that can be read: safetensors, PyTorch's, MATLAB's.
 *
 * @throws VicinalError LIMIT, FORMAT, FORMAT_UNKNOWN, UNSUPPORTED, CORRUPT; DEPENDENCY_MISSING for MATLAB's; errors of
 * the file system as they are
 */
export async function readNetworkFile(path: string): Promise<DenoisingNetwork> {
  const { size } = await stat(path);
  if (size > MOST_BYTES) {
    throw new VicinalError("LIMIT", { what: `${path}, in bytes,`, got: size, limit: MOST_BYTES });
  }
  if (path.endsWith(".mat")) return denoisingNetworkOf(await readMatConvNet(path), path);
  return loadDenoisingNetwork(await readFile(path), path);
}
