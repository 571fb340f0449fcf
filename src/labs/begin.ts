import { type LabOptions, labOptions, type ResolvedLabOptions } from "./options.ts";
import { prepareFolder } from "./report/write.ts";

/**
 * Options with their defaults, and the folder for the report made: a run that cannot end well does not begin.
 *
 * @throws VicinalError OPTION_UNKNOWN, OPTION_RANGE, FILE; the abort's reason
 */
export async function beginLab(given: LabOptions): Promise<ResolvedLabOptions> {
  const options = labOptions(given);
  options.signal?.throwIfAborted();
  await prepareFolder(options.out);
  return options;
}
