import { type ErrorCode, isVicinalError } from "../core/index.ts";
import { printable } from "./output.ts";

/** Codes that are nobody's mistake in the command line or its files: the run failed. */
const FAILURES: ReadonlySet<ErrorCode> = new Set([
  "OUT_OF_MEMORY",
  "WASM_UNAVAILABLE",
  "TRAPPED",
  "BUSY",
  "CLOSED",
  "DOWNLOAD",
  "CHECKSUM",
  "DEPENDENCY_MISSING",
]);

/** System errors that say the machine, not the path, is at fault. */
const MACHINE = new Set(["ENOSPC", "EIO", "EMFILE", "ENFILE", "EDQUOT", "ENOMEM"]);

/** 2 when the usage or the input is to blame, 130 after an interrupt, 1 otherwise. */
export function exitCodeOf(error: unknown): number {
  if (isInterrupt(error)) return 130;
  if (!isVicinalError(error)) return 1;
  const cause = error.cause as NodeJS.ErrnoException | undefined;
  if (cause?.code !== undefined && MACHINE.has(cause.code)) return 1;
  return FAILURES.has(error.code) ? 1 : 2;
}

/** `error[CODE]: message` on one line; with VICINAL_DEBUG=1 the stack follows. */
export function describeError(error: unknown): string {
  const code = isVicinalError(error) ? error.code : isInterrupt(error) ? "INTERRUPTED" : "INTERNAL";
  const text = error instanceof Error ? error.message : String(error);
  const line = `error[${code}]: ${printable(text)}`;
  if (process.env.VICINAL_DEBUG !== "1" || !(error instanceof Error)) return line;
  const cause = error.cause instanceof Error ? `\ncaused by ${error.cause.stack}` : "";
  return `${line}\n${error.stack}${cause}`;
}

export function reportError(text: string): void {
  process.stderr.write(`${text}\n`);
}

function isInterrupt(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
