import { addNoise, denoiseAsync, loadDenoisingNetwork } from "../../../apply/index.ts";
import { matrix, type RunOptions } from "../../../core/index.ts";
import { psnr } from "../../../evaluate/index.ts";
import { noiseSeed } from "../measure.ts";
import type { TestSet } from "../pictures.ts";
import type { ArmFiles, ArmRun } from "./train.ts";

/** PSNR of each picture by set, of pixels as they are; noise as the lab's other methods get it. */
export async function measureArm(
  run: ArmRun,
  files: ArmFiles,
  sets: readonly TestSet[],
  { sigma, seed, signal, onProgress }: RunOptions & { sigma: number; seed: number },
): Promise<ArmRun> {
  const known = run.psnr?.noise === seed ? run.psnr.sets : {};
  const missing = sets.filter(({ name }) => known[name] === undefined);
  if (missing.length === 0) return run;
  const networks = files.networks().map((bytes) => loadDenoisingNetwork(bytes, `${run.arm}-${run.seed}`));
  const found: Record<string, readonly number[]> = { ...known };
  for (const { name, pictures } of missing) {
    const values: number[] = [];
    for (const [i, { clean }] of pictures.entries()) {
      let estimate = matrix(addNoise(clean.data, sigma, noiseSeed(seed, name, i, sigma)), clean.width);
      for (const network of networks) {
        const method = network.weights.kind;
        estimate = await denoiseAsync(estimate, { method, sigma, network, ...(signal && { signal }) });
      }
      values.push(psnr(estimate.data, clean.data));
      const phase = `${run.arm}, seed ${run.seed}: ${name}`;
      onProgress?.({ phase, done: i + 1, total: pictures.length });
    }
    found[name] = values;
  }
  const measured = { ...run, psnr: { noise: seed, sets: found } };
  files.keep(measured);
  return measured;
}
