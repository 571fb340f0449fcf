import cliProgress, { type SingleBar } from "cli-progress";
import type { Progress, RunOptions } from "../core/index.ts";
import { useColor, writeLine } from "./output.ts";

/** What the user sees of a long job, always on stderr. */
export interface Reporter {
  onProgress(progress: Progress): void;
  /** A line of what happens now. */
  note(text: string): void;
  /** Takes the bar away; call it before printing results and on failure. */
  close(): void;
}

const LINE_EVERY_MS = 2000;

/**
 * A bar when stderr is a terminal, otherwise plain lines at most every two seconds; under `--json`
 * nothing unless stderr is a terminal, so that logs of scripts stay clean.
 */
export function createReporter(options: { json?: boolean } = {}): Reporter {
  if (process.stderr.isTTY) return barReporter();
  return options.json ? SILENT : lineReporter();
}

const SILENT: Reporter = { onProgress() {}, note() {}, close() {} };

function lineReporter(): Reporter {
  let last = performance.now();
  return {
    onProgress({ phase, done, total }) {
      const now = performance.now();
      if (now - last < LINE_EVERY_MS) return;
      last = now;
      process.stderr.write(total > 0 ? `${phase}: ${done}/${total}\n` : `${phase}: ${done}\n`);
    },
    note(text) {
      process.stderr.write(`${text}\n`);
    },
    close() {},
  };
}

function barReporter(): Reporter {
  let bar: SingleBar | undefined;
  let phase = "";
  const close = (): void => {
    bar?.stop();
    bar = undefined;
    phase = "";
  };
  return {
    onProgress(step) {
      if (step.phase !== phase || bar === undefined) {
        close();
        phase = step.phase;
        bar = new cliProgress.SingleBar({
          format: "{phase} {bar} {percentage}% | {value}/{total} | {eta_formatted} left",
          barCompleteChar: useColor(process.stderr) ? "\u2588" : "#",
          barIncompleteChar: useColor(process.stderr) ? "\u2591" : "-",
          clearOnComplete: true,
          hideCursor: true,
          fps: 10,
          barsize: 30,
          stream: process.stderr,
        });
        bar.start(Math.max(1, step.total), step.done, { phase });
        return;
      }
      bar.setTotal(Math.max(1, step.total));
      bar.update(step.done);
    },
    note(text) {
      close();
      process.stderr.write(`${text}\n`);
    },
    close,
  };
}

/**
 * Runs a long job with a reporter and an abort signal that Ctrl-C raises; a second Ctrl-C ends the
 * process at once, as by default. `print` writes a line of results to stdout, clear of the bar.
 */
export async function withReporter<T>(
  options: { json?: boolean },
  job: (run: Required<RunOptions> & { note(text: string): void; print(line: string): void }) => Promise<T>,
): Promise<T> {
  const reporter = createReporter(options);
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.once("SIGINT", stop);
  try {
    const { onProgress, note, close } = reporter;
    const print = (line: string): void => {
      close();
      writeLine(line);
    };
    return await job({ signal: controller.signal, onProgress, note, print });
  } finally {
    process.removeListener("SIGINT", stop);
    reporter.close();
  }
}
