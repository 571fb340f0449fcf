import { VicinalError } from "../../core/index.ts";
import type { NamedParameters } from "../layers/layer.ts";
import type { Optimiser } from "../optim/index.ts";
import { readSafetensors, writeSafetensors } from "../safetensors.ts";
import type { Watch } from "./earlyStop.ts";
import { prepareWeights, tensorsOf } from "./weights.ts";

const WHAT = "checkpoint";

/** Where a run stands. @internal */
export interface RunState {
  /** Steps taken. */
  step: number;
  /** Sum of the losses of this epoch so far. */
  lossSum: number;
  /** Whether it has come to its end. */
  finished: boolean;
  readonly watch: Watch;
}

/** What must be the same for a run to be taken up: written into the checkpoint. @internal */
export type Fingerprint = Readonly<Record<string, string | number | boolean>>;

interface Run {
  readonly parameters: NamedParameters;
  readonly optimiser: Optimiser;
  readonly fingerprint: Fingerprint;
}

/**
 * All that a run needs to go on as if it had not stopped, as a safetensors file: weights ("model."), moments
 * ("optimiser."), the best weights so far ("best.") and, in the metadata, where it stands. @internal
 */
export function writeCheckpoint({ parameters, optimiser, fingerprint }: Run, state: RunState): Uint8Array {
  const { watch, ...rest } = state;
  const best = Object.entries(watch.weights).map(
    ([name, data]) => [`best.${name}`, { shape: parameters[name]!.shape, data }] as const,
  );
  const tensors = {
    ...tensorsOf(parameters, "model."),
    ...tensorsOf(optimiser.state, "optimiser."),
    ...Object.fromEntries(best),
  };
  const progress = {
    ...rest,
    optimiserSteps: optimiser.steps,
    // JSON has no infinities; a measure may be one.
    best: watch.best === undefined ? null : String(watch.best),
    bestEpoch: watch.bestEpoch,
  };
  return writeSafetensors(tensors, {
    format: "vicinal/checkpoint",
    version: "1",
    run: JSON.stringify(fingerprint),
    progress: JSON.stringify(progress),
  });
}

/**
 * Puts a run where the checkpoint was written; changes nothing when it does not fit.
 *
 * @throws VicinalError FORMAT, FORMAT_VERSION; BAD_INPUT when it is of another run
 * @internal
 */
export function readCheckpoint(bytes: Uint8Array, { parameters, optimiser, fingerprint }: Run): RunState {
  const file = readSafetensors(bytes, WHAT);
  const { format, version, run, progress } = file.metadata;
  const fail = (rule: string, got?: string): never => {
    throw new VicinalError("FORMAT", got === undefined ? { what: WHAT, rule } : { what: WHAT, rule, got });
  };
  if (format !== "vicinal/checkpoint") fail('its format is "vicinal/checkpoint"', format);
  if (version !== "1") {
    throw new VicinalError("FORMAT_VERSION", { what: WHAT, got: Number(version), want: 1 });
  }
  const written = objectOf(run, fail);
  for (const [name, want] of Object.entries(fingerprint)) {
    if (written[name] === want) continue;
    const got = `of a run with ${name} ${String(written[name])}`;
    throw new VicinalError("BAD_INPUT", { what: WHAT, got, rule: `of one with ${name} ${String(want)}` });
  }
  const at = objectOf(progress, fail);
  const whole = (name: string): number => {
    const value = at[name];
    return Number.isSafeInteger(value) && (value as number) >= 0
      ? (value as number)
      : fail(`its ${name} is a whole number`, String(value));
  };
  const state: RunState = {
    step: whole("step"),
    lossSum: typeof at["lossSum"] === "number" ? at["lossSum"] : fail("its lossSum is a number"),
    finished: at["finished"] === true,
    watch: {
      best: at["best"] === null ? undefined : Number(at["best"]),
      bestEpoch: whole("bestEpoch"),
      weights: {},
    },
  };
  const optimiserSteps = whole("optimiserSteps");
  const setModel = prepareWeights(parameters, file, "model.", WHAT);
  const setMoments = prepareWeights(optimiser.state, file, "optimiser.", WHAT);
  for (const [name, { size }] of Object.entries(parameters)) {
    const best = file.tensors.get(`best.${name}`)?.values();
    if (best === undefined) continue;
    if (best.length !== size) fail(`tensor "best.${name}" has ${size} values`, String(best.length));
    state.watch.weights[name] = best;
  }
  setModel();
  setMoments();
  optimiser.steps = optimiserSteps;
  return state;
}

function objectOf(
  text: string | undefined,
  fail: (rule: string, got?: string) => never,
): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? "");
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // Refused below.
  }
  return fail("its metadata is JSON", (text ?? "nothing").slice(0, 40));
}
